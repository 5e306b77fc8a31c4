"""Holds that the mission file asks for: gates, delays, external waits and requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.domain.mail.rows import PENDING_MAIL, find_mail
from mission_cli.domain.notice import Advice, do
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import OPEN_GATE, GateKind, GateStatus, HoldKind
from mission_cli.domain.timing.waiting import REPLY_PERIODS, periods, reply_wait
from mission_cli.planner.core.decisions import Hold
from mission_cli.planner.core.phases import is_of_phase
from mission_cli.planner.core.requests import answer_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.tables import Gate, Wait
    from mission_cli.planner.core.draft import Draft

_HELD_BY = {
    GateKind.CHECKPOINT: HoldKind.CHECKPOINT,
    GateKind.APPROVAL: HoldKind.APPROVAL,
    GateKind.QUALITY: HoldKind.QUALITY,
    GateKind.DELAY: HoldKind.DELAY,
}


def _gate_holds(draft: Draft, feature: Feature, *kinds: GateKind | None) -> Iterator[Hold]:
    for gate in gates_of_features(draft.mission):
        if gate.kind in kinds and feature.number in gate.blocks and not is_open(gate.status):
            yield _gate_hold(draft, gate, feature.number)


def gates_of_features(mission: Mission) -> Iterator[Gate]:
    """Yield the gates that features open and wait for; those of phases are decided with their phase."""
    return (gate for gate in mission.gates if not is_of_phase(mission, gate.name))


def gates_for_people(mission: Mission) -> Iterator[Gate]:
    """Yield the rows of the gates that wait for people now, with that of the current phase."""
    phase = current(mission.phases)
    asked = phase.gate.casefold() if phase is not None and phase.status is PhaseStatus.WAITING else ""
    yield from (gate for gate in gates_of_features(mission) if gate.state is GateStatus.WAITING)
    yield from (gate for gate in mission.gates if asked and gate.name.casefold() == asked)


def is_open(status: str) -> bool:
    """Whether a gate with this status lets features start."""
    return GateStatus.of(status) in OPEN_GATE


def approval(mission: Mission, gate: Gate) -> Advice:
    """Return the command that opens a gate."""
    return do("approve", mission.id, gate.name)


def idle_gates(draft: Draft) -> Iterator[Hold]:
    """Yield the holds on the end of the mission: gates that are not open and block no feature."""
    for gate in gates_of_features(draft.mission):
        if not gate.blocks and not is_open(gate.status):
            hold = _gate_hold(draft, gate, "")
            yield replace(hold, unblock=hold.unblock or approval(draft.mission, gate), person=hold.until is None)


def hold_kind(gate: Gate) -> HoldKind:
    """Return the hold of a gate that is not open."""
    return HoldKind.GATE if gate.kind is None else _HELD_BY[gate.kind]


def _gate_hold(draft: Draft, gate: Gate, subject: str) -> Hold:
    kind = hold_kind(gate)
    approve, unfinished = approval(draft.mission, gate), _before(draft, gate)
    if gate.kind is GateKind.DELAY:
        said = f": {gate.message}" if gate.message else ""
        words, until = f"the delay `{gate.name}` ({gate.length}) is not over{said}", _until(gate)
        person = until is None and not unfinished
        return Hold(subject, HoldKind.DELAY, words, until=until, unblock=approve, person=person)
    if unfinished and gate.kind is not None and gate.status.casefold() in {"", GateStatus.PENDING}:
        words = f"`{gate.name}` waits for {', '.join(unfinished)}"
        return Hold(subject, kind, words, unblock=approve)
    return Hold(subject, kind, f"`{gate.name}` is {gate.status or GateStatus.PENDING}", unblock=approve, person=True)


def _before(draft: Draft, gate: Gate) -> list[str]:
    """Return the unfinished features that a gate waits for."""
    after = (draft.mission.feature(number) for number in gate.after)
    return [f.number for f in after if f is not None and not f.finished]


def _until(gate: Gate) -> datetime | None:
    _, _, text = gate.status.partition(f"{GateStatus.UNTIL} ")
    return parse_stamp(text)


def quality(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield the holds of quality gates."""
    del milestone
    return _gate_holds(draft, feature, GateKind.QUALITY)


def checkpoints(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield the holds of checkpoints, approvals, and gates of an unknown kind."""
    del milestone
    return _gate_holds(draft, feature, GateKind.CHECKPOINT, GateKind.APPROVAL, None)


def delays(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield the holds of delays."""
    del milestone
    return _gate_holds(draft, feature, GateKind.DELAY)


def waits(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield the holds of external waits and open requests."""
    del milestone
    signal = do("signal", f"{draft.mission.id}/{feature.number}")
    for wait in draft.mission.waits:
        if wait.feature == feature.number and wait.holds:
            words = f"it waits for {wait.waiting_for}" + (
                _known(draft, wait) if wait.open else ", which has not happened"
            )
            until = _wait_ends(draft, wait) if wait.open else None
            person = until is None and not _is_unsent(draft, wait)
            yield Hold(feature.number, HoldKind.WAIT, words, until=until, unblock=signal, person=person)
    for request in draft.mission.requests:
        if request.feature == feature.number and request.open:
            answer = answer_to(draft.mission, request)
            yield Hold(feature.number, HoldKind.REQUEST, request.prompt, unblock=answer, person=True)


def _known(draft: Draft, wait: Wait) -> str:
    """Return what is known of a wait and of why it cannot be asked for, to be appended to a sentence."""
    occasion = draft.observation.occasions.get(wait.waiting_for)
    numbered = draft.observation.numbered.get(wait.waiting_for)
    at = f" ({stamp(occasion.at)})" if occasion is not None and occasion.at is not None else ""
    trouble = occasion.trouble if occasion is not None else numbered.trouble if numbered is not None else ""
    trouble = trouble or _of_mail(draft, wait)
    unknown = occasion is not None and occasion.at is None and not trouble and bool(wait.since)
    return at + (f": {trouble}" if trouble else ": no such event is ahead in the calendar" if unknown else "")


def _wait_ends(draft: Draft, wait: Wait) -> datetime | None:
    """Return when a wait ends by the clock: at the time that it names, or at its timeout."""
    kind, _, what = wait.waiting_for.partition(":")
    occasion = draft.observation.occasions.get(wait.waiting_for)
    due = parse_stamp(what) if kind == "time" else occasion.at if occasion is not None else None
    since = parse_stamp(wait.since) if wait.since else None
    if due is not None or since is None:
        return due
    told = reply_wait(wait.waiting_for)
    times, length = periods(wait.timeout, draft.policy.wait_lifetime, REPLY_PERIODS if told is not None else 1)
    return draft.observation.moved(since + length * times, since)


def _of_mail(draft: Draft, wait: Wait) -> str:
    """Return what is known of the mail to whose replies a wait refers."""
    told = reply_wait(wait.waiting_for)
    if told is None:
        return ""
    row = find_mail(draft.mission.mails, told.mail)
    if row is None:
        return "there is no mail with that number"
    missing = [address for address in row.to if address not in row.repliers]
    who = f"{row.name} is {row.status}, no reply from {', '.join(missing)}"
    return f"{who}; {draft.observation.mail.trouble}" if draft.observation.mail.trouble else who


def _is_unsent(draft: Draft, wait: Wait) -> bool:
    """Whether a wait refers to a mail that is not on its way: what that waits for is a hold of its own."""
    told = reply_wait(wait.waiting_for)
    row = find_mail(draft.mission.mails, told.mail) if told is not None and wait.open else None
    return row is not None and row.status in PENDING_MAIL
