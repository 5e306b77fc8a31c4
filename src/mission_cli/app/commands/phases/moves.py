"""Finish, retry or skip a phase by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line, parse_stamp, show_duration, stamp
from mission_cli.app.commands.features import records_of
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import Change, SetFeature, SetMilestone
from mission_cli.domain.errors import BlockedError, ConflictError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.table import PhaseStatus, WorkerKind, current, named
from mission_cli.domain.status import FINISHED_FEATURE, FeatureStatus, MilestoneStatus, MissionStatus
from mission_cli.engine.executions import fresh_tries
from mission_cli.engine.recording.phases import phase_cells
from mission_cli.planner.core.moves.phases import MovePhase
from mission_cli.planner.core.phases import entry_time, milestones_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.engine.context import Context

_LONGEST = 200
_STARTED = frozenset({MissionStatus.ACTIVE, MissionStatus.PAUSED})


def advance(ctx: Context, text: str, expected: str, *, result: str = "") -> Done:
    """Finish the current phase by hand; a gate of it is still asked.

    Raises ConflictError if another phase is the current one by now, BlockedError if it has open work.
    """

    def change(address: Address) -> Wanted:
        mission = address.mission
        phase = _current(mission, expected)
        _refuse_unfinished(mission, phase)
        now, said = ctx.clock.now(), one_line(result, _LONGEST)
        entered = phase.entered
        if not entered or phase.status is PhaseStatus.FAILED:
            entered = entry_time(mission, phase, now)
        to = PhaseStatus.WAITING if phase.gate else PhaseStatus.DONE
        exited = "" if phase.gate else stamp(now)
        move = MovePhase(phase.name, phase.raw_status, to, "", entered=entered, exited=exited, result=said)
        began = parse_stamp(phase.entered)
        took = f" after {show_duration(max(now - began, now - now))}" if began else ""
        words = f"the phase {phase.name} is done{took}" + (f": {said}" if said else "")
        words += f"; its gate {phase.gate} waits for people" if phase.gate else ""
        event = EventKind.APPROVAL_REQUIRED if phase.gate else EventKind.PHASE_DONE
        noted = (phase.gate,) if phase.gate else ()
        decisions = (f"Finish the phase {phase.name} by hand",)
        changes = tuple(phase_cells(mission, move))
        return Wanted(words, event, changes, decisions=decisions, reason=said, about=phase.name, noted=noted)

    return commit_change(ctx, text, change)


def retry_phase(ctx: Context, text: str, *, reason: str = "") -> Done:
    """Begin the current phase again: its worker, its gate, and its revisions. Attempt numbers of features continue."""

    def change(address: Address) -> Wanted:
        mission = address.mission
        phase = _current(mission, "")
        entered = entry_time(mission, phase, ctx.clock.now())
        move = MovePhase(phase.name, phase.raw_status, PhaseStatus.ACTIVE, "", entered=entered, exited="", result="")
        changes = (*phase_cells(mission, move), *_features_again(ctx, address, phase))
        words = f"the phase {phase.name} is retried" + (f": {reason}" if reason else "")
        decisions = (f"Retry the phase {phase.name}",)
        noted = (phase.name,)
        event = EventKind.PHASE_RETRIED
        return Wanted(words, event, changes, decisions=decisions, reason=reason, about=phase.name, noted=noted)

    return commit_change(ctx, text, change)


def skip_phase(ctx: Context, text: str, name: str, *, reason: str) -> Done:
    """Go on without a phase, the current one or a later one; what is not finished of its milestones is skipped, too."""
    if not reason.strip():
        raise UsageError("a reason is needed", hint="--reason TEXT; it is recorded in the Decision Log")

    def change(address: Address) -> Wanted:
        mission = address.mission
        phase = _named(mission, name)
        if phase.over:
            raise UsageError(
                f"the phase `{phase.name}` is {phase.status}", hint="only unfinished phases can be skipped"
            )
        now = stamp(ctx.clock.now())
        move = MovePhase(phase.name, phase.raw_status, PhaseStatus.SKIPPED, "", exited=now, result=f"skipped: {reason}")
        left = [m for m in milestones_of(mission, phase) if not m.finished]
        changes: list[Change] = [*phase_cells(mission, move)]
        changes += [SetMilestone(m.number, "Status", MilestoneStatus.SKIPPED) for m in left]
        features = [f for m in left for f in m.features if f.status not in FINISHED_FEATURE]
        changes += [SetFeature(f.number, "Status", FeatureStatus.SKIPPED) for f in features]
        also = f", with {counted(len(features), 'feature')}" if features else ""
        words = f"the phase {phase.name} is skipped{also}: {reason}"
        decisions = (f"Skip the phase {phase.name}",)
        return Wanted(
            words, EventKind.PHASE_SKIPPED, tuple(changes), decisions=decisions, reason=reason, about=phase.name
        )

    return commit_change(ctx, text, change)


def _named(mission: Mission, name: str) -> Phase:
    """Return a phase by its name. Raises UsageError without phases, NotFoundError without this one."""
    if not mission.phases:
        hint = advise("they are a table `## Phases` in its file: ", do("edit", mission.id))
        raise UsageError(f"{mission.id} has no phases", hint=hint)
    found = named(mission.phases, name)
    if found is None:
        known = ", ".join(phase.name for phase in mission.phases)
        raise NotFoundError(f"{mission.id} has no phase `{name}`", hint=f"its phases: {known}")
    return found


def _current(mission: Mission, expected: str) -> Phase:
    """Return the current phase. Raises ConflictError if it is not the expected one; empty: whichever it is."""
    wanted = _named(mission, expected or (mission.phases[0].name if mission.phases else ""))
    if mission.status not in _STARTED:
        raise BlockedError(f"{mission.id} is {mission.raw_status}", hint=do("start", mission.id))
    now = current(mission.phases)
    if now is None:
        raise ConflictError(f"every phase of {mission.id} is over", hint=do("status", mission.id))
    if expected and now.name != wanted.name:
        words = f"{mission.id} is in the phase `{now.name}` by now, and not in `{wanted.name}`"
        raise ConflictError(words, hint=advise("look at it again: ", do("status", mission.id)))
    return now


def _refuse_unfinished(mission: Mission, phase: Phase) -> None:
    """Raise BlockedError for a phase that is not for a person to finish: its gate, its features, its landing."""
    skip = do("skip", mission.id, "--phase", phase.name, "--reason", "TEXT")
    if phase.status is PhaseStatus.WAITING:
        words = f"the phase `{phase.name}` is done, and its gate `{phase.gate}` waits for people"
        raise BlockedError(words, hint=do("approve", mission.id, phase.gate))
    left = [f.number for m in milestones_of(mission, phase) if not m.finished for f in m.features if not f.finished]
    if left or any(not m.finished for m in milestones_of(mission, phase)):
        words = f"the phase `{phase.name}` has open work" + (f": {', '.join(left[:5])}" if left else "")
        raise BlockedError(words, hint=advise("to continue without it: ", skip))
    if phase.kind is WorkerKind.LANDING:
        raise BlockedError(f"the work has not landed in the phase `{phase.name}`", hint=do("land", mission.id))


def _features_again(ctx: Context, address: Address, phase: Phase) -> Iterator[Change]:
    """Yield fresh tries for the failed features of a phase; if none failed, for all that a named milestone has done."""
    records = records_of(ctx, address)
    mine = milestones_of(address.mission, phase)
    for milestone in mine:
        again = [f for f in milestone.features if f.status is FeatureStatus.FAILED]
        if not again and phase.kind is WorkerKind.MILESTONE:
            again = [f for f in milestone.features if f.status is FeatureStatus.DONE and not f.fixes]
        for feature in again:
            if any(r.open and r.feature == feature.number for r in records):
                hint = advise("stop it first: ", do("skip", f"{address.mission.id}/{feature.number}"))
                raise ConflictError(f"{feature.number} has a running attempt", hint=hint)
            yield from fresh_tries(address.loaded, feature, records)
        if again and milestone.status in {MilestoneStatus.PASSED, MilestoneStatus.VALIDATING}:
            yield SetMilestone(milestone.number, "Status", MilestoneStatus.ACTIVE)
