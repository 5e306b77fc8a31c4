"""What waits for a person in one mission: questions, holds that only a person ends, and what keeps pulses from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.queries.needs.actions import actions_of
from mission_cli.app.queries.needs.behind import waits_for
from mission_cli.app.queries.needs.since import FAILED, GATES, since_of
from mission_cli.app.results.waiting import NeedsMe, Waiting
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.mail.rows import MailStatus
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import FeatureStatus, GateStatus, HoldKind, MissionStatus, WaitStatus
from mission_cli.planner.core.decisions import Hold
from mission_cli.planner.core.requests import answer_to
from mission_cli.planner.core.waits import approval, gates_of_features, hold_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest
    from mission_cli.engine.case import Case

_NEW = frozenset({MissionStatus.DRAFT, MissionStatus.PLANNING})
_OF_ALL = frozenset({"edit", "lint", "doctor", "why", "cron install", "pulse"})
"""Commands that help with many things: what they are needed for tells these apart."""
_OF_ONE = frozenset({HoldKind.ROW, HoldKind.PULL, HoldKind.MILESTONE, HoldKind.CHECK})
"""Holds of which each subject has its own, although the words may be the same."""
_END = frozenset({HoldKind.LANDING, HoldKind.RECOVERY, HoldKind.PREVIEW, HoldKind.DEPLOY})
"""Holds for which no feature waits."""


def waiting_of(case: Case, unserved: Sequence[Hold]) -> list[Waiting]:
    """Return what waits for a person, each with what helps, and nothing twice."""
    mission = case.mission
    found = [*waiting_at_all(unserved), *(_asked(mission, request) for request in mission.open_requests())]
    said = {one.unblock for one in found}  # of a file that cannot be read, and of a question, a hold says nothing more
    holds = [hold for hold in case.plan.holds if _is_for_people(mission, hold) and hold.unblock not in said]
    if is_elsewhere(mission.host, case.observation.me):
        holds += _in_the_file(mission)
    return [*found, *(_held(case, *together) for together in _once(holds))]


def waiting_at_all(unserved: Sequence[Hold]) -> list[Waiting]:
    """Return the errors that keep pulses from serving a mission, as things that wait for a person."""
    return [Waiting(hold.kind, hold.detail, "", hold.unblock, actions=actions_of(hold.unblock)) for hold in unserved]


def in_brief(found: Iterable[Waiting]) -> tuple[NeedsMe, ...]:
    """Return the same in brief."""
    return tuple(NeedsMe(one.kind, one.name, one.since, str(one.unblock)) for one in found)


def _is_for_people(mission: Mission, hold: Hold) -> bool:
    """Whether a hold is shown: only a person ends it, and nothing else that is shown says the same."""
    if not hold.person or hold.kind in {HoldKind.REQUEST, HoldKind.SLOT}:
        return False  # a request is listed as such
    if hold.kind is HoldKind.MISSION:
        return not hold.subject and mission.managed and mission.status not in _NEW
    return True


def _once(holds: Sequence[Hold]) -> list[list[Hold]]:
    """Return the holds that one decision ends together; first the one that says most, and what depends on it last."""
    found: dict[object, list[Hold]] = {}
    for hold in holds:
        found.setdefault(what_ends(hold), []).append(hold)
    return [sorted(one, key=lambda hold: hold.kind is HoldKind.DEPENDENCY) for one in found.values()]


def what_ends(hold: Hold) -> object:
    """Return what a hold is recognized by: the decision that ends it, or else its text."""
    first = next(iter(hold.unblock.remedies), None)
    if first is None or first.command in _OF_ALL:
        return hold.kind, hold.detail, hold.subject if hold.kind in _OF_ONE else ""
    return first


def _asked(mission: Mission, request: InputRequest) -> Waiting:
    advice = answer_to(mission, request)
    return Waiting(
        "request",
        request.prompt,
        request.asked,
        advice,
        request.urgency,
        options=request.answers.options,
        free_text=request.free_text,
        number=request.number,
        expires=request.expires,
        subject=request.feature,
        waits=waits_for(mission, {request.feature}) if request.feature[:1].isdecimal() else (),
        actions=actions_of(advice),
    )


def _held(case: Case, hold: Hold, *others: Hold) -> Waiting:
    mission, trouble = case.mission, case.observation.forge.trouble
    name = f"{hold.subject}: {_words(case, hold)}" if hold.subject else _words(case, hold)
    if hold.kind is HoldKind.FORGE and trouble is not None:
        name = f"pull requests wait: {trouble.text}"
    advice = _helps(mission, hold)
    return Waiting(
        hold.kind,
        name,
        since_of(mission, case.observation.records, hold),
        advice,
        subject=hold.subject,
        waits=_behind(mission, hold, {one.subject for one in others}),
        actions=actions_of(advice),
    )


def _behind(mission: Mission, hold: Hold, others: set[str]) -> tuple[str, ...]:
    if hold.kind in _END:
        return ()
    if hold.kind in GATES and not hold.subject:
        gate = next((g for g in mission.gates if approval(mission, g) == hold.unblock), None)
        return waits_for(mission, {*gate.blocks, *others} if gate is not None else {""})
    return waits_for(mission, {hold.subject, *others})


def _helps(mission: Mission, hold: Hold) -> Advice:
    if hold.kind not in FAILED:
        return hold.unblock
    return advise(hold.unblock, ", or ", do("why", f"{mission.id}/{hold.subject}"), " for its output and other choices")


def _words(case: Case, hold: Hold) -> str:
    """Return why something is held: without the command that follows, and with what a failed worker printed."""
    words = hold.detail.removesuffix(f": {hold.unblock}")
    records = [r for r in case.observation.records if r.feature == hold.subject and not r.open]
    last = max(records, key=lambda r: r.attempt, default=None) if hold.kind in FAILED else None
    return f"{words}: {last.error}" if last is not None and last.error and last.error not in words else words


def _in_the_file(mission: Mission) -> Iterator[Hold]:
    """Yield what the file alone says to wait for a person: another clone drives the mission, and decides the rest."""
    if mission.status is MissionStatus.PAUSED:
        yield Hold("", HoldKind.PAUSED, "it is paused", unblock=do("resume", mission.id), person=True)
    for gate in gates_of_features(mission):
        if gate.state is GateStatus.WAITING:
            words = f"`{gate.name}` waits for a person"
            yield Hold("", hold_kind(gate), words, unblock=approval(mission, gate), person=True)
    phase = current(mission.phases)
    if phase is not None and phase.status is PhaseStatus.WAITING:
        words = f"the gate `{phase.gate}` waits for a person"
        yield Hold("", HoldKind.APPROVAL, words, unblock=do("approve", mission.id, phase.gate), person=True)
    if mission.status is MissionStatus.ACTIVE:
        yield from _failed_in_the_file(mission)


def _failed_in_the_file(mission: Mission) -> Iterator[Hold]:
    for feature in mission.features():
        if feature.status is FeatureStatus.FAILED:
            retry = do("retry", f"{mission.id}/{feature.number}")
            yield Hold(feature.number, HoldKind.FAILED, "it is marked as failed", unblock=retry, person=True)
    for wait in mission.waits:
        if wait.status == WaitStatus.FAILED:
            words = f"it waits for {wait.waiting_for}, which has not happened"
            signal = do("signal", f"{mission.id}/{wait.feature}")
            yield Hold(wait.feature, HoldKind.WAIT, words, unblock=signal, person=True)
    for row in mission.mails:
        if row.status in {MailStatus.UNSURE, MailStatus.FAILED}:
            words = f"{row.name} to {', '.join(row.to)} is {row.status}"
            again = do("mail", mission.id, row.number, "--again")
            yield Hold(row.feature, HoldKind.MAIL, words, unblock=again, person=True)
