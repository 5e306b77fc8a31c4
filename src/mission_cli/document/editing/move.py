"""Move a feature to another milestone, under a new number; everything that names it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AddFeature
from mission_cli.document.editing import patch
from mission_cli.document.editing.edits import CannotPlaceError
from mission_cli.document.editing.insert import LONGEST_CELL
from mission_cli.document.editing.references import feature_sections, in_cell, references, replaced
from mission_cli.document.reading.load import feature_rows, milestone_places
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.scan import scan
from mission_cli.domain.ids import FeatureNumber, milestone_of

if TYPE_CHECKING:
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Row, Table


def move_feature(text: str, number: FeatureNumber, to: FeatureNumber) -> str:
    """Return the text with a feature as the last one of the milestone of its new number.

    Its row, its section and whatever names it are changed. Raises CannotPlaceError if the file cannot hold it there,
    DocumentError if the row does not read back as it was.
    """
    text = _renumbered(text, number, to)
    layout = scan(text)
    table, row = _row(layout, to)
    values = {name: table.text(row, name) for name in table.columns}
    _refuse_lost_cells(layout, values, to, row)
    title, body = "", ""
    cuts = [(row.line.start, _next_line(text, row.line.end), "")]
    for found, at, rest in feature_sections(layout):
        if found == to:
            section = next(n for n, h in enumerate(layout.headings) if n and h.line.start <= at < h.line.end)
            first, stop = layout.headings[section].line, layout.end_of(section)
            lines = [layout.raw(line) for line in layout.lines[first.number : stop]]
            title, body = escape.opened(rest), "\n".join(lines).strip("\n")
            cuts.append((first.start, _next_line(text, layout.lines[stop - 1].end), ""))
            break
    added = AddFeature(milestone_of(to), to, values, title, body)
    return patch.apply(replaced(text, cuts), [added])


def _renumbered(text: str, number: FeatureNumber, to: FeatureNumber) -> str:
    layout = scan(text)
    table, row = _row(layout, number)
    cell = table.cell(row, "#")
    own = [] if cell is None else [in_cell(layout, cell, to)]
    return replaced(text, [*own, *references(layout, {number: to})])


def _row(layout: Layout, number: FeatureNumber) -> tuple[Table, Row]:
    for place in milestone_places(layout):
        for table in place.tables:
            for found, row in feature_rows(table, place.number):
                if found == number:
                    return table, row
    hint = "turn the checklist into a table first"
    raise CannotPlaceError(f"{number} has no row in a table, so it cannot be moved", hint=hint)


def _refuse_lost_cells(layout: Layout, values: dict[str, str], to: FeatureNumber, row: Row) -> None:
    """Raise CannotPlaceError if the other milestone's table has no room for what the row says."""
    place = next(p for p in milestone_places(layout) if p.number == milestone_of(to))
    line = row.line.number
    for name, text in values.items():
        if len(text) > LONGEST_CELL:
            words = f"its cell `{name}` has {len(text)} characters"
            raise CannotPlaceError(words, line=line, hint=f"shorten it to {LONGEST_CELL} first")
        if place.tables and text and name not in place.tables[-1].columns:
            words = f"the table of milestone {place.number} has no column `{name}`"
            raise CannotPlaceError(words, line=line, hint="add the column to its header first")


def _next_line(text: str, end: int) -> int:
    """Return the offset after the end of a line and its line break."""
    if text[end : end + 2] == "\r\n":
        return end + 2
    return min(end + 1, len(text))
