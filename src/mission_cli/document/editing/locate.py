"""Find the place of a change: turn its name into offsets, with what will be read there afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import (
    AddFeature,
    AddMilestone,
    AppendRow,
    Change,
    FillSection,
    SetCell,
    SetCriterion,
    SetFeature,
    SetField,
    SetFront,
    SetMilestone,
)
from mission_cli.document.editing.edits import (
    CannotPlaceError,
    Edit,
    is_expected,
    name_of,
    text_hash,
    width,
)
from mission_cli.document.editing.field_meaning import Key, cell_key
from mission_cli.document.editing.insert import (
    LONGEST_CELL,
    LONGEST_CELLS,
    add_feature,
    add_milestone,
    append,
    fill,
)
from mission_cli.document.editing.locate_criterion import criterion, differs, same
from mission_cli.document.reading.checklists import Listed, with_column
from mission_cli.document.reading.front_schema import KEYS, Kind
from mission_cli.document.reading.load import (
    feature_rows,
    milestone_places,
)
from mission_cli.document.reading.metadata import state_field
from mission_cli.document.reading.sections import (
    has_columns,
    place_of,
    tables_of,
)
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.front_edit import edit_scalar, render_scalar
from mission_cli.document.syntax.spans import results, without_results
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.syntax.front import Scalar
    from mission_cli.document.syntax.layout import Field, Layout
    from mission_cli.document.syntax.rows import (
        Cell,
        Row,
        Table,
    )


def locate(layout: Layout, change: Change) -> tuple[Edit, ...]:
    """Return the edits for a change, each with the hash of what it replaces. Raises CannotPlaceError.

    If the place has the new content already, the edit replaces it by itself, so that another change of the same batch
    to the same place is noticed.
    """
    edits = _edits(layout, change)
    for edit in edits:
        reason, line = layout.why_hidden(edit.start) if "\n" in edit.text or "\r" in edit.text else ("", 0)
        if reason:
            hint = "close it above that place"
            raise CannotPlaceError(f"text inserted there would not be read: {reason}", line=line, hint=hint)
    return tuple(Edit(e.start, e.end, e.text, e.meant, text_hash(layout.text[e.start : e.end])) for e in edits)


def _edits(layout: Layout, change: Change) -> tuple[Edit, ...]:  # noqa: C901, PLR0911 - one case per change
    match change:
        case SetFront():
            return _front(layout, change)
        case SetFeature():
            return _feature_cell(layout, change)
        case SetMilestone():
            return _milestone_field(layout, change)
        case SetField():
            return _section_field(layout, change)
        case SetCriterion():
            return criterion(layout, change)
        case SetCell():
            return _section_cell(layout, change)
        case AppendRow():
            return append(layout, change)
        case AddFeature():
            return add_feature(layout, change)
        case AddMilestone():
            return add_milestone(layout, change)
        case FillSection():
            return fill(layout, change)


# The front matter


def _front(layout: Layout, change: SetFront) -> tuple[Edit, ...]:
    name, front = ".".join(change.path), layout.front
    stated = state_field(layout, change.path)
    if stated is not None:
        return _in_state(layout, stated, change)
    value = front.value(*change.path)
    line = front.line_of(*change.path)
    now = front.text(*change.path)
    if not is_expected(change.was, now):
        raise differs(f"`{name}`", now, change.was, line)
    meant: dict[Key, str | None] = {("front", *change.path): _yaml_text(change.value)}
    for depth in range(1, len(change.path)):
        if front.value(*change.path[:depth]) is not None:
            meant["front", *change.path[:depth]] = None
    if value is None:  # a list or a mapping may be there, and is replaced as a whole
        size = len(change.path)
        meant |= {("front", *path): None for path, _ in front.scalars() if path[:size] == change.path and path[size:]}
    if value is not None and value.text == _yaml_text(change.value):
        return (same(layout, value.start, value.end, meant),)
    if front.missing:
        return (_new_front(layout, change, meant),)
    if front.problems:
        first = front.problems[0]
        words = f"`{name}` cannot be set while the front matter has an error: {first.message}"
        raise CannotPlaceError(words, line=first.line, hint=first.hint or "fix that first")
    try:
        known = KEYS.get(name)
        single = known is not None and known.kind not in {Kind.LIST, Kind.MAP}
        start, end, text = edit_scalar(layout.text, front, change.path, change.value, single=single)
    except ValueError as error:
        hint = "write it as a single value, then try again"
        raise CannotPlaceError(f"`{name}` cannot be set: {error}", line=line, hint=hint) from error
    return (Edit(start, end, text, meant),)


def _in_state(layout: Layout, field: Field, change: SetFront) -> tuple[Edit, ...]:
    if not is_expected(change.was, field.text):
        raise differs(f"`{field.name}`", field.text, change.was, field.line.number)
    return (_field_edit(layout, field, _yaml_text(change.value)),)


def _new_front(layout: Layout, change: SetFront, meant: Mapping[Key, str | None]) -> Edit:
    """Return the edit that adds front matter at the beginning of a file without it."""
    eol, at = layout.eol, layout.front.start
    lines = [f"{'  ' * depth}{render_scalar(key)}:" for depth, key in enumerate(change.path)]
    lines[-1] += f" {render_scalar(change.value)}"
    return Edit(at, at, eol.join(["---", *lines, "---", ""]) + eol, meant)


def _yaml_text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:f}" if not isinstance(value, int) else str(value)


# Cells


def _feature_cell(layout: Layout, change: SetFeature) -> tuple[Edit, ...]:
    found = list(_feature_places(layout, change))
    if not found:
        hint = f"no milestone has it; `{do('show')}` lists all features"
        raise CannotPlaceError(f"there is no row for feature {change.number}", hint=hint, may_come=True)
    if len(found) > 1:
        lines = [p.item.line.number if isinstance(p, Listed) else p[1].line.number for p in found]
        words = f"{len(found)} rows have the number {change.number}: lines {', '.join(map(str, lines))}"
        raise CannotPlaceError(words, line=lines[1], hint="give one of them a new number")
    place = found[0]
    if isinstance(place, Listed):
        return _listed_feature(layout, place, change)
    return _set_cell(layout, *place, change.column, change.value, change.was)


def _feature_places(layout: Layout, change: SetFeature) -> Iterator[Listed | tuple[Table, Row]]:
    for place in milestone_places(layout):
        yield from (one for one in place.listed if one.number == change.number)
        for table in place.tables:
            for number, row in feature_rows(table, place.number):
                if number == change.number:
                    yield table, row


def _listed_feature(layout: Layout, listed: Listed, change: SetFeature) -> tuple[Edit, ...]:
    item, column = listed.item, change.column.casefold()
    now = listed.texts.get(column, "")
    if not is_expected(change.was, now):
        raise differs(f"`{change.column}` of {change.number}", now, change.was, item.line.number)
    try:
        ticked, text = with_column(item, column, escape.line(change.value))
    except ValueError as error:
        hint = "turn the checklist into a table with that column"
        raise CannotPlaceError(str(error), line=item.line.number, hint=hint) from error
    mark = "x" if ticked else " "
    keep = layout.text[item.box] if ticked == item.ticked else mark
    new = keep + layout.text[item.box + 1 : item.start] + text
    place = (layout.names[item.section], "item", str(listed.index))
    body = without_results(text).strip()
    meant: dict[Key, str | None] = {("item", *place): mark + body}
    meant["notes", *place] = "".join(m[0].strip() for m in results(text))
    return (Edit(item.box, item.end, new, meant),)


def _section_cell(layout: Layout, change: SetCell) -> tuple[Edit, ...]:
    keys = {k.casefold(): v for k, v in change.key.items()}
    columns = (*keys, change.column.casefold())
    for table in tables_of(layout, change.section, *columns):
        for row in table.rows:
            if all(row.text(place_of(table, k)) == v for k, v in keys.items()):
                return _set_cell(layout, table, row, change.column, change.value, change.was)
    wanted = ", ".join(f"{k} = {v}" for k, v in change.key.items())
    hint = "the row was renamed or removed meanwhile: read the file again"
    raise CannotPlaceError(f"`## {change.section}` has no row with {wanted}", hint=hint, may_come=True)


def _set_cell(layout: Layout, table: Table, row: Row, column: str, value: str, was: str | None) -> tuple[Edit, ...]:
    name, line = column.casefold(), row.line.number
    place = place_of(table, name)
    if place < 0 or not has_columns(table, (name,)):
        hint = f"add `{column}` to the header of the table in line {table.header.line.number}"
        raise CannotPlaceError(f"this table has no column `{column}`", line=line, hint=hint)
    if place >= len(row.cells):
        words = f"this row has no cell for the column `{column}`"
        raise CannotPlaceError(words, line=line, hint=f"`{do('lint', '--fix')}` adds missing cells")
    cell = row.cells[place]
    if not is_expected(was, row.text(place)):
        raise differs(f"the cell `{column}`", cell.text, was, line)
    new = escape.cell(value, LONGEST_CELLS.get(column, LONGEST_CELL))
    key = cell_key(name_of(layout, table), table.rows.index(row), place)
    if cell.text == new:
        return (same(layout, cell.start, cell.end, {key: new}),)
    end, text = _padded(layout.text, cell, new)
    return (Edit(cell.start, end, text, {key: new}),)


def _padded(text: str, cell: Cell, new: str) -> tuple[int, str]:
    """Return (end, text) so that the bar after the cell keeps its column as far as the padding allows."""
    end = cell.end
    while text[end : end + 1] in {" ", "\t"} and text[end : end + 1]:
        end += 1
    room = end - 1 - cell.start
    fill_up = room - width(new) + (width(cell.text) - len(cell.text) if cell.text else 0)
    before = " " if text[cell.start - 1 : cell.start] == "|" else ""
    if end == cell.end:
        return cell.end, before + new + (" " if text[end : end + 1] == "|" else "")
    return end, before + new + " " * max(fill_up - len(before), 0) + " "


# Fields and boxes


def _milestone_field(layout: Layout, change: SetMilestone) -> tuple[Edit, ...]:
    places = [p for p in milestone_places(layout) if p.number == change.number]
    if not places:
        hint = f"write `### Milestone {change.number}: Name`"
        raise CannotPlaceError(f"there is no milestone {change.number}", hint=hint)
    if len(places) > 1:
        line = layout.headings[places[1].section].line.number
        hint = "give one of them a new number"
        raise CannotPlaceError(f"two milestones have the number {change.number}", line=line, hint=hint)
    owner = f"of milestone {change.number}"
    return _set_field(layout, places[0].section, change.name, change.value, change.was, owner)


def _section_field(layout: Layout, change: SetField) -> tuple[Edit, ...]:
    wanted = tuple(part.casefold() for part in change.path)
    section = next((s for s in range(1, len(layout.headings)) if layout.path(s)[-len(wanted) :] == wanted), -1)
    if section < 0:
        words = f"there is no section `{' / '.join(change.path)}`"
        raise CannotPlaceError(words, hint="add its heading first", may_come=True)
    return _set_field(layout, section, change.name, change.value, change.was, f"of `{change.path[-1]}`")


def _set_field(layout: Layout, section: int, name: str, value: str, was: str | None, owner: str) -> tuple[Edit, ...]:
    mine = [f for f in layout.fields if f.section == section]
    found = next((f for f in mine if f.name == name.casefold()), None)
    again = [f for f in mine if f.name == name.casefold()][1:]
    if again:
        words = f"`**{name}:**` {owner} appears more than once"
        raise CannotPlaceError(words, line=again[0].line.number, hint="keep only the right one")
    if found:
        if not is_expected(was, found.text):
            raise differs(f"`{name}` {owner}", found.text, was, found.line.number)
        return (_field_edit(layout, found, value),)
    above = [f for f in mine if not _heads_a_list(layout, f)]
    line = layout.lines[layout.lines.at(above[-1].end + 1) - 1] if above else layout.headings[section].line
    gap = layout.eol if above else layout.eol * 2
    mark = _mark_of(layout, above[-1]) if above else ""
    meant: dict[Key, str | None] = {
        ("field", layout.names[section], "field", name.casefold(), "0"): escape.heading(value)
    }
    return (Edit(line.end, line.end, f"{gap}{mark}**{name}:** {escape.heading(value)}", meant),)


def _heads_a_list(layout: Layout, field: Field) -> bool:
    """Whether a field has no text but is followed by a list, so that nothing may be inserted between them."""
    after = (layout.raw(line) for line in layout.lines[field.line.number :])
    following = next((raw for raw in after if raw.strip()), "")
    return not field.text and following.lstrip()[:1] in {"-", "*", "+"} and not following.lstrip().startswith("**")


def _mark_of(layout: Layout, field: Field) -> str:
    """Return the indent and bullet at the beginning of a field."""
    return layout.raw(field.line).partition("**")[0]


def _field_edit(layout: Layout, field: Field, value: str) -> Edit:
    new = escape.heading(value)
    earlier = sum(f.section == field.section and f.name == field.name and f.start < field.start for f in layout.fields)
    key = ("field", layout.names[field.section], "field", field.name, str(earlier))
    meant: dict[Key, str | None] = {key: new}
    if field.text == new:
        return same(layout, field.start, field.end, meant)
    glue = "" if layout.text[field.start - 1 : field.start] in {" ", "\t"} else " "
    after = layout.text[field.end : field.end + 1]
    return Edit(field.start, field.end, glue + new + (" " if after in {"|", "*"} else ""), meant)
