"""Where a criterion and its results stand in a mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.criteria.body import body_of
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.editing.edits import (
    CannotPlaceError,
    Edit,
)
from mission_cli.document.reading.load import (
    criteria_section,
)
from mission_cli.document.syntax.spans import results, without_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.changes import (
        SetCriterion,
    )
    from mission_cli.document.editing.field_meaning import Key
    from mission_cli.document.syntax.layout import Item, Layout


def criterion(layout: Layout, change: SetCriterion) -> tuple[Edit, ...]:
    """Return the edits that tick a criterion and replace its results."""
    section = criteria_section(layout, change.owner)
    items = [i for i in layout.items if i.section == section]
    if not 0 <= change.index < len(items):
        hint = "criteria were removed meanwhile: read the file again"
        raise CannotPlaceError(f"{change.owner} has no criterion number {change.index + 1}", hint=hint)
    item = items[change.index]
    body = without_results(item.text).rstrip()
    if read_criterion(item.text, more=[layout.raw(line) for line in item.more]).text != change.text:
        words, hint = (
            f"criterion {change.index + 1} of {change.owner} was changed",
            "its new text has to be checked again",
        )
        raise CannotPlaceError(words, line=item.line.number, hint=hint)
    mark = "x" if change.ticked else " "
    keep = layout.text[item.box] if change.ticked == item.ticked else mark
    between = layout.text[item.box + 1 : item.start]
    new = keep + between + " ".join([body, *change.comments])
    place = (layout.names[section], "item", str(change.index))
    meant: dict[Key, str | None] = {("item", *place): mark + body.strip(), ("notes", *place): "".join(change.comments)}
    return (Edit(item.box, item.end, new, meant), *_older_results(layout, item))


def _older_results(layout: Layout, item: Item) -> Iterator[Edit]:
    """Yield edits that remove results from further lines of an item, into which a formatter may have moved them."""
    more = [layout.raw(line) for line in item.more]
    for number in body_of(item.text, more).marks:
        line, raw = (item.more[number - 1], more[number - 1]) if number else (item.line, "")
        if raw and not without_results(raw).strip():
            yield Edit(layout.lines[line.number - 2].end, line.end, "", {})
        else:
            yield from (Edit(line.start + m.start(), line.start + m.end(), "", {}) for m in results(raw))


def same(layout: Layout, start: int, end: int, meant: Mapping[Key, str | None]) -> Edit:
    """Return an edit that leaves a text as it is, with what it means."""
    return Edit(start, end, layout.text[start:end], meant)


def differs(place: str, now: str, was: str | None, line: int) -> CannotPlaceError:
    """Return the error for a place where something other than expected stands."""
    hint = "it was changed meanwhile: read the file again and decide again"
    return CannotPlaceError(f"{place} is `{now}`, but `{was}` was expected", line=line, hint=hint)
