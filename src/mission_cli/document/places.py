"""Where a change goes: from its name for a place to offsets, and what will be read there afterwards."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mission_cli.document import escape
from mission_cli.document.changes import (
    AddFeature,
    AppendRow,
    Change,
    FillSection,
    SetCell,
    SetCriterion,
    SetFeature,
    SetFront,
    SetMilestone,
)
from mission_cli.document.criteria import RESULT
from mission_cli.document.fields import Key, cell_key, fields_of, section_names, table_names
from mission_cli.document.front import Scalar, edit_scalar
from mission_cli.document.load import criteria_section, feature_rows, milestone_places
from mission_cli.document.scan import Cell, Layout, Row, Table, scan
from mission_cli.document.tables import table_in

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Gates": ("Gate", "Kind", "After", "Blocks", "Rule", "Notify", "Status"),
    "Approvals": ("Timestamp", "Gate", "Decision", "By", "Commit", "Comment"),
    "Input Requests": (
        "#",
        "Asked",
        "Feature",
        "Prompt",
        "Options",
        "Urgency",
        "Expires",
        "Status",
        "Response",
    ),
    "Waits": ("Feature", "Waiting for", "Since", "Timeout", "Status"),
    "Budget Tracking": ("Date", "Category", "Amount", "Description", "Milestone"),
    "Decision Log": ("#", "Date", "Decision", "Rationale", "Alternatives Considered"),
    "Outcomes": ("Type", "Label", "Value", "Feature", "Date"),
    "Progress Log": ("Timestamp", "Event", "Details"),
    "Recovery Log": (
        "Timestamp",
        "Feature",
        "Trigger",
        "Preserved Evidence",
        "Remaining Criteria",
        "Next Safe Route",
        "Status",
    ),
}
FEATURE_COLUMNS = ("#", "Feature", "Task ID", "Status", "Estimate", "Worker", "PR")
_PLACEHOLDER = re.compile(r"\s*(?:[_*].*[_*]|\{.*\}|<!--.*-->|[-*]\s*)?\s*\Z")


class CannotPlaceError(Exception):
    """The change does not fit; `may_come` when an earlier change of the same batch may make its place."""

    def __init__(self, reason: str, *, line: int = 0, may_come: bool = False) -> None:
        super().__init__(reason)
        self.line = line
        self.may_come = may_come


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement. `meant` is what `fields_of` must say of the new text, beside all that it said before."""

    start: int
    end: int
    text: str
    meant: Mapping[Key, str | None] = field(default_factory=dict)
    """None: the place is not there any more."""


def locate(layout: Layout, change: Change) -> tuple[Edit, ...]:
    """Return the edits for a change. Raises CannotPlaceError.

    Where the place says it already, the edit puts there what is there: another change of the same batch may
    speak of the same place.
    """
    match change:
        case SetFront():
            return _front(layout, change)
        case SetFeature():
            return _feature_cell(layout, change)
        case SetMilestone():
            return _milestone_field(layout, change)
        case SetCriterion():
            return _criterion(layout, change)
        case SetCell():
            return _section_cell(layout, change)
        case AppendRow():
            return _append(layout, change)
        case AddFeature():
            return _add_feature(layout, change)
        case FillSection():
            return _fill(layout, change)


def _front(layout: Layout, change: SetFront) -> tuple[Edit, ...]:
    name = ".".join(change.path)
    now = layout.front.text(*change.path)
    value = layout.front.value(*change.path)
    line = value.line if value else 1
    if change.was is not None and now != change.was:
        raise CannotPlaceError(f"`{name}` says `{now}` where `{change.was}` was expected", line=line)
    meant = _yaml_text(change.value)
    if value is not None and value.text == meant:
        return (_same(layout, value.start, value.end, {("front", *change.path): meant}),)
    try:
        start, end, text = edit_scalar(layout.text, layout.front, change.path, change.value)
    except ValueError as error:
        raise CannotPlaceError(f"`{name}` cannot be set: {error}", line=line) from error
    return (Edit(start, end, text, {("front", *change.path): meant}),)


def _same(layout: Layout, start: int, end: int, meant: Mapping[Key, str | None]) -> Edit:
    return Edit(start, end, layout.text[start:end], meant)


def _yaml_text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:f}" if not isinstance(value, int) else str(value)


def _feature_cell(layout: Layout, change: SetFeature) -> tuple[Edit, ...]:
    for place in milestone_places(layout):
        for table in place.tables:
            for number, row in feature_rows(table, place.number):
                if number == change.number:
                    return _set_cell(layout, table, row, change.column, change.value, change.was)
    raise CannotPlaceError(f"there is no row for feature {change.number}", may_come=True)


def _section_cell(layout: Layout, change: SetCell) -> tuple[Edit, ...]:
    columns = [*(k.casefold() for k in change.key), change.column.casefold()]
    table = table_in(layout, change.section, *columns)
    for row in table.rows if table else ():
        assert table is not None  # noqa: S101 - there is no row without a table
        if all(table.text(row, k.casefold()) == v for k, v in change.key.items()):
            return _set_cell(layout, table, row, change.column, change.value, change.was)
    wanted = ", ".join(f"{k} = {v}" for k, v in change.key.items())
    raise CannotPlaceError(f"`## {change.section}` has no row with {wanted}", may_come=True)


def _set_cell(layout: Layout, table: Table, row: Row, column: str, value: str, was: str | None) -> tuple[Edit, ...]:
    name = column.casefold()
    cell = table.cell(row, name)
    if cell is None:
        raise CannotPlaceError(f"this row has no cell for the column `{column}`", line=row.line.number)
    if was is not None and table.text(row, name) != was:
        raise CannotPlaceError(
            f"the cell `{column}` says `{cell.text}` where `{was}` was expected", line=row.line.number
        )
    new = escape.cell(value)
    key = cell_key(_table_name(layout, table), table.rows.index(row), table.place(name))
    if cell.text == new:
        return (_same(layout, cell.start, cell.end, {key: new}),)
    end, text = _padded(layout.text, cell, new)
    return (Edit(cell.start, end, text, {key: new}),)


def _padded(text: str, cell: Cell, new: str) -> tuple[int, str]:
    """Return (end, text) so that the bar behind the cell stays where it is as far as the padding allows."""
    end = cell.end
    while text[end : end + 1] in {" ", "\t"} and text[end : end + 1]:
        end += 1
    room = end - 1 - cell.start
    fill = room - _width(new) + (_width(cell.text) - len(cell.text) if cell.text else 0)
    before = " " if text[cell.start - 1 : cell.start] == "|" else ""
    if end == cell.end:
        return cell.end, before + new + (" " if text[end : end + 1] == "|" else "")
    return end, before + new + " " * max(fill - len(before), 0) + " "


def _milestone_field(layout: Layout, change: SetMilestone) -> tuple[Edit, ...]:
    place = next((p for p in milestone_places(layout) if p.number == change.number), None)
    if place is None:
        raise CannotPlaceError(f"there is no milestone {change.number}")
    name = change.name.casefold()
    mine = [f for f in layout.fields if f.section == place.section]
    found = next((f for f in mine if f.name == name), None)
    value = escape.heading(change.value)
    section = section_names(layout)[place.section]
    meant: dict[Key, str | None] = {("field", section, "field", name, "0"): value}
    if found:
        if change.was is not None and found.text != change.was:
            raise CannotPlaceError(
                f"`{change.name}` of milestone {change.number} says `{found.text}` where `{change.was}` was expected",
                line=found.line.number,
            )
        if found.text == value:
            return (_same(layout, found.start, found.end, meant),)
        glue = "" if layout.text[found.start - 1 : found.start] in {" ", "\t"} else " "
        return (Edit(found.start, found.end, glue + value, meant),)
    line = mine[-1].line if mine else layout.headings[place.section].line
    gap = layout.eol if mine else layout.eol * 2
    return (Edit(line.end, line.end, f"{gap}**{change.name}:** {value}", meant),)


def _criterion(layout: Layout, change: SetCriterion) -> tuple[Edit, ...]:
    section = criteria_section(layout, change.owner)
    items = [i for i in layout.items if i.section == section]
    if not 0 <= change.index < len(items):
        raise CannotPlaceError(f"{change.owner} has no criterion number {change.index + 1}")
    item = items[change.index]
    body = RESULT.sub("", item.text).rstrip()
    if body.strip() != change.text:
        raise CannotPlaceError(f"criterion {change.index + 1} of {change.owner} was changed", line=item.line.number)
    mark = "x" if change.ticked else " "
    between = layout.text[item.box + 1 : item.start]
    new = mark + between + " ".join([body, *change.comments])
    name = section_names(layout)[section]
    place = (name, "item", str(change.index))
    meant: dict[Key, str | None] = {("item", *place): mark + change.text, ("notes", *place): "".join(change.comments)}
    return (Edit(item.box, item.end, new, meant),)


def _append(layout: Layout, change: AppendRow) -> tuple[Edit, ...]:
    columns = [c.casefold() for c in COLUMNS[change.section]]
    table = table_in(layout, change.section, columns[0], columns[1])
    values = {k.casefold(): escape.cell(v) for k, v in change.values.items()}
    if table is not None:
        return (_append_row(layout, table, values),)
    cells = COLUMNS[change.section]
    lines = ["| " + " | ".join(cells) + " |", "|" + "|".join("-" * (len(c) + 2) for c in cells) + "|"]
    lines.append("| " + " | ".join(values.get(c.casefold(), "") for c in cells) + " |")
    section = layout.find(change.section)
    if section >= 0:
        return (_insert_block(layout, lines, section, own=True),)
    return (_insert_block(layout, [f"## {change.section}", "", *lines], 0, own=False),)


def _append_row(layout: Layout, table: Table, values: Mapping[str, str]) -> Edit:
    real = [n for n, row in enumerate(table.rows) if not row.empty()]
    free = (real[-1] + 1) if real else 0
    name = _table_name(layout, table)
    texts = [values.get(column, "") for column in table.columns]
    meant: dict[Key, str | None] = {cell_key(name, free, place): text for place, text in enumerate(texts)}
    row = _row_text(layout, table, texts)
    if free < len(table.rows):
        old = table.rows[free].line
        return Edit(old.start, old.end, row, meant)
    last = table.rows[-1].line if table.rows else table.delimiter
    return Edit(last.end, last.end, layout.eol + row, meant)


def _row_text(layout: Layout, table: Table, texts: list[str]) -> str:
    header = layout.raw(table.header.line)
    indent = header[: len(header) - len(header.lstrip())]
    starts = [cell.start for cell in table.header.cells]
    cells = []
    for place, text in enumerate(texts):
        width = 0
        if place + 1 < len(starts):
            width = starts[place + 1] - starts[place] - 3
        elif header.rstrip().endswith("|"):
            width = table.header.line.start + len(header.rstrip()) - starts[place] - 2
        cells.append(text + " " * max(width - _width(text), 0))
    return f"{indent}| {' | '.join(cells)} |"


def _add_feature(layout: Layout, change: AddFeature) -> tuple[Edit, ...]:
    place = next((p for p in milestone_places(layout) if p.number == change.milestone), None)
    if place is None:
        raise CannotPlaceError(f"there is no milestone {change.milestone}")
    if any(number == change.number for t in place.tables for number, _ in feature_rows(t, place.number)):
        raise CannotPlaceError(f"there is a feature {change.number} already")
    values = {k.casefold(): escape.cell(v) for k, v in change.values.items()}
    if place.tables:
        row = _append_row(layout, place.tables[-1], values)
    else:
        cells = FEATURE_COLUMNS
        lines = ["| " + " | ".join(cells) + " |", "|" + "|".join("-" * (len(c) + 2) for c in cells) + "|"]
        lines.append("| " + " | ".join(values.get(c.casefold(), "") for c in cells) + " |")
        row = _insert_block(layout, lines, place.section, own=True)
    if not change.description and not change.criteria:
        return (row,)
    block = [f"#### {change.number} {escape.heading(change.title)}"]
    if change.description:
        block += ["", *change.description.split("\n")]
    if change.criteria:
        block += ["", *(f"- [ ] {c}" for c in change.criteria)]
    section = _insert_block(layout, block, place.section, own=False)
    if row.start == section.start:
        joined = Edit(row.start, row.end, row.text + section.text, {**row.meant, **section.meant})
        return (joined,)
    return (row, section)


def _fill(layout: Layout, change: FillSection) -> tuple[Edit, ...]:
    names = section_names(layout)
    section = next((s for s in range(1, len(names)) if _ends_with(layout, s, change.path)), -1)
    lines = change.text.split("\n")
    if section < 0:
        if len(change.path) == 1:
            raise CannotPlaceError(f"there is no section `{change.path[0]}`")
        parent = next((s for s in range(1, len(names)) if _ends_with(layout, s, change.path[:-1])), 0)
        level = layout.headings[parent].level + 1
        title = change.path[-1].capitalize()
        return (_insert_block(layout, ["#" * level + " " + title, "", *lines], parent, own=False),)
    old = [line for s, line in layout.prose if s == section]
    if old and all(_PLACEHOLDER.match(layout.raw(line)) for line in old):
        new = [line.rstrip() for line in lines if line.strip()]
        gone: dict[Key, str | None] = {("line", names[section], "line", str(n)): None for n in range(len(old))}
        meant = gone | {("line", names[section], "line", str(n)): text for n, text in enumerate(new)}
        return (Edit(old[0].start, old[-1].end, layout.eol.join(lines), meant),)
    return (_insert_block(layout, lines, section, own=True),)


def _ends_with(layout: Layout, section: int, path: tuple[str, ...]) -> bool:
    return layout.path(section)[-len(path) :] == path


def _insert_block(layout: Layout, lines: list[str], section: int, *, own: bool) -> Edit:
    """Insert lines as a block of their own at the end of a section (`own`: before its first subsection).

    Section 0 is the whole file. What the block means is what it says when it is read alone, under the
    section's name, and behind what stands there already.
    """
    names = section_names(layout)
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
    """The section that a new heading will lie in when it is put before the line with index `stop`."""
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
        title, _, table = name.partition(" table ") if kind in {"cell", "columns"} else (name, "", "")
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
            raise CannotPlaceError(f"there is a section `{title}` already")
        meant[new] = value
    return meant


def _table_name(layout: Layout, table: Table) -> str:
    names = table_names(layout, section_names(layout))
    return next(name for t, name in zip(layout.tables, names, strict=True) if t is table)


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
