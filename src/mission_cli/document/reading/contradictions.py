"""Lines of a mission file that contradict each other: what is read from one of them, the other one denies.

A change is made in one place. Where the same thing stands in two, the loop would read the other one again and make
the change for ever. So nothing of such a file is driven until a person removes one of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli.document.reading.metadata import state_fields
from mission_cli.document.reading.sections import (
    SECTIONS,
    has_columns,
    rows_in,
)
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.ids import feature_number
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.document.reading.loaded import MilestonePlace
    from mission_cli.document.syntax.scan import Layout

_SECTION_LEVEL = 2
_FIELDS = frozenset({"status", "estimate", "validation", "started at", "passed at", "rounds"})
_STATE = frozenset({"id", "status", "mode", "type", "created", "budget"})
_FEATURE = pattern(r"F?(\d{1,9}\.\d{1,9})\b")
_SEVERAL = frozenset({"Resources"})
"""Sections that may have several tables of one form."""
_OPEN = frozenset({"", "open", "pending", "expired", "waiting"})

_Found = tuple[tuple[object, ...], str, int]
"""(what must be there once, how people call it, its line)"""


def contradictions(layout: Layout, places: Iterable[MilestonePlace]) -> Iterator[Problem]:
    """What stands twice and can be meant only once, each at its second place."""
    first: dict[tuple[object, ...], int] = {}
    for key, name, line in (*_milestones(layout, list(places)), *_state(layout), *_sections(layout), *_rows(layout)):
        if key in first:
            yield Problem(
                line, 1, f"{name} stands here twice", f"the other is in line {first[key]}; remove one of them"
            )
        first.setdefault(key, line)


def _milestones(layout: Layout, places: list[MilestonePlace]) -> Iterator[_Found]:
    numbers = {place.section: place.number for place in places}
    for place in places:
        yield ("milestone", place.number), f"milestone {place.number}", layout.headings[place.section].line.number
    for field in layout.fields:
        if field.section in numbers and field.name in _FIELDS:
            name = f"`{field.name.capitalize()}` of milestone {numbers[field.section]}"
            yield ("field", field.section, field.name), name, field.line.number
    for section, heading in enumerate(layout.headings):
        above = next((s for s in _ancestors(layout, section) if s in numbers), 0)
        found = _FEATURE.match(heading.title) if above else None
        number = feature_number(found[1]) if found else None
        if number is not None:
            yield ("feature", number), f"the section of feature {number}", heading.line.number
        elif heading.parent in numbers and plain(heading.title).endswith("criteria"):
            name = f"the section `{heading.title}` of milestone {numbers[above]}"
            yield ("criteria", heading.parent), name, heading.line.number


def _ancestors(layout: Layout, section: int) -> Iterator[int]:
    while (section := layout.headings[section].parent) > 0:
        yield section


def _state(layout: Layout) -> Iterator[_Found]:
    for field in state_fields(layout):
        if field.name in _STATE:
            yield ("state", field.name), f"`{field.name.capitalize()}` of the section `State`", field.line.number


def _sections(layout: Layout) -> Iterator[_Found]:
    """Sections that are acted on, under any of their titles, and tables of one form in one of them."""
    titles = {name.casefold(): title for title, form in SECTIONS.items() for name in (title, *form.also)}
    acted_on: dict[int, str] = {}
    for section, heading in enumerate(layout.headings):
        title = titles.get(heading.name, "") if heading.level == _SECTION_LEVEL else ""
        if title and not SECTIONS[title].shown and SECTIONS[title].tables:
            acted_on[section] = title
            yield ("section", title), f"the section `{title}`", heading.line.number
    for table in layout.tables:
        above = next((s for s in (table.section, *_ancestors(layout, table.section)) if s in acted_on), 0)
        title = acted_on.get(above, "")
        forms = SECTIONS[title].tables if title and title not in _SEVERAL else ()
        form = next((form for form in forms if has_columns(table, form.marks)), None)
        if form is not None:
            name = f"the table `{' · '.join(form.columns[:3])} …` of `{title}`"
            yield ("table", above, form.columns), name, table.header.line.number


def _rows(layout: Layout) -> Iterator[_Found]:
    """Gates of one name, open requests of one number, open waits of one feature for one thing."""
    for row in rows_in(layout, "Gates", "gate", "kind"):
        yield ("gate", row["gate"]), f"the gate `{row['gate']}`", row.line
    for row in rows_in(layout, "Input Requests", "prompt", "status"):
        number = whole(row["#"])
        if number is not None and plain(row["status"]) in _OPEN:
            yield ("request", number), f"the input request {number}", row.line
    for row in rows_in(layout, "Waits", "feature", "waiting for"):
        if feature_number(row["feature"]) is not None and plain(row["status"]) in _OPEN:
            name = f"the wait of {row['feature']} for `{row['waiting for']}`"
            yield ("wait", feature_number(row["feature"]), row["waiting for"]), name, row.line
