"""What a text says, as a flat map from place to content: what a patch is checked against."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli.document.criteria import RESULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.document.rows import Row, Table
    from mission_cli.document.scan import Layout

Key = tuple[str, ...]


def fields_of(layout: Layout) -> dict[Key, str]:
    """Return every place of the text with what stands there; white space between blocks is left out."""
    found = dict(_outside_tables(layout))
    for table, name in zip(layout.tables, table_names(layout), strict=True):
        found["columns", name] = "|".join(table.columns)
        for number, row in enumerate(table.rows):
            found.update(_cells(name, number, row))
    return found


def first_difference(before: Layout, after: Layout, meant: Mapping[Key, str | None]) -> Key | None:
    """Return the first place where `after` says something else than `before` with what was `meant`; None: all is well.

    `meant` says None where a place shall be gone. Rows with the same bytes in both say the same.
    """
    expect: dict[Key, str | None] = {}
    expect.update(_outside_tables(before))
    expect.update(_row_fields(before, after, meant))
    expect.update(meant)
    found = dict(_outside_tables(after))
    found.update(_row_fields(after, before, meant))
    wrong = [key for key in expect.keys() | found.keys() if expect.get(key) != found.get(key)]
    return min(wrong, key=repr, default=None)


def table_names(layout: Layout) -> Iterator[str]:
    """One name for each table: its section and which one it is there."""
    seen: Counter[int] = Counter()
    for table in layout.tables:
        seen[table.section] += 1
        yield f"{layout.names[table.section]} table {seen[table.section]}"


def cell_key(table: str, row: int, column: int) -> Key:
    """The key of a cell; `row` counts the real rows and placeholders of the table from 0."""
    return ("cell", table, str(row), str(column))


def _outside_tables(layout: Layout) -> Iterator[tuple[Key, str]]:
    names = layout.names
    for path, value in layout.front.scalars():
        yield ("front", *path), value
    for name in names:
        yield ("heading", name), ""
    count: dict[tuple[str, int, str], int] = {}
    for item in layout.items:
        place = _next(count, "item", item.section)
        results = list(RESULT.finditer(item.text)) if "<!--" in item.text else []
        text = RESULT.sub("", item.text) if results else item.text
        yield ("item", names[item.section], "item", place), ("x" if item.ticked else " ") + text.strip()
        yield ("notes", names[item.section], "item", place), "".join(m[0].strip() for m in results)
    for entry in layout.fields:
        place = _next(count, "field", entry.section, entry.name)
        yield ("field", names[entry.section], "field", entry.name, place), entry.text
    for section, line in layout.prose:
        yield ("line", names[section], "line", _next(count, "line", section)), layout.raw(line).rstrip()


def _row_fields(layout: Layout, other: Layout, meant: Iterable[Key]) -> Iterator[tuple[Key, str]]:
    """Columns, and the cells of rows that differ from `other`, or that somebody means to change."""
    theirs = dict(zip(table_names(other), other.tables, strict=True))
    asked = {key[1:3] for key in meant if key[0] == "cell"}
    asked_tables = {name for name, _ in asked}
    for table, name in zip(layout.tables, table_names(layout), strict=True):
        yield ("columns", name), "|".join(table.columns)
        same = theirs.get(name)
        if same and same.columns == table.columns and same.block == table.block and (name not in asked_tables):
            continue
        for number, row in enumerate(table.rows):
            if (name, str(number)) in asked or not _says_the_same(row, number, same, len(table.columns)):
                yield from _cells(name, number, row)


def _says_the_same(row: Row, number: int, table: Table | None, columns: int) -> bool:
    if table is None or number >= len(table.rows) or len(table.columns) != columns:
        return False
    return table.rows[number].raw == row.raw


def _cells(name: str, number: int, row: Row) -> Iterator[tuple[Key, str]]:
    for place, cell in enumerate(row.cells):
        yield cell_key(name, number, place), cell.text


def _next(count: dict[tuple[str, int, str], int], kind: str, section: int, name: str = "") -> str:
    number = count.get((kind, section, name), 0)
    count[kind, section, name] = number + 1
    return str(number)
