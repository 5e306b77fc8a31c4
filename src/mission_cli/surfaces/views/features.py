"""One feature in lines: number, title, status, and what it does or waits for, in columns that follow the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted
from mission_cli.domain.forge.rows import IN_BASE
from mission_cli.domain.status import FeatureStatus, HoldKind
from mission_cli.surfaces.lines import GAP, cells, clip, cut, line, pad, paragraph, said
from mission_cli.surfaces.views.landing.pulls import pull_words
from mission_cli.surfaces.views.text import color_of, so_far

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.views import FeatureView
    from mission_cli.surfaces.lines import Line, Span

_MOST_TITLE = 60
_LEAST_TITLE = 12
_LEAST_FACTS = 24
_SHARE_PCT = 45
"""Of the width, for the titles, where there is room for facts beside them."""
_MINOR = frozenset({HoldKind.SLOT, HoldKind.MILESTONE})
"""Reasons that stand beside a title where there is room, but take no line of their own."""
_FINISHED = frozenset({FeatureStatus.DONE, FeatureStatus.SKIPPED})


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the columns of number, title and status are, in cells."""

    number: int
    title: int
    status: int

    @classmethod
    def of(cls, features: Sequence[FeatureView], width: int) -> Columns:
        """Return columns that fit the features and the window; without a width, titles are cut at 60 cells."""
        number = max((len(f.number) for f in features), default=0)
        status = max((cells(said(f.shown_as)) for f in features), default=0)
        title = max((cells(said(f.title)) for f in features), default=0)
        if not width:
            return cls(number, min(title, _MOST_TITLE), status)
        room = width - _indent(number) - len(GAP) - status
        share = width * _SHARE_PCT // 100
        beside = room - len(GAP) - share >= _LEAST_FACTS
        return cls(number, min(title, max(_LEAST_TITLE, share if beside else room)), status)


def feature_lines(
    feature: FeatureView, shape: Columns, width: int, *, chosen: bool = False, brief: bool = False
) -> list[Line]:
    """Return a line with number, title and status; facts stand beside them if they fit, otherwise below.

    A brief one has at most one line below, which is cut.
    """
    indent = _indent(shape.number)
    title = pad(cut(said(feature.title), shape.title), shape.title)
    word = said(feature.shown_as)
    row = [
        ("> " if chosen else GAP, "bold cyan"),
        (f"{feature.number:<{shape.number}}{GAP}", "bold" if chosen else ""),
        (title, "reverse" if chosen else ""),
        (GAP, ""),
    ]
    facts = facts_of(feature)
    beside = GAP.join(text for text, _ in facts)
    left = indent + shape.title + len(GAP) + shape.status + len(GAP)
    if facts and (not width or left + cells(beside) <= width):
        spans = [span for fact in facts for span in ((GAP, ""), fact)]
        return [line(*row, (pad(word, shape.status), color_of(word)), *spans)]
    found = [line(*row, (word, color_of(word)))]
    if facts and left + cells(facts[0][0]) <= width:
        first, *facts = facts
        found = [line(*row, (pad(word, shape.status), color_of(word)), (GAP, ""), first)]
    if feature.blocked_by and feature.blocked_by[0].kind in _MINOR:
        facts = [fact for fact in facts if fact[0] != said(feature.blocked_by[0].detail)]
    if brief and facts:
        return [*found, clip(line(" " * indent, (GAP.join(text for text, _ in facts), facts[0][1])), width)]
    for text, style in facts:
        found += paragraph(text, width, style, indent)
    return found


def facts_of(feature: FeatureView) -> list[Span]:
    """Return what a feature does or waits for, and what should be known of its last attempt."""
    facts: list[Span] = []
    finished = feature.shown_as in _FINISHED
    if feature.running_for:
        facts.append((said(f"{feature.worker} for {feature.running_for}"), "dim"))
    if told := so_far(feature.tally):
        facts.append((said(told), "dim"))
    if not facts and (feature.attempts > 1 or (feature.attempts and not finished)):
        facts.append((counted(feature.attempts, "attempt"), "dim"))
    if feature.pull is not None and (feature.pull.number or not finished) and feature.pull.state not in IN_BASE:
        facts.append((pull_words(feature.pull), "dim"))
    if feature.blocked_by and not finished:
        facts.append((said(_held(feature)), "dim"))
    if feature.finding and all(feature.finding != blocker.detail for blocker in feature.blocked_by[:1]):
        facts.append((said(feature.finding), "yellow"))
    return facts


def _held(feature: FeatureView) -> str:
    """Return what holds a feature; without the name of its pull request, which stands beside it."""
    detail, pull = feature.blocked_by[0].detail, feature.pull
    return detail.removeprefix(f"pull request #{pull.number}: ") if pull is not None else detail


def _indent(number: int) -> int:
    return len(GAP) + number + len(GAP)
