"""Everything that a text says, as a flat map from place to content: what a patch is checked against."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli.document.criteria import RESULT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.scan import Layout

Key = tuple[str, ...]


def fields_of(layout: Layout) -> dict[Key, str]:
    """Return every place of the text with what stands there; white space between blocks is left out."""
    names = section_names(layout)
    found: dict[Key, str] = {}
    for path, value in layout.front.scalars():
        found["front", *path] = value
    for name in names:
        found["heading", name] = ""
    found.update(_table_fields(layout, names))
    count: Counter[tuple[str, ...]] = Counter()
    for item in layout.items:
        place = _next(count, names[item.section], "item")
        found["item", *place] = ("x" if item.ticked else " ") + RESULT.sub("", item.text).strip()
        found["notes", *place] = "".join(m[0].strip() for m in RESULT.finditer(item.text))
    for entry in layout.fields:
        found["field", *_next(count, names[entry.section], "field", entry.name)] = entry.text
    for section, line in layout.prose:
        found["line", *_next(count, names[section], "line")] = layout.raw(line).rstrip()
    return found


def section_names(layout: Layout) -> list[str]:
    """One name for each section that no other has: its path, and a count where paths repeat."""
    seen: Counter[str] = Counter()
    names = []
    for section in range(len(layout.headings)):
        path = " / ".join(layout.path(section))
        seen[path] += 1
        names.append(f"{path} #{seen[path]}" if seen[path] > 1 else path)
    return names


def table_names(layout: Layout, names: list[str]) -> Iterator[str]:
    """One name for each table: its section and which one it is there."""
    seen: Counter[int] = Counter()
    for table in layout.tables:
        seen[table.section] += 1
        yield f"{names[table.section]} table {seen[table.section]}"


def cell_key(table: str, row: int, column: int) -> Key:
    """The key of a cell; `row` counts the real rows and placeholders of the table from 0."""
    return ("cell", table, str(row), str(column))


def _table_fields(layout: Layout, names: list[str]) -> Iterator[tuple[Key, str]]:
    for table, name in zip(layout.tables, table_names(layout, names), strict=True):
        yield ("columns", name), "|".join(table.columns)
        for number, row in enumerate(table.rows):
            for place, cell in enumerate(row.cells):
                yield cell_key(name, number, place), cell.text


def _next(count: Counter[Key], *key: str) -> Key:
    number = count[key]
    count[key] += 1
    return (*key, str(number))
