"""Write SVG: texts are escaped, numbers are short, and nothing in it can run or load anything."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.lines import cut, said

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_SUMMARY = 20_000
_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, and the same as text."""

    svg: str
    title: str
    """What it is, as plain text."""
    summary: str
    """The figures in words, as plain text."""
    head: Sequence[str] = ()
    """The columns of its table."""
    rows: Sequence[Sequence[str]] = ()
    """What it shows, as a table of plain texts."""

    def __html__(self) -> str:
        """Return the picture: templates put it into a page as it is."""
        return self.svg


def style() -> str:
    """Return the style sheet of all charts, which a page links to or contains."""
    return files(__package__).joinpath("charts.css").read_text("utf-8")


def figure(chart: Chart, key: str, kind: str, size: tuple[float, float], inner: str) -> Chart:
    """Return a chart with its picture. `key` is different for each chart of a page."""
    name, told, known = plain(chart.title, _LONGEST_TITLE), plain(chart.summary, _LONGEST_SUMMARY), plain(key)
    width, height = size
    words = tag("title", escaped(name), id=f"{known}-title") + tag("desc", escaped(told), id=f"{known}-desc")
    svg = tag(
        "svg",
        words + inner,
        xmlns="http://www.w3.org/2000/svg",
        class_=f"chart chart-{kind}",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{known}-title {known}-desc",
    )
    return Chart(svg, name, told, chart.head, chart.rows)


def tag(name: str, inner: str = "", **attributes: object) -> str:
    """Return an element. `inner` is markup; the values of attributes are escaped."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{told}>{inner}</{name}>" if inner else f"<{name}{told}/>"


def label(text: str, x: float, y: float, kind: str = "", anchor: str = "") -> str:
    """Return a text at a place; `kind` is its class, `anchor` is `end` or `middle`."""
    more = {"class_": kind} if kind else {}
    more |= {"text_anchor": anchor} if anchor else {}
    return tag("text", escaped(text), x=x, y=y, **more)


def escaped(text: str) -> str:
    """Return text for an element or an attribute."""
    return escape(said(text), quote=True)


def plain(text: str, width: int = _LONGEST_TITLE) -> str:
    """Return text as one line without control characters, cut to a number of cells."""
    return cut(said(text), width)


def number(value: float) -> str:
    """Return a number with at most one digit after the point."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def path(*parts: str | float) -> str:
    """Return the commands of a path: letters and numbers."""
    return " ".join(part if isinstance(part, str) else number(part) for part in parts)


def _value(value: object) -> str:
    return number(value) if isinstance(value, int | float) else escaped(str(value))
