"""The meaning of a text as a flat map from place to content, against which patches are checked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli.document.criteria.body import body_of
from mission_cli.document.syntax.spans import results, without_results

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mission_cli.document.syntax.layout import Item, Layout
    from mission_cli.document.syntax.rows import Row, Table

Key = tuple[str, ...]


def fields_of(layout: Layout) -> dict[Key, str]:
    """Return every place of the text with its content; white space between blocks is left out."""
    found = _outside_tables(layout)
    for name, table in layout.named_tables.items():
        found["columns", name] = "|".join(table.columns)
        for number, row in enumerate(table.rows):
            found.update(_cells(name, number, row))
    return found


def first_difference(before: Layout, after: Layout, meant: Mapping[Key, str | None]) -> Key | None:
    """Return the first place where `after` differs from `before` with the changes in `meant`; None if there is none.

    In `meant`, None stands for a place that is removed. Rows with the same bytes in both texts are not compared.
    """
    old, new = before.named_tables, after.named_tables
    same = _same_kinds(before, after).difference(key[0] for key in meant)
    expect = _outside_tables(before, same)
    expect.update(_row_fields(old, new, meant))
    for key, value in meant.items():
        if value is None:
            expect.pop(key, None)
        else:
            expect[key] = value
    found = _outside_tables(after, same)
    found.update(_row_fields(new, old, meant))
    if expect == found:
        return None
    return min((k for k in expect.keys() | found.keys() if expect.get(k) != found.get(k)), key=repr)


def cell_key(table: str, row: int, column: int) -> Key:
    """Return the key of a cell; `row` counts the rows of the table, placeholders included, from 0."""
    return ("cell", table, str(row), str(column))


def _same_kinds(before: Layout, after: Layout) -> set[str]:
    """Return the kinds of places that are all equal in both texts, so that they need not be compared one by one."""
    if before.names != after.names:
        return set()
    same = {"heading"}
    if [(f.section, f.name, f.text) for f in before.fields] == [(f.section, f.name, f.text) for f in after.fields]:
        same.add("field")
    if [(i.section, i.ticked, i.text) for i in before.items] == [(i.section, i.ticked, i.text) for i in after.items]:
        same |= {"item", "notes"}
    if list(_prose(before)) == list(_prose(after)):
        same.add("line")
    return same


def _prose(layout: Layout) -> Iterator[tuple[int, str]]:
    """Yield (section, text) of the other lines; a line that contains only results belongs to the item above it."""
    text, marked = layout.text, result_lines(layout)
    for section, (number, start, end) in layout.prose:
        words = text[start:end]
        if number in marked:
            words = without_results(words)
            if not words.strip():
                continue
        yield section, words


def _outside_tables(layout: Layout, leave_out: Collection[str] = ()) -> dict[Key, str]:
    names = layout.names
    found: dict[Key, str] = dict(layout.front.scalars(("front",)))
    if "heading" not in leave_out:
        found |= {("heading", name): "" for name in names}
    items: Counter[int] = Counter()
    for item in layout.items if not {"item", "notes"}.issubset(leave_out) else ():
        place = str(items[item.section])
        items[item.section] += 1
        said, notes = item_facts(layout, item)
        found["item", names[item.section], "item", place] = ("x" if item.ticked else " ") + said
        found["notes", names[item.section], "item", place] = notes
    count: Counter[tuple[int, str]] = Counter()
    for entry in layout.fields if "field" not in leave_out else ():
        place = str(count[entry.section, entry.name])
        count[entry.section, entry.name] += 1
        found["field", names[entry.section], "field", entry.name, place] = entry.text
    last, number = -1, 0
    for section, words in _prose(layout) if "line" not in leave_out else ():
        number = number + 1 if section == last else 0
        last = section
        found["line", names[section], "line", str(number)] = words.rstrip()
    return found


def item_facts(layout: Layout, item: Item) -> tuple[str, str]:
    """Return the text of an item's first line, and the result comments of all its lines."""
    if "<!--" not in layout.text:
        return item.text.strip(), ""
    lines = [item.text, *(layout.raw(line) for line in item.more)]
    marked = (lines[number] for number in body_of(item.text, lines[1:]).marks)
    return without_results(item.text).strip(), "".join(m[0].strip() for text in marked for m in results(text))


def result_lines(layout: Layout) -> set[int]:
    """Return the numbers of the lines that contain results of an item above them."""
    found: set[int] = set()
    for item in layout.items if "<!--" in layout.text else ():
        marks = body_of(item.text, [layout.raw(line) for line in item.more]).marks if item.more else ()
        found |= {item.more[number - 1].number for number in marks if number}
    return found


def _row_fields(
    tables: Mapping[str, Table], others: Mapping[str, Table], meant: Iterable[Key]
) -> Iterator[tuple[Key, str]]:
    """Yield the columns, and the cells of rows that differ from the other text or that `meant` names."""
    asked = {key[1:3] for key in meant if key[0] == "cell"}
    asked_tables = {name for name, _ in asked}
    for name, table in tables.items():
        yield ("columns", name), "|".join(table.columns)
        same = others.get(name)
        if same and same.columns == table.columns and name not in asked_tables and same.block == table.block:
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
