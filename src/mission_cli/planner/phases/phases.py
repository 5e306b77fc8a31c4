"""Decide about the phases of a mission: one step in a round, which the next round observes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line, parse_stamp, show_duration, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted, noted_at
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.planner.core.approvals import standing
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.phases import MovePhase
from mission_cli.planner.core.phases import entry_time, milestones_of, rule_of, sender_of
from mission_cli.planner.phases.outcomes import Done, Failed, Person, Working
from mission_cli.planner.phases.returns import go_back, send_back
from mission_cli.planner.phases.workers.registry import outcome_of
from mission_cli.planner.preview.follow import shown_at

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.notice import Advice
    from mission_cli.domain.phases.gates import GateRule
    from mission_cli.domain.phases.look import PhaseLook
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.tables import Approval
    from mission_cli.planner.core.approvals import Standing
    from mission_cli.planner.core.draft import Draft


def phases(draft: Draft) -> None:
    """Go back if something is open again; otherwise advance the current phase by one step."""
    mission = draft.mission
    if mission.status is not MissionStatus.ACTIVE or not mission.phases or _goes_back(draft):
        return
    phase = current(mission.phases)
    if phase is None:
        return
    if phase.status is PhaseStatus.PENDING:
        _enter(draft, phase)
    elif phase.status is PhaseStatus.ACTIVE:
        _work(draft, phase)
    elif phase.status is PhaseStatus.WAITING:
        _wait(draft, phase)
    else:
        _hold_for_person(draft, phase)


def _goes_back(draft: Draft) -> bool:
    """Go back to a finished phase that has open milestones again, or to what stands before later, begun phases."""
    listed = draft.mission.phases
    now = current(listed)
    here = len(listed) if now is None else listed.index(now)
    for phase in listed[:here]:
        left = [m for m in milestones_of(draft.mission, phase) if not m.finished]
        if left:
            source = now or listed[-1]
            go_back(draft, source, phase, f"back to {phase.name}: milestone {left[0].number} is no longer finished")
            return True
    begun = [p for p in listed[here + 1 :] if p.status not in {PhaseStatus.PENDING, PhaseStatus.SKIPPED}]
    if now is not None and begun:
        go_back(draft, begun[-1], begun[0], f"{begun[0].name} is pending: {now.name} comes before it")
    return bool(begun)


def _enter(draft: Draft, phase: Phase) -> None:
    """Enter a phase. Decisions at its gate that were made before do not count."""
    listed = draft.mission.phases
    entered = entry_time(draft.mission, phase, draft.observation.now)
    why = f"the phase {phase.name} is entered ({listed.index(phase) + 1} of {len(listed)})"
    draft.transitions.append(
        MovePhase(phase.name, phase.raw_status, PhaseStatus.ACTIVE, why, entered=entered, exited="", result="")
    )


def _work(draft: Draft, phase: Phase) -> None:
    outcome = outcome_of(draft, phase)
    match outcome:
        case Working():
            if outcome.detail:
                draft.hold("", HoldKind.PHASE, f"phase {phase.name}: {outcome.detail}")
        case Done() if phase.gate:
            why = f"the gate {phase.gate} of the phase {phase.name} waits for {_wanted(rule_of(draft.mission, phase))}"
            move = MovePhase(phase.name, phase.raw_status, PhaseStatus.WAITING, why, gate=phase.gate)
            draft.transitions.append(_with_result(move, outcome.result))
        case Done():
            _finish(draft, phase, outcome.result)
        case Failed():
            send_back(draft, phase, outcome, sender_of(phase))
        case Person():
            advance = do("advance", draft.mission.id, "--expected-phase", phase.name)
            draft.hold("", HoldKind.PHASE, outcome.question, unblock=outcome.command or advance, person=True)


def _with_result(move: MovePhase, result: str) -> MovePhase:
    return MovePhase(move.name, move.was, move.to, move.why, move.gate, result=result) if result else move


def _finish(draft: Draft, phase: Phase, result: str) -> None:
    now = draft.observation.now
    entered = parse_stamp(phase.entered)
    took = f" after {show_duration(max(timedelta(0), draft.observation.since(entered)))}" if entered else ""
    why = f"the phase {phase.name} is done{took}" + (f": {result}" if result else "")
    draft.transitions.append(
        MovePhase(phase.name, phase.raw_status, PhaseStatus.DONE, why, exited=stamp(now), result=result)
    )


# Gates


def _wait(draft: Draft, phase: Phase) -> None:
    """Decide about the gate of a phase whose worker is done."""
    mission, look = draft.mission, draft.observation.phase
    rule = rule_of(mission, phase)
    if rule.wrong:
        words = f"the rule of the gate `{phase.gate}` cannot be read: {rule.wrong}"
        draft.hold("", HoldKind.PHASE, words, unblock=do("edit", mission.id), person=True)
        return
    found = standing(mission, phase, look)
    _say_void(draft, phase, found)
    if found.rejected is not None:
        _reject(draft, phase, found.rejected)
    elif rule.document and (wrong := _unreadable(rule.document, look)):
        send_back(draft, phase, Failed(f"the gate {phase.gate} has nothing to approve: {wrong}"), sender_of(phase))
    elif len(found.approved) >= rule.approvals:
        said = f"approved by {', '.join(_who(a) for a in found.approved)}"
        draft.transitions.append(Note(EventKind.APPROVAL_RESOLVED, f"the gate {phase.gate} is {said}"))
        _finish(draft, phase, "; ".join(filter(None, (phase.result, said))))
    elif not _is_over(draft, phase, rule):
        _ask(draft, phase, rule, found)


def _unreadable(document: str, look: PhaseLook) -> str:
    """Return why people cannot decide about a document: it is missing or cannot be read; empty if they can."""
    found = look.documents.get(document)
    if found is None:
        return f"`research/{document}` is missing"
    return f"`research/{document}` cannot be read: {found.problem}" if found.problem else ""


def _who(row: Approval) -> str:
    return row.by.strip() or "a person"


def _reject(draft: Draft, phase: Phase, row: Approval) -> None:
    said = f"rejected by {_who(row)}" + (f": {one_line(row.comment)}" if row.comment else "")
    draft.transitions.append(Note(EventKind.APPROVAL_RESOLVED, f"the gate {phase.gate} is {said}"))
    send_back(draft, phase, Failed(f"the gate {phase.gate} is {said}"), _who(row))


def _say_void(draft: Draft, phase: Phase, found: Standing) -> None:
    """Say once of each decision that it does not count."""
    for row, why in found.void:
        about = f"{phase.gate} {row.at} {_who(row)}"
        if not is_noted(draft.mission, EventKind.APPROVAL_VOID, about):
            words = f"{_who(row)} {row.decision} the gate {phase.gate}, which does not count: {why}"
            draft.transitions.append(Note(EventKind.APPROVAL_VOID, words, about=(about,)))


def _is_over(draft: Draft, phase: Phase, rule: GateRule) -> bool:
    """Whether the time for a decision is over, which counts as a rejection."""
    asked = (noted_at(draft.mission, EventKind.APPROVAL_REQUIRED, phase.gate), parse_stamp(phase.entered))
    since = [at for at in asked if at is not None]
    if rule.within is None or not since:
        return False
    left = rule.within - draft.observation.since(max(since))
    if not draft.has_come("", f"the gate {phase.gate} was not approved in time", left):
        return False
    why = f"the gate {phase.gate} was not approved within {show_duration(rule.within)}"
    draft.transitions.append(Note(EventKind.APPROVAL_RESOLVED, f"{why}, which counts as rejected"))
    send_back(draft, phase, Failed(why), sender_of(phase))
    return True


def _ask(draft: Draft, phase: Phase, rule: GateRule, found: Standing) -> None:
    mission, look = draft.mission, draft.observation.phase
    words = f"the gate `{phase.gate}` waits for {_wanted(rule, len(found.approved))}"
    about = f" of `research/{rule.document}`" if rule.document else f" of {look.subject[:7]}" if look.subject else ""
    shown = f", shown at {url}" if (url := shown_at(mission)) else ""
    draft.hold("", HoldKind.APPROVAL, words + about + shown, unblock=_decide(mission, phase, rule), person=True)


def _decide(mission: Mission, phase: Phase, rule: GateRule) -> Advice:
    """Return the commands that show what a gate is about and approve it."""
    approve = do("approve", mission.id, phase.gate)
    if rule.document == SUGGESTIONS:
        choose = do("approve", mission.id, phase.gate, "--choose", "N")
        return advise(do("show", mission.id, "--suggestions"), ", then ", choose)
    if rule.document == REQUIREMENTS:
        return advise(do("show", mission.id, "--prd"), ", then ", approve)
    return approve


def _wanted(rule: GateRule, there: int = 0) -> str:
    """Return what a gate waits for: `1 more approval by ada or grace`."""
    more = "more " if there else ""
    by = f" by {' or '.join(rule.by)}" if rule.by else ""
    return f"{counted(rule.approvals - there, f'{more}approval')}{by}"


def _hold_for_person(draft: Draft, phase: Phase) -> None:
    mission = draft.mission
    if phase.status is None:
        words = f"the phase `{phase.name}` has the status `{phase.raw_status}`, which is not known"
        draft.hold("", HoldKind.PHASE, words, unblock=do("edit", mission.id), person=True)
        return
    skip = do("skip", mission.id, "--phase", phase.name, "--reason", "TEXT")
    again = advise(do("retry", mission.id, "--phase"), ", or ", skip)
    words = f"the phase `{phase.name}` failed: {phase.result or 'it says no reason'}"
    draft.hold("", HoldKind.PHASE, words, unblock=again, person=True)
