"""Changes that add lines: rows, features, sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.document.editing.edits import (
    CannotPlaceError,
    Edit,
    name_of,
    width,
)
from mission_cli.document.editing.field_meaning import (
    Key,
    cell_key,
    fields_of,
)
from mission_cli.document.reading.load import feature_rows, milestone_places
from mission_cli.document.reading.sections import (
    FEATURE_COLUMNS,
    SECTIONS,
    TableForm,
    find_section,
    place_of,
    table_in,
)
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.scan import scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.document.changes import AddFeature, AddMilestone, AppendRow, FillSection
    from mission_cli.document.reading.loaded import MilestonePlace
    from mission_cli.document.syntax.layout import Field, Layout
    from mission_cli.document.syntax.rows import Table

_PLACEHOLDER = pattern(r"(?:[_*].*[_*]|(?:[-*+]\s+)?\{.*\}|<!--.*-->|[-*+])?\Z")
_OPEN_WORDS = frozenset({"", "pending", "tbd", "-", "—"})
_LIST_NUMBER = pattern(r"[`*]*F(\d{1,9})\b", re.IGNORECASE)
LONGEST_CELL = 500
LONGEST_CELLS = {
    "Data": 1_000,
    "Facts": 2_000,
    "Message": 4_000,
    "Options": 6_000,
    "Replies": 6_000,
    "Sealed": 12_000,
    "To": 2_700,
}
"""The most characters of a new cell, and of cells in columns where people write more."""
_OTHER_TITLES: Mapping[str, tuple[str, ...]] = {"improvements": ("framework improvements",)}


def append(layout: Layout, change: AppendRow) -> tuple[Edit, ...]:
    """Return the edits that append a row to the section's table; section and table are created if missing."""
    form = SECTIONS[change.section].tables[-1]
    table = table_in(layout, change.section, *form.marks)
    values = {k.casefold(): escape.cell(v, LONGEST_CELLS.get(k, LONGEST_CELL)) for k, v in change.values.items()}
    if table is not None:
        return (_append_row(layout, table, values),)
    lines = _new_table(form.columns, values)
    section = find_section(layout, change.section)
    if part := SECTIONS[change.section].part:
        return (_new_part(layout, change.section, part, lines),)
    if section >= 0:
        return (_insert_block(layout, lines, section, own=True),)
    return (_insert_block(layout, [f"## {change.section}", "", *lines], 0, own=False),)


def add_feature(layout: Layout, change: AddFeature) -> tuple[Edit, ...]:
    """Return the edits that append a feature to the milestone's table or checklist, and add its section."""
    place = next((p for p in milestone_places(layout) if p.number == change.milestone), None)
    if place is None:
        hint = f"write `### Milestone {change.milestone}: Name`"
        raise CannotPlaceError(f"there is no milestone {change.milestone}", hint=hint, may_come=True)
    rows = [row for t in place.tables for number, row in feature_rows(t, place.number) if number == change.number]
    if rows:
        words, hint = f"a feature {change.number} exists already", "use the next number"
        raise CannotPlaceError(words, line=rows[0].line.number, hint=hint)
    row = _feature_row(layout, place, change)
    if not change.description and not change.criteria:
        return (row,)
    block = [f"#### {change.number} {escape.heading(change.title)}"]
    if change.description:
        block += ["", *change.description.split("\n")]
    if change.criteria:
        block += ["", *(line for c in change.criteria for line in f"- [ ] {c}".split("\n"))]
    section = _insert_block(layout, block, place.section, own=False)
    if row.start == section.start:
        joined = Edit(row.start, row.end, row.text + section.text, {**row.meant, **section.meant})
        return (joined,)
    return (row, section)


def add_milestone(layout: Layout, change: AddMilestone) -> tuple[Edit, ...]:
    """Return the edit that adds a milestone after the last one, with a heading of the same level."""
    places = list(milestone_places(layout))
    if any(place.number == change.number for place in places):
        words, hint = f"a milestone {change.number} exists already", "use the next number"
        raise CannotPlaceError(words, hint=hint)
    parent = find_section(layout, "Milestones")
    if not places and parent < 0:
        raise CannotPlaceError("there is no section for milestones", hint="write `## Milestones`")
    section = places[-1].section if places else parent
    level = layout.headings[section].level + (0 if places else 1)
    block = [f"{'#' * level} Milestone {change.number}: {escape.heading(change.name)}", "", "**Status:** pending"]
    block += [f"**Estimate:** {escape.line(change.estimate)}"] if change.estimate else []
    if change.criteria:
        items = (line for c in change.criteria for line in f"- [ ] {c}".split("\n"))
        block += ["", f"{'#' * (level + 1)} Validation Criteria", "", *items]
    return (_insert_block(layout, block, section, own=False),)


def fill(layout: Layout, change: FillSection) -> tuple[Edit, ...]:
    """Return the edits that set the text of a section with only placeholders; the section is created if missing.

    If the parent section has a field of that name, as in `- **Outcomes:** pending`, the field is filled instead.
    """
    section = _section_at(layout, change.path)
    lines = change.text.split("\n")
    if section < 0:
        field = _open_field(layout, change.path)
        if field is not None:
            return (_filled_field(layout, field, lines),)
        return (_new_section(layout, change.path, lines),)
    old = [line for s, line in layout.prose if s == section]
    if not is_placeholder(layout, change.path):
        return (_insert_block(layout, lines, section, own=True),)
    name = layout.names[section]
    new = [line.rstrip() for line in lines if line.strip()]
    gone: dict[Key, str | None] = {("line", name, "line", str(n)): None for n in range(len(old))}
    meant = gone | {("line", name, "line", str(n)): text for n, text in enumerate(new)}
    return (Edit(old[0].start, old[-1].end, layout.eol.join(lines), meant),)


def is_placeholder(layout: Layout, path: tuple[str, ...]) -> bool:
    """Whether a section is there and contains only placeholders."""
    section = _section_at(layout, path)
    old = [line for s, line in layout.prose if s == section]
    return section >= 0 and bool(old) and all(_PLACEHOLDER.match(layout.raw(line).strip()) for line in old)


# Rows


def _new_table(columns: Sequence[str], values: Mapping[str, str]) -> list[str]:
    cells = [values.get(c.casefold(), "") for c in columns]
    return [
        "| " + " | ".join(columns) + " |",
        "|" + "|".join("-" * (len(c) + 2) for c in columns) + "|",
        "| " + " | ".join(cells) + " |",
    ]


def _append_row(layout: Layout, table: Table, values: Mapping[str, str]) -> Edit:
    real = [n for n, row in enumerate(table.rows) if not row.empty()]
    free = (real[-1] + 1) if real else 0
    name = name_of(layout, table)
    texts = [""] * len(table.columns)
    for column, text in values.items():
        place = place_of(table, column)
        if place >= 0:
            texts[place] = text
    meant: dict[Key, str | None] = {cell_key(name, free, place): text for place, text in enumerate(texts)}
    row = _row_text(layout, table, texts)
    if free < len(table.rows):
        spare = table.rows[free]
        gone = {cell_key(name, free, n): None for n in range(len(texts), len(spare.cells))}
        return Edit(spare.line.start, spare.line.end, row, {**meant, **gone})
    last = table.rows[-1].line if table.rows else table.delimiter
    return Edit(last.end, last.end, layout.eol + row, meant)


def _row_text(layout: Layout, table: Table, texts: list[str]) -> str:
    header = layout.raw(table.header.line)
    indent = header[: len(header) - len(header.lstrip())]
    starts = [cell.start for cell in table.header.cells]
    cells = []
    for place, text in enumerate(texts):
        room = 0
        if place + 1 < len(starts):
            room = starts[place + 1] - starts[place] - 3
        elif header.rstrip().endswith("|"):
            room = table.header.line.start + len(header.rstrip()) - starts[place] - 2
        cells.append(text + " " * max(room - width(text), 0))
    return f"{indent}| {' | '.join(cells)} |"


def _feature_row(layout: Layout, place: MilestonePlace, change: AddFeature) -> Edit:
    values = {k.casefold(): escape.cell(v) for k, v in change.values.items()}
    if place.tables:
        return _append_row(layout, place.tables[-1], values)
    if place.listed:
        return _append_item(layout, place, change)
    form = TableForm(FEATURE_COLUMNS, ())
    return _insert_block(layout, _new_table(form.columns, values), place.section, own=True)


def _append_item(layout: Layout, place: MilestonePlace, change: AddFeature) -> Edit:
    """Return the edit that adds an item after the last feature of a checklist; its position is its number."""
    last = place.listed[-1]
    if change.number != f"{place.number}.{len(place.listed) + 1}":
        words = f"the next feature of the checklist is {place.number}.{len(place.listed) + 1}, not {change.number}"
        raise CannotPlaceError(
            words, line=last.item.line.number, hint="features of a checklist are numbered by position"
        )
    named = [m for i in layout.items if (m := _LIST_NUMBER.match(i.text))]
    name = f"F{max((int(m[1]) for m in named), default=len(place.listed)) + 1}"
    text = f"{name}: {escape.line(dict(change.values).get('Feature', change.title))}"
    at = (last.item.more[-1] if last.item.more else last.item.line).end
    bullet = layout.text[last.item.line.start : last.item.box]
    index = sum(i.section == place.section for i in layout.items[: layout.items.index(last.item) + 1])
    if any(i.section == place.section and i.start > last.item.start for i in layout.items):
        words, hint = "other items follow the features of this checklist", "put them under a separate heading"
        raise CannotPlaceError(words, line=last.item.line.number, hint=hint)
    key = (layout.names[place.section], "item", str(index))
    return Edit(at, at, f"{layout.eol}{bullet} ] {text}", {("item", *key): " " + text.rstrip(), ("notes", *key): ""})


# Sections


def _section_at(layout: Layout, path: tuple[str, ...]) -> int:
    for name in (path[-1], *_OTHER_TITLES.get(path[-1], ())):
        wanted = (*path[:-1], name)
        for section in range(1, len(layout.headings)):
            if layout.path(section)[-len(wanted) :] == wanted:
                return section
    return -1


def _open_field(layout: Layout, path: tuple[str, ...]) -> Field | None:
    parent = _section_at(layout, path[:-1]) if len(path) > 1 else -1
    names = (path[-1], *_OTHER_TITLES.get(path[-1], ()))
    for field in layout.fields:
        if field.section == parent and field.name in names:
            text = field.text.casefold()
            return field if text in _OPEN_WORDS or _PLACEHOLDER.match(text) else None
    return None


def _filled_field(layout: Layout, field: Field, lines: list[str]) -> Edit:
    text = escape.heading("; ".join(line.strip().removeprefix("- ").rstrip(".") for line in lines if line.strip()))
    glue = "" if layout.text[field.start - 1 : field.start] in {" ", "\t"} else " "
    earlier = sum(f.section == field.section and f.name == field.name and f.start < field.start for f in layout.fields)
    key = ("field", layout.names[field.section], "field", field.name, str(earlier))
    return Edit(field.start, field.end, glue + text, {key: text})


def _new_section(layout: Layout, path: tuple[str, ...], lines: list[str]) -> Edit:
    parent = max(_section_at(layout, path[:-1]), 0) if len(path) > 1 else 0
    if parent == 0 and len(path) > 1:
        title, below = path[0].capitalize(), path[-1].capitalize()
        return _insert_block(layout, [f"## {title}", "", f"### {below}", "", *lines], 0, own=False)
    level = layout.headings[parent].level + 1 if parent else 2
    return _insert_block(layout, ["#" * level + " " + path[-1].capitalize(), "", *lines], parent, own=False)


def _new_part(layout: Layout, title: str, part: str, lines: list[str]) -> Edit:
    """Return the edit that puts a table below a subsection, which is created if it is missing."""
    there, section = _section_at(layout, (title.casefold(), part.casefold())), find_section(layout, title)
    if there >= 0:
        return _insert_block(layout, lines, there, own=True)
    block = [f"### {part}", "", *lines]
    if section >= 0:
        return _insert_block(layout, block, section, own=False)
    return _insert_block(layout, [f"## {title}", "", *block], 0, own=False)


def _insert_block(layout: Layout, lines: list[str], section: int, *, own: bool) -> Edit:
    """Insert lines as a separate block at the end of a section (`own`: before its first subsection).

    Section 0 is the whole file. The new fields are those of the block read alone, under the section's name and after
    its existing content.
    """
    names = layout.names
    if section == 0 and not own:
        stop = len(layout.lines)
    else:
        stop = layout.end_of_own(section) if own else layout.end_of(section)
    start = layout.headings[section].line.number if section else layout.first
    above = section if own else _parent_for(layout, lines[0], stop)
    last = stop - 1
    while last >= start and not layout.raw(layout.lines[last]).strip():
        last -= 1
    eol = layout.eol
    if last < 0:
        return Edit(len(layout.text), len(layout.text), eol.join(lines) + eol, _meaning(layout, names, lines, above))
    at = layout.lines[last].end
    tail = "" if layout.text[at:] else eol
    return Edit(at, at, eol * 2 + eol.join(lines) + tail, _meaning(layout, names, lines, above))


def _parent_for(layout: Layout, heading: str, stop: int) -> int:
    """Return the parent section of a new heading that is inserted before the line with index `stop`."""
    level = len(heading) - len(heading.lstrip("#"))
    parent = max(i for i, h in enumerate(layout.headings) if i == 0 or h.line.number <= stop)
    while parent > 0 and layout.headings[parent].level >= level:
        parent = layout.headings[parent].parent
    return parent


def _meaning(layout: Layout, names: list[str], lines: list[str], section: int) -> dict[Key, str | None]:
    there = fields_of(layout)
    meant: dict[Key, str | None] = {}
    for key, value in fields_of(scan("\n" + "\n".join(lines) + "\n")).items():
        kind, name, *rest = key
        above = names[section]
        title, _, table = name.rpartition(" table ") if kind in {"cell", "columns"} else (name, "", "")
        full = " / ".join(p for p in (above, title) if p)
        if not title and rest and rest[-1].isdigit() and kind in {"line", "item", "notes", "field"}:
            offset = sum(1 for k in there if k[:-1] == (kind, full, *rest[:-1]))
            rest[-1] = str(int(rest[-1]) + offset)
        if table:
            if not title:
                table = str(int(table) + sum(1 for t in layout.tables if t.section == section))
            full = f"{full} table {table}"
        new = (kind, full, *rest)
        if kind == "heading" and title == "":
            continue
        if kind == "heading" and new in there:
            raise CannotPlaceError(f"a section `{title}` exists already", hint="read the file again")
        meant[new] = value
    return meant
