"""What happened to a mission, newest first: a line for each minute in which something happened, or each commit."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mission_cli._support.shown import clock
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import PROGRAM
from mission_cli.surfaces.lines import line, said, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.ports.git.state import Event
    from mission_cli.surfaces.lines import Line

STEPS = frozenset(
    {
        EventKind.CRITERIA_JUDGED,
        EventKind.FEATURE_DISPATCHED,
        EventKind.FEATURE_REVIEW,
        EventKind.MILESTONE_VALIDATING,
    }
)
"""What lies between two events that a person wants to know of; shown with --verbose."""
_GAP = 2
_LEAST_TEXT = 16


def history_lines(events: Sequence[Event], width: int, now: datetime, *, verbose: bool = False) -> list[Line]:
    """Return one paragraph for what one author did in one minute; verbose: one line for each commit."""
    if verbose:
        return [line(_commit(event)) for event in events]
    told = [(event, words) for event in events if (words := _reasons(event))]
    found: list[Line] = []
    for (at, _), group in itertools.groupby(told, key=lambda one: (clock(one[0].at, now), one[0].author.name)):
        parts = [words for _, words in group]
        text = "; ".join(dict.fromkeys(part for words in reversed(parts) for part in words))
        found += _paragraph(at, text, width)
    return found


def _paragraph(at: str, text: str, width: int) -> Iterator[Line]:
    indent = len(at) + _GAP
    for number, part in enumerate(wrap(said(text), max(_LEAST_TEXT, width - indent) if width else 0)):
        yield line((f"{'' if number else at:<{indent}}", "dim"), part)


def _reasons(event: Event) -> list[str]:
    """Return why a commit was made, without mere steps; the subject of a person's own commit."""
    if not event.events:
        return [event.subject + _author(event)]
    both = itertools.zip_longest(event.events, event.why or (event.subject,), fillvalue="")
    return [why for name, why in both if why and name not in STEPS]


def _commit(event: Event) -> str:
    return said(f"{event.at.astimezone():%Y-%m-%d %H:%M:%S} {event.commit[:7]} {event.subject}{_author(event)}")


def _author(event: Event) -> str:
    """Return the author of a commit in brackets, unless it is the program, or its subject names the person."""
    who = event.author.name
    return "" if who in event.subject or (event.events and who == PROGRAM.name) else f" [{who}]"
