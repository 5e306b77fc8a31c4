"""`mission lint --fix`: correct mistakes that have only one solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted
from mission_cli.document.changes import SetFront
from mission_cli.document.editing import locate, patch
from mission_cli.document.editing.edits import Edit, name_of
from mission_cli.document.editing.field_meaning import Key, cell_key
from mission_cli.document.reading.load import (
    feature_rows,
    load,
    milestone_places,
)
from mission_cli.document.reading.metadata import state_field
from mission_cli.document.reading.sections import place_of
from mission_cli.document.syntax.scan import LONGEST_LINE
from mission_cli.domain.ids import why_bad_id
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Row, Table

_ROUNDS = 1000
_MOST_MISSING = 100
"""A row that lacks more cells was not mistyped, and stays as it is."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A corrected text, and one note for each correction, with its line."""

    text: str
    done: tuple[Problem, ...]


def fix(text: str, fallback_id: str = "") -> Fixed:
    """Return the text with all mistakes corrected that have only one solution; a refused file stays as it is."""
    done: list[Problem] = []
    for _ in range(_ROUNDS):
        loaded = load(text, fallback_id)
        step = None if loaded.refused and not loaded.incomplete else next(_steps(loaded, fallback_id), None)
        if step is None:
            break
        edits, note = step
        text = patch.splice(loaded.layout, edits)
        done.append(note)
    return Fixed(text, tuple(done))


def _steps(loaded: Loaded, fallback_id: str) -> Iterator[tuple[tuple[Edit, ...], Problem]]:
    layout = loaded.layout
    yield from _short_rows(layout)
    yield from _numberless_rows(loaded)
    front = layout.front
    if front.node("id") is not None and front.value("id") is None:
        return
    nameless = not front.missing and loaded.mission.milestones and loaded.mission.id == fallback_id
    if nameless and not front.text("id") and not state_field(layout, ("id",)) and not why_bad_id(fallback_id):
        edits = locate.locate(layout, SetFront(("id",), fallback_id))
        yield edits, Problem(1, 1, f"wrote the id `{fallback_id}`, the name of its folder")


def _short_rows(layout: Layout) -> Iterator[tuple[tuple[Edit, ...], Problem]]:
    """Add empty cells to rows that have fewer cells than their table has columns."""
    for table in layout.tables:
        for number, row in enumerate(table.rows):
            missing = len(table.columns) - len(row.cells)
            room = LONGEST_LINE - len(row.raw) - len(" |") * (missing + 1)
            if 0 < missing <= _MOST_MISSING and room >= 0 and row.cells and not row.empty():
                note = Problem(row.line.number, 1, f"added {counted(missing, 'empty cell')} at the end of the row")
                yield (_longer(layout, table, number, row, missing),), note


def _longer(layout: Layout, table: Table, number: int, row: Row, missing: int) -> Edit:
    name, there = name_of(layout, table), len(row.cells)
    meant: dict[Key, str | None] = {cell_key(name, number, there + n): "" for n in range(missing)}
    bare = row.raw.rstrip(" \t")
    at = row.line.start + len(bare)
    closed = bare.endswith("|") and not bare.endswith("\\|")
    return Edit(at, at, " |" * missing if closed else " |" * (missing + 1), meant)


def _numberless_rows(loaded: Loaded) -> Iterator[tuple[tuple[Edit, ...], Problem]]:
    """Give features without a number the next number of their milestone."""
    layout, mission = loaded.layout, loaded.mission
    for place in milestone_places(layout):
        for table in place.tables:
            column = place_of(table, "#")
            for number, row in feature_rows(table, place.number):
                if number is None and column >= 0 and not row.text(column) and len(row.cells) > column:
                    new = mission.next_feature_number(place.number)
                    cell = row.cells[column]
                    key = cell_key(name_of(layout, table), table.rows.index(row), column)
                    end = cell.start
                    while layout.text[end : end + 1] == " ":
                        end += 1
                    before = " " if layout.text[cell.start - 1] == "|" else ""
                    edit = Edit(cell.start, end, f"{before}{new} ", {key: new})
                    yield (edit,), Problem(row.line.number, 1, f"gave the feature the number {new}")
