"""Lines over time as the coordinates of an SVG polyline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 160


def steps(across: Sequence[float], values: Sequence[float], highest: float = 0.0) -> str:
    """Return the points of a line that changes in steps, in a box of 640 by 160: its bottom is 0, its top `highest`.

    `across`: the places of the values, from 0 to 1. Without `highest` the top is the highest value.
    """
    top, found, before = highest or max(values), list[str](), None
    for x, value in zip(across, values, strict=True):
        at, up = f"{x * WIDTH:.1f}", f"{HEIGHT - value / top * HEIGHT:.1f}"
        found += [f"{at},{before}"] if before is not None and before != up else []
        found.append(f"{at},{up}")
        before = up
    return " ".join(found)
