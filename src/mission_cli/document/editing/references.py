"""Find everything in a mission file that names a feature: rows, sections, dependencies, gates and other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.document.reading.features import ANNOTATION
from mission_cli.document.reading.load import feature_rows, milestone_places
from mission_cli.document.reading.sections import table_in
from mission_cli.domain.ids import FeatureNumber, feature_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Cell

_REFERENCE = pattern(r"(?<![\d.])\d+\.\d+(?![\d.])")
_NAMING = {
    "Gates": ("after", "blocks"),
    "Waits": ("feature",),
    "Mail": ("feature",),
    "Purchases": ("feature",),
    "Messages": ("feature",),
    "Input Requests": ("feature",),
    "Recovery Log": ("feature",),
    "Outcomes": ("feature",),
}

Span = tuple[int, int, str]
"""Start, end, and the text that replaces what is between them."""


def replaced(text: str, spans: list[Span]) -> str:
    """Return the text with all replacements; they do not overlap."""
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def in_cell(layout: Layout, cell: Cell, new: str) -> Span:
    """Return the replacement of a cell's content; the bar after it keeps its column as far as the padding allows."""
    stop = cell.end
    while layout.text[stop : stop + 1] == " ":
        stop += 1
    room = stop - cell.end
    fill = max(room - len(new) + len(cell.text), 1) if room else 0
    return cell.start, stop, new + " " * fill


def references(layout: Layout, moved: Mapping[str, str]) -> Iterator[Span]:
    """Yield replacements in everything that names the moved features, except for the numbers in their own rows."""

    def renamed(text: str) -> str:
        return _REFERENCE.sub(lambda m: moved.get(feature_number(m[0]) or FeatureNumber(""), m[0]), text)

    for number, at, _ in feature_sections(layout):
        if number in moved:
            written = _REFERENCE.search(layout.text, at)
            if written is not None:
                yield *written.span(), moved[number]
    cells = [
        table.cell(row, "feature")
        for place in milestone_places(layout)
        for table in place.tables
        for _, row in feature_rows(table, place.number)
    ]
    for cell in filter(None, cells):
        new = ANNOTATION.sub(lambda m: renamed(m[0]) if m["name"].casefold() == "depends" else m[0], cell.text)
        if new != cell.text:
            yield in_cell(layout, cell, new)
    for named in _naming(layout):
        if renamed(named.text) != named.text:
            yield in_cell(layout, named, renamed(named.text))


def feature_sections(layout: Layout) -> Iterator[tuple[FeatureNumber, int, str]]:
    """Yield (number, its offset, title) of each feature's section."""
    for heading in layout.headings[1:]:
        first, _, title = heading.title.partition(" ")
        number = feature_number(first.rstrip(":.—–"))
        if number is not None:
            yield number, layout.text.index(first, heading.line.start), title


def _naming(layout: Layout) -> Iterator[Cell]:
    """Yield the cells of other tables that name features."""
    for title, columns in _NAMING.items():
        for column in columns:
            table = table_in(layout, title, column)
            cells = [table.cell(row, column) for row in table.real_rows()] if table is not None else []
            yield from filter(None, cells)
