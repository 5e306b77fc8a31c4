"""Find duplicates in a mission file that contradict each other.

A change is made in one place. If the same thing is written in two places, the loop would read the other one again and
repeat the change forever. So nothing of such a file is run until a person removes one of the two.
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
from mission_cli.document.syntax.field_runs import OURS
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.ids import feature_number
from mission_cli.domain.problems import Problem
from mission_cli.domain.status import OPEN_REQUEST, OPEN_WAIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.document.reading.loaded import MilestonePlace
    from mission_cli.document.syntax.layout import Layout

_SECTION_LEVEL = 2
_STATE = frozenset({"id", "status", "mode", "type", "created", "budget"})
_FEATURE = pattern(r"F?(\d{1,9}\.\d{1,9})\b")
_SEVERAL = frozenset({"Resources"})
"""Sections that may have several tables with the same columns."""
_OPEN = frozenset({"", *OPEN_REQUEST, *OPEN_WAIT})

_Found = tuple[tuple[object, ...], str, int]
"""(key of what may exist once, its name in messages, its line)"""


def contradictions(layout: Layout, places: Iterable[MilestonePlace]) -> Iterator[Problem]:
    """Yield an error for everything that appears twice but may exist only once, at the second place."""
    first: dict[tuple[object, ...], int] = {}
    for key, name, line in (*_milestones(layout, list(places)), *_state(layout), *_sections(layout), *_rows(layout)):
        if key in first:
            yield Problem(
                line, 1, f"{name} appears twice", f"the other one is in line {first[key]}; remove one of them"
            )
        first.setdefault(key, line)


def _milestones(layout: Layout, places: list[MilestonePlace]) -> Iterator[_Found]:
    numbers = {place.section: place.number for place in places}
    for place in places:
        yield ("milestone", place.number), f"milestone {place.number}", layout.headings[place.section].line.number
    for field in layout.fields:
        if field.section in numbers and field.name in OURS:
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
    """Yield the sections that have an effect, by any of their titles, and the tables in them by their columns."""
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
    """Yield phases and gates by name, open requests by number, and open waits by feature and event."""
    for row in rows_in(layout, "Phases", "phase", "gate"):
        name = row["phase"].strip("`* ")
        yield ("phase", name.casefold()), f"the phase `{name}`", row.line
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
