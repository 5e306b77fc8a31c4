"""Add the columns that a change needs and a table lacks, after its other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AddFeature, AppendRow, Change, SetCell, SetFeature
from mission_cli.document.editing.edits import Edit, name_of
from mission_cli.document.editing.field_meaning import Key, cell_key
from mission_cli.document.reading.load import feature_rows, milestone_places
from mission_cli.document.reading.sections import (
    FEATURE_COLUMNS,
    SECTIONS,
    find_section,
    has_columns,
    place_of,
    table_in,
    tables_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Table


_OF_FEATURES = frozenset({"status", "worker", "task id"})
_READ: Mapping[str, frozenset[str]] = {
    "Input Requests": frozenset({"#", "asked", "feature", "prompt", "options", "expires", "status", "context"}),
    "Messages": frozenset({"timestamp", "feature", "from", "message"}),
    "Held-out Criteria": frozenset({"#", "milestone", "sealed", "results"}),
    "Pull Requests": frozenset({"for", "pr", "branch", "base", "head", "status", "since", "handled"}),
    "Previews": frozenset({"#", "for", "commit", "status", "url", "since", "expires"}),
    "Deployments": frozenset({"#", "target", "commit", "for", "by", "status", "url", "version", "since"}),
    "Feedback": frozenset({"#", "for", "title", "facts", "fingerprint", "status", "issue"}),
    "Mail": frozenset({"#", "feature", "about", "to", "subject", "status", "since", "message-id", "text", "replies"}),
    "Purchases": frozenset(name.casefold() for name in SECTIONS["Purchases"].tables[0].columns),
    "Approvals": frozenset({"gate", "decision", "commit"}),
    "Progress Log": frozenset({"timestamp", "event", "details"}),
    "Recovery Log": frozenset({"feature", "trigger", "status"}),
    "Budget Tracking": frozenset({"category", "amount"}),
}
"""Columns of appended rows on which decisions depend; a table may lack any others."""
_ENOUGH = 2
"""The number of known columns from which a table is recognized."""


def completion(layout: Layout, change: Change) -> tuple[Edit, ...]:
    """Return the edits that add missing columns for a change to its table; none if there is no such table."""
    match change:
        case SetFeature():
            needed = change.value and change.column.casefold() in _OF_FEATURES
            table = _feature_table(layout, change) if needed else None
            wanted: Iterable[str] = (change.column,)
        case AddFeature():
            tables = [t for p in milestone_places(layout) if p.number == change.milestone for t in p.tables]
            table, wanted = (tables[-1] if tables else None), ("Status",)
        case SetCell():
            wanted = (*change.key, change.column)
            there = table_in(layout, change.section, *(column.casefold() for column in wanted))
            table = None if there else _section_table(layout, change.section)
            table = _table_with(layout, change) or table
        case AppendRow():
            read = _READ.get(change.section, frozenset())
            said = [column for column, text in change.values.items() if text and column.casefold() in read]
            table, wanted = _section_table(layout, change.section), (*said, *_marks(change.section))
        case _:
            return ()
    if table is None:
        return ()
    missing = list({c.casefold(): c for c in wanted if place_of(table, c.casefold()) < 0}.values())
    return tuple(_wider(layout, table, missing)) if missing else ()


def _table_with(layout: Layout, change: SetCell) -> Table | None:
    """Return the table with the row of a change, if it lacks the column: a section may have several tables."""
    keys = {name.casefold(): text for name, text in change.key.items()}
    for table in tables_of(layout, change.section, *keys):
        if any(all(row.text(place_of(table, name)) == text for name, text in keys.items()) for row in table.rows):
            return table if place_of(table, change.column.casefold()) < 0 else None
    return None


def _feature_table(layout: Layout, change: SetFeature) -> Table | None:
    for place in milestone_places(layout):
        for table in place.tables:
            if any(number == change.number for number, _ in feature_rows(table, place.number)):
                return table
    return None


def _marks(title: str) -> tuple[str, ...]:
    forms = SECTIONS[title].tables
    return forms[-1].marks if forms else ()


def _section_table(layout: Layout, title: str) -> Table | None:
    """Return the table of a section to which rows are appended, even if it lacks one of its distinctive columns."""
    forms = SECTIONS[title].tables
    if not forms:
        return None
    found = table_in(layout, title, *forms[-1].marks)
    section = find_section(layout, title)
    if found is not None or section < 0:
        return found
    for table in layout.tables:
        other = any(has_columns(table, form.marks) for form in forms[:-1])
        known = sum(place_of(table, name) >= 0 for name in forms[-1].names)
        marked = any(place_of(table, name) >= 0 for name in forms[-1].marks)
        if layout.within(table.section, section) and marked and known >= _ENOUGH and not other:
            return table
    return None


def _wider(layout: Layout, table: Table, missing: list[str]) -> Iterator[Edit]:
    """Yield edits that add columns at the end of every line of a table; short rows get their missing cells, too."""
    name, there = name_of(layout, table), len(table.columns)
    shown = {c.casefold(): c for form in SECTIONS.values() for t in form.tables for c in t.columns}
    shown |= {c.casefold(): c for c in FEATURE_COLUMNS}
    titles = [shown.get(column.casefold(), column) for column in missing]
    columns = "|".join([*table.columns, *(title.casefold() for title in titles)])
    header, rule = layout.raw(table.header.line), layout.raw(table.delimiter)
    yield _behind(table.header.line.start, header, [f" {title} |" for title in titles], {("columns", name): columns})
    yield _behind(table.delimiter.start, rule, ["-" * (len(title) + 2) + "|" for title in titles], {})
    for number, row in enumerate(table.rows):
        fill = max(0, there - len(row.cells)) + len(titles)
        meant: dict[Key, str | None] = {cell_key(name, number, len(row.cells) + n): "" for n in range(fill)}
        yield _behind(row.line.start, row.raw, [" |"] * fill, meant)


def _behind(start: int, raw: str, cells: list[str], meant: dict[Key, str | None]) -> Edit:
    bare = raw.rstrip(" \t")
    at = start + len(bare)
    closed = bare.endswith("|") and not bare.endswith("\\|")
    return Edit(at, at, ("" if closed else " |") + "".join(cells), meant)
