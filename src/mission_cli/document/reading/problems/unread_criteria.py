"""Find criteria that a person wrote and that are not read: without them work could pass too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.document.criteria.fields import is_field
from mission_cli.document.criteria.parse import KIND
from mission_cli.document.reading.problems.unread_features import plain_lines
from mission_cli.document.syntax.spans import without_results
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.ids import feature_number
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.document.reading.loaded import MilestonePlace
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.domain.ids import FeatureNumber

_BULLET = pattern(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_BOX = pattern(r"(?!\s*<!--)(?:\s*\d{1,9}[.)])?[^\w\[\]`(\\]{0,12}\[([ \t\u00a0xX✓✔✅]{0,3})\](?![(\[:])[ \t\u00a0]*")
"""A box, perhaps with signs before it that make it none, such as `>` or a hard space."""
_LONGEST = 80
_NO_BOX = "write it as `- [ ] {}`, with one space between the brackets and one after them"


def unread_criteria(
    layout: Layout, places: Sequence[MilestonePlace], sections: Mapping[FeatureNumber, int]
) -> Iterator[Problem]:
    """Yield an error for each criterion in a milestone that is not read, and for each field that belongs to none."""
    of_milestones = {section for place in places if (section := criteria_below(layout, place.section)) >= 0}
    judged = of_milestones | set(sections.values())
    lines = {line.number for item in layout.items for line in (item.line, *item.more)}
    yield from _elsewhere(layout, places, judged)
    for section, line in plain_lines(layout):
        if section not in judged:
            continue
        raw = layout.raw(line)
        box, bullet = _BOX.match(raw), _BULLET.match(raw)
        text = raw[box.end() :] if box else raw[bullet.end() :] if bullet else raw
        column = len(raw) - len(raw.lstrip()) + 1
        shown, flush = one_line(without_results(text), _LONGEST), raw[:1] not in {" ", "\t"}
        kind = KIND.match(text) is not None
        if text and (
            (box and (kind or (box[1] and section in of_milestones)))
            or (kind and (bullet or flush) and section in of_milestones)
        ):
            yield Problem(line.number, column, f"the criterion `{shown}` is not read", _NO_BOX.format(shown))
        elif is_field(text) and (bullet or flush) and line.number - 1 in lines:
            hint = "indent it below its criterion, without a bullet"
            yield Problem(line.number, column, f"the field `{shown}` is not read", hint)


def criteria_below(layout: Layout, milestone: int) -> int:
    """Return the section with the criteria of a milestone; -1 if there is none."""
    for index in range(milestone + 1, len(layout.headings)):
        if not layout.within(index, milestone):
            break
        if plain(layout.headings[index].title).endswith("criteria"):
            return index
    return -1


def _elsewhere(layout: Layout, places: Sequence[MilestonePlace], judged: set[int]) -> Iterator[Problem]:
    """Yield errors for items that say how they are judged, in a section of a milestone that holds no criteria."""
    listed = {one.item.line.number for place in places for one in place.listed}
    for item in layout.items:
        apart = item.section in judged or item.line.number in listed or not KIND.match(item.text)
        titled = feature_number(layout.headings[item.section].title.partition(" ")[0]) is not None
        if apart or not (titled or any(layout.within(item.section, place.section) for place in places)):
            continue
        words = (
            f"the criterion `{one_line(without_results(item.text), _LONGEST)}` belongs to no milestone and no feature"
        )
        hint = "put it below `#### Validation Criteria`, or below `#### N.M Title` of its feature"
        yield Problem(item.line.number, item.start - item.line.start + 1, words, hint)
