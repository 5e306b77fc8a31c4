"""Gates and requests: open what needs no person, remind of requests and let them expire, ask a person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import plain_number
from mission_cli._support.text import parse_duration, parse_stamp, show_duration, stamp
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.criteria.gate_condition import holds as condition_holds
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import (
    EXECUTABLE_KINDS,
    Cause,
    FeatureStatus,
    GateKind,
    GateStatus,
    HoldKind,
    MissionStatus,
    RequestStatus,
)
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import MoveGate, MoveRequest
from mission_cli.planner.core.waits import approval, gates_of_features, hold_kind, is_open
from mission_cli.planner.release.gate_facts import facts_of
from mission_cli.planner.reviewing.reviews import score_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.domain.mission import Feature
    from mission_cli.domain.tables import Gate, InputRequest
    from mission_cli.planner.core.draft import Draft

_REMINDED = timedelta(hours=1)
_REMINDED_BEFORE = {urgency_rank("high"): timedelta(hours=4), urgency_rank("urgent"): timedelta(hours=12)}
"""How long before a request expires a person is reminded of it."""
_FULL_SCORE = Decimal(5)
_NO_SCORE = Decimal(1)


def requests(draft: Draft) -> None:
    """Remind of requests, and let them expire. The feature keeps waiting, and an answer is still accepted."""
    expire(draft, draft.mission.requests)


def expire(draft: Draft, requests: Iterable[InputRequest]) -> None:
    """Remind of some requests, and let them expire."""
    for request in requests:
        expires = parse_stamp(request.expires) if request.expires else None
        if request.status == RequestStatus.EXPIRED or not request.open or expires is None:
            continue
        asked = parse_stamp(request.asked) if request.asked else None
        left = expires - asked - draft.observation.since(asked) if asked else expires - draft.observation.now
        if draft.has_come(request.feature, f"request {request.number} expires", left):
            draft.transitions.append(
                MoveRequest(request.number, RequestStatus.EXPIRED, f"request {request.number} was not answered in time")
            )
        elif left > timedelta(0):
            _remind(draft, request, left, expires - asked if asked else None)


def _remind(draft: Draft, request: InputRequest, left: timedelta, lifetime: timedelta | None) -> None:
    """Remind of a request once before it expires; of a short one when half of its time is over."""
    number = str(request.number)
    if is_noted(draft.mission, EventKind.REQUEST_REMINDED, number):
        return
    before = _REMINDED_BEFORE.get(urgency_rank(request.urgency), _REMINDED)
    before = min(before, lifetime / 2) if lifetime is not None else before
    if draft.has_come(request.feature, f"a reminder of request {number} is due", left - before):
        words = f"request {number} expires in {show_duration(left)}: {request.prompt}"
        draft.transitions.append(Note(EventKind.REQUEST_REMINDED, words, about=(number,)))


def gates(draft: Draft) -> None:
    """Fire the gates whose features are finished."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    for gate in gates_of_features(draft.mission):
        _gate(draft, gate)


def gates_that_wait(draft: Draft, besides: str) -> None:
    """Hold a paused mission also by the gates that wait for a person, besides the one that paused it."""
    for gate in draft.mission.gates:
        if gate.state is GateStatus.WAITING and gate.name != besides:
            _hold(draft, gate)


def _hold(draft: Draft, gate: Gate) -> None:
    words = f"`{gate.name}` waits for a person{_said(gate)}"
    draft.hold("", hold_kind(gate), words, unblock=approval(draft.mission, gate), person=True)


def _gate(draft: Draft, gate: Gate) -> None:
    after = [f for n in gate.after if (f := draft.mission.feature(n)) is not None]
    ready = all(f.finished for f in after)
    if gate.kind is GateKind.DELAY and gate.state is GateStatus.UNTIL:
        _delay(draft, gate)
    elif gate.kind is GateKind.QUALITY and gate.state in {GateStatus.PASSED, GateStatus.FAILED} and not ready:
        _move(draft, gate, GateStatus.PENDING, "what it judges has changed")
    elif gate.state is GateStatus.PENDING and ready and gate.kind is not None:
        _fire(draft, gate, after)
    elif gate.state is GateStatus.WAITING:
        _hold(draft, gate)


def _said(gate: Gate) -> str:
    """Return the gate's message to the person who decides and their name, to be appended to a sentence."""
    message = f": {gate.message}" if gate.message else ""
    return message + (f" (for {gate.notify})" if gate.notify else "")


def _fire(draft: Draft, gate: Gate, after: list[Feature]) -> None:
    if gate.kind is GateKind.DELAY:
        length = parse_duration(gate.length)
        if length is None:
            words = f"the delay `{gate.name}` has no readable duration: `{gate.rule}`"
            draft.hold("", HoldKind.DELAY, words, unblock=approval(draft.mission, gate), person=True)
            return
        ends = draft.observation.now + length
        _move(draft, gate, f"{GateStatus.UNTIL} {stamp(ends)}", f"it lasts {gate.length}{_said(gate)}")
        draft.wakes.append(ends)
    elif gate.kind is GateKind.QUALITY:
        verdict, why = _quality(draft, gate, after)
        _move(draft, gate, verdict or GateStatus.WAITING, why or gate.rule or "its features are finished")
    else:
        _move(draft, gate, GateStatus.WAITING, "the features before it are finished")
        if gate.kind is GateKind.CHECKPOINT and draft.mission.status is MissionStatus.ACTIVE:
            draft.pause(
                f"checkpoint `{gate.name}` is reached{_said(gate)}: {approval(draft.mission, gate)}", gate=gate.name
            )


def _delay(draft: Draft, gate: Gate) -> None:
    ends = parse_stamp(gate.status.partition(f"{GateStatus.UNTIL} ")[2])
    length = parse_duration(gate.length)
    began = ends - length if ends and length else None
    left = timedelta(0) if ends is None else ends - draft.observation.now
    if began is not None and length is not None:
        left = length - draft.observation.since(began)
    if ends is None or draft.has_come("", f"the delay `{gate.name}` is over", left):
        _move(draft, gate, GateStatus.PASSED, "the delay is over")


def _quality(draft: Draft, gate: Gate, after: list[Feature]) -> tuple[GateStatus | None, str]:
    """Return passed or failed, and why it failed; None if only a person can judge a part of the rule."""
    if gate.all_passed and (rest := [f.number for f in after if f.status is not FeatureStatus.DONE]):
        return GateStatus.FAILED, f"{', '.join(rest)} is not done"
    scores = [_score(draft, f) for f in after if f.status is FeatureStatus.DONE]
    least = draft.mission.quality_threshold if gate.min_score is None else gate.min_score
    mean = sum(scores, Decimal(0)) / len(scores) if scores else None
    if least is not None and mean is not None and mean < least:
        return GateStatus.FAILED, f"the mean score is {plain_number(round(mean, 2))} of at least {plain_number(least)}"
    if gate.unread:
        return None, ""
    if gate.condition:
        fulfilled = condition_holds(gate.condition, facts_of(draft, after, scores))
        if fulfilled is False:
            return GateStatus.FAILED, f"its condition does not hold: {gate.condition}"
        return None if fulfilled is None else GateStatus.PASSED, ""
    return GateStatus.PASSED, ""


def _score(draft: Draft, feature: Feature) -> Decimal:
    """Return the score of a feature: that of its reviews; else 5 if it has criteria that are run and passed; else 1."""
    reviewed = score_of(draft, feature.number)
    if reviewed is not None:
        return reviewed
    judged = any(c.kind in EXECUTABLE_KINDS for c in feature.criteria)
    proven = judged and any(r.cause is Cause.DONE for r in draft.records_of(feature.number))
    return _FULL_SCORE if proven else _NO_SCORE


def _move(draft: Draft, gate: Gate, to: str, why: str) -> None:
    word = GateStatus.of(to)
    shown = "is open" if is_open(to) else "has begun" if word is GateStatus.UNTIL else f"is {word}"
    draft.transitions.append(MoveGate(gate.name, gate.status, to, f"gate {gate.name} {shown}: {why}"))
