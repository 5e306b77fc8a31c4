"""Renumber rows if two copies used the same number for different rows: one of them gets the next free number.

A row of the base keeps its number. Among added rows, one that has been worked on has priority, then the order of the
names decides; a row that loses its number tries the next one. The order in which copies are merged does not matter.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.numbers import whole
from mission_cli.document.editing.references import Span, feature_sections, in_cell, references, replaced
from mission_cli.document.merging.ranks import attempt_of, identity_of
from mission_cli.document.reading.load import feature_rows, milestone_places
from mission_cli.document.reading.sections import table_in
from mission_cli.domain.ids import feature_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Cell, Table

_COUNTED = {
    "Decision Log": ("date", "decision", "rationale"),
    "Input Requests": ("asked", "feature", "prompt"),
    "Feedback": ("fingerprint",),
}

Space = tuple[str, int]
Name = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Given:
    """A row and its number, which is unique within `space`."""

    space: Space
    number: int
    name: Name
    worked_on: bool = False
    cell: Cell | None = None
    """The cell of the number; None for the section of a feature whose row was deleted."""

    def claim(self) -> tuple[bool, Name]:
        """Return the sort key: the row with the smaller one keeps its number."""
        return (not self.worked_on, self.name)


def renumbered(base: Layout, ours: Layout, theirs: Layout) -> tuple[str, str]:
    """Return the texts of ours and theirs, renumbered so that no number belongs to two different rows."""
    taken = {(g.space, g.number) for g in _given(base)}
    sides = [[g for g in _given(side) if (g.space, g.number) not in taken] for side in (ours, theirs)]
    if not _collide(*sides):
        return ours.text, theirs.text
    places = _places(sides[0] + sides[1], taken)
    texts = [_rewritten(side, given, places) for side, given in zip((ours, theirs), sides, strict=True)]
    return texts[0], texts[1]


def _collide(ours: list[_Given], theirs: list[_Given]) -> bool:
    numbers = {(g.space, g.number): g.name for g in ours}
    names = {(g.space, g.name): g.number for g in ours}
    return any(
        numbers.get((g.space, g.number), g.name) != g.name or names.get((g.space, g.name), g.number) != g.number
        for g in theirs
    )


def _places(given: list[_Given], taken: set[tuple[Space, int]]) -> dict[tuple[Space, Name], int]:
    """Return the number of each added row."""
    first: dict[tuple[Space, Name], _Given] = {}
    for one in sorted(given, key=lambda g: (g.number, g.claim())):
        first.setdefault((one.space, one.name), one)
    held: dict[tuple[Space, int], _Given] = {}
    for one in first.values():
        row, number = one, one.number
        while (row.space, number) in taken or (row.space, number) in held:
            other = held.get((row.space, number))
            if other is not None and row.claim() < other.claim():
                held[row.space, number], row = row, other
            number += 1
        held[row.space, number] = row
    return {(row.space, row.name): number for (_, number), row in held.items()}


def _given(layout: Layout) -> Iterator[_Given]:
    rows = list(_features(layout))
    yield from rows
    known = {(g.space, g.number) for g in rows}
    for number, _, title in feature_sections(layout):
        milestone, count = feature_order(number)
        if (("feature", milestone), count) not in known:
            yield _Given(("feature", milestone), count, (identity_of(title), 0))
    for title, columns in _COUNTED.items():
        counted = table_in(layout, title, "#")
        if counted is not None:
            yield from _counted(title, counted, columns)


def _features(layout: Layout) -> Iterator[_Given]:
    seen: Counter[Name] = Counter()
    for place in milestone_places(layout):
        for table in place.tables:
            for number, row in feature_rows(table, place.number):
                cell = table.cell(row, "#")
                if number is None or cell is None or "." not in cell.text:
                    continue
                milestone, count = feature_order(number)
                name = (identity_of(table.text(row, "feature")), milestone)
                seen[name] += 1
                worked_on = bool(attempt_of(table.text(row, "worker")))
                yield _Given(("feature", milestone), count, (name[0], seen[name]), worked_on, cell)


def _counted(title: str, table: Table, columns: tuple[str, ...]) -> Iterator[_Given]:
    seen: Counter[str] = Counter()
    for row in table.real_rows():
        cell = table.cell(row, "#")
        given = None if cell is None else whole(cell.text)
        if cell is not None and given is not None:
            name = " · ".join(table.text(row, c) for c in columns)
            seen[name] += 1
            yield _Given((title, 0), given, (name, seen[name]), cell=cell)


def _rewritten(layout: Layout, given: list[_Given], places: Mapping[tuple[Space, Name], int]) -> str:
    edits: list[Span] = []
    moved: dict[str, str] = {}
    for one in given:
        number = places[one.space, one.name]
        if number == one.number:
            continue
        prefix = f"{one.space[1]}." if one.space[0] == "feature" else ""
        if prefix:
            moved[prefix + str(one.number)] = prefix + str(number)
        if one.cell is not None:
            edits.append(in_cell(layout, one.cell, prefix + str(number)))
    if moved:
        edits += references(layout, moved)
    return replaced(layout.text, edits)
