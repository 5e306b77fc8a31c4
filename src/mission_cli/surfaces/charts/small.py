"""A small picture for rows of a list: a line without axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.surfaces.charts.svg import Chart, figure, path, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPARK = (120.0, 24.0)


def spark_line(values: Sequence[float], title: str, words: str, key: str) -> Chart:
    """Return a line through values at equal distances; `words` are its figures in words."""
    width, height = _SPARK
    least, most = min(values, default=0.0), max(values, default=0.0)
    span = most - least or 1.0
    step = (width - 4) / max(1, len(values) - 1)
    points = [(2 + at * step, height - 3 - (value - least) / span * (height - 6)) for at, value in enumerate(values)]
    inner = ""
    if points:
        inner = tag("path", class_="spent", d=path("M", *(n for p in points for n in p)))
        inner += tag("circle", class_="now", cx=points[-1][0], cy=points[-1][1], r=2)
    return figure(Chart("", title, words), key, "spark", _SPARK, inner)
