"""What people decided, and how long something waited for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import RequestStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

Span = tuple["datetime", "datetime"]
_DECIDED = frozenset({EventKind.GATE_APPROVED, EventKind.GATE_REJECTED})
_GOES_ON = frozenset(
    {EventKind.MISSION_RESUMED, EventKind.MISSION_STARTED, EventKind.MISSION_ACTIVE, EventKind.MISSION_CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of a person."""

    words: str
    by: str
    """Empty: the file does not say."""
    waited: timedelta | None
    """How long it was waited for; None: not known."""


@dataclass(frozen=True, slots=True)
class People:
    """What people did in an execution."""

    decided: tuple[Decided, ...]
    by_hand: tuple[str, ...]
    """Features that a person worked on, or set to done."""
    waited: timedelta
    """How long something waited for a person, times that overlap counted once."""
    waits: int
    """How often."""


def people(mission: Mission, records: Sequence[RunRecord], since: str = "") -> People:
    """Return the decisions of people since a time, and how long anything waited for them."""
    spans = [*_requests(mission), *_gates(mission), *_pauses(mission)]
    began = parse_stamp(since) if since else None
    if began is not None:
        spans = [(max(start, began), end) for start, end in spans if end > began]
    hands = [r.feature for r in records if r.by]
    hands += [f.number for f in mission.features() if is_noted(mission, EventKind.FEATURE_BY_HAND, f.number)]
    return People(tuple(_decided(mission, began)), tuple(dict.fromkeys(hands)), together(spans), len(spans))


def together(spans: Iterable[Span]) -> timedelta:
    """Return how long at least one of several spans lasted."""
    total, end = timedelta(0), None
    for start, stop in sorted(spans):
        if end is None or start > end:
            total, end = total + (stop - start), stop
        elif stop > end:
            total, end = total + (stop - end), stop
    return total


def answered_at(mission: Mission, number: int) -> datetime | None:
    """Return when a request was answered, as far as the log says."""
    start = f"request {number} is answered"
    rows = (row for row in mission.progress if row.event == EventKind.REQUEST_ANSWERED)
    return next((parse_stamp(row.at) for row in rows if row.details.startswith(start)), None)


def _decided(mission: Mission, began: datetime | None) -> Iterator[Decided]:
    for approval in mission.approvals:
        at = parse_stamp(approval.at)
        if began is None or at is None or at >= began:
            words = f"{approval.gate}: {approval.decision}" if approval.gate else approval.decision
            waited = next((e - s for s, e, name in _gate_spans(mission) if name == approval.gate and e == at), None)
            yield Decided(words + (f" ({approval.comment})" if approval.comment else ""), approval.by, waited)
    for request in mission.requests:
        if request.status == RequestStatus.ANSWERED or request.response:
            asked, at = parse_stamp(request.asked), answered_at(mission, request.number)
            if began is None or at is None or at >= began:
                waited = at - asked if asked is not None and at is not None and at >= asked else None
                yield Decided(f"{request.prompt}: {request.response}", "", waited)


def _requests(mission: Mission) -> Iterator[Span]:
    for request in mission.requests:
        asked, at = parse_stamp(request.asked), answered_at(mission, request.number)
        if asked is not None and at is not None and at >= asked:
            yield asked, at


def _gates(mission: Mission) -> Iterator[Span]:
    yield from ((start, end) for start, end, _ in _gate_spans(mission))


def _gate_spans(mission: Mission) -> Iterator[tuple[datetime, datetime, str]]:
    """Yield from when to when each gate waited for a person."""
    for gate in mission.gates:
        start = None
        for row in mission.progress:
            at, named = parse_stamp(row.at), row.details.startswith(f"gate {gate.name} ")
            if at is None or not named:
                continue
            if row.event == EventKind.GATE_WAITING:
                start = start or at
            elif row.event in _DECIDED and start is not None:
                yield start, max(start, at), gate.name
                start = None


def _pauses(mission: Mission) -> Iterator[Span]:
    start = None
    for row in mission.progress:
        at = parse_stamp(row.at)
        if at is not None and row.event == EventKind.MISSION_PAUSED:
            start = start or at
        elif at is not None and start is not None and row.event in _GOES_ON:
            yield start, max(start, at)
            start = None
