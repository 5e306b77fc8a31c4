"""Go back to an earlier phase: after a rejection, a failure, or because something in it is open again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line, signature, stamp
from mission_cli.domain.ids import FeatureNumber, feature_order
from mission_cli.domain.phases.table import PhaseStatus, WorkerKind, named
from mission_cli.domain.status import FeatureStatus, MilestoneStatus
from mission_cli.planner.core.moves.milestones import AddFix, MoveMilestone
from mission_cli.planner.core.moves.phases import MovePhase, RetryFeature, ReturnToPhase
from mission_cli.planner.core.phases import milestones_of, revisions_left, rule_of
from mission_cli.planner.core.transitions import move_milestone

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Failed

_AGAIN = frozenset({FeatureStatus.DONE, FeatureStatus.FAILED})
_SHORT, _LONG = 60, 4000


def send_back(draft: Draft, phase: Phase, failed: Failed, sender: str) -> None:
    """Go back to the phase in On reject, with the reason for its workers; without one a person decides."""
    mission = draft.mission
    target = named(mission.phases, phase.on_reject) if phase.on_reject else None
    if target is None or mission.phases.index(target) > mission.phases.index(phase):
        _stop(draft, phase, f"{failed.why}; it names no phase to go back to")
    elif not revisions_left(mission, phase):
        _stop(draft, phase, f"{failed.why}; {counted(rule_of(mission, phase).revisions, 'revision')} did not help")
    else:
        work = _work_of(draft, phase, target, failed, sender)
        if target.has_milestones and not work:
            _stop(draft, phase, f"{failed.why}; the phase `{target.name}` has no milestone to work on")
            return
        go_back(draft, phase, target, f"{phase.name} goes back to {target.name}: {failed.why}", counts=True)
        draft.transitions += work


def go_back(draft: Draft, phase: Phase, target: Phase, why: str, *, counts: bool = False) -> None:
    """Make every phase from the target on pending that is not so already; skipped ones after it stay skipped."""
    phases = draft.mission.phases
    after = phases[phases.index(target) :]
    reset = [p for p in after if p is target or (p.status is not PhaseStatus.SKIPPED and not _is_untouched(p))]
    names, cells = tuple(p.name for p in reset), tuple(p.raw_status for p in reset)
    draft.transitions.append(ReturnToPhase(phase.name, target.name, names, cells, why, counts))


def _is_untouched(phase: Phase) -> bool:
    return phase.status is PhaseStatus.PENDING and not phase.entered


def _stop(draft: Draft, phase: Phase, why: str) -> None:
    """A person decides how to go on with a phase."""
    words, now = f"the phase {phase.name} failed: {why}", stamp(draft.observation.now)
    draft.transitions.append(MovePhase(phase.name, phase.raw_status, PhaseStatus.FAILED, words, exited=now, result=why))


def fixing_milestone(mission: Mission, phase: Phase) -> Milestone | None:
    """Return the milestone that gets fix features when the work goes back to a phase; None if it has none."""
    return next((m for m in reversed(milestones_of(mission, phase)) if m.status is not MilestoneStatus.SKIPPED), None)


def _work_of(
    draft: Draft, phase: Phase, target: Phase, failed: Failed, sender: str
) -> list[AddFix | MoveMilestone | RetryFeature]:
    """Return what makes the features of the target phase work again."""
    milestone = fixing_milestone(draft.mission, target)
    if milestone is None:
        return []
    again = [f for f in milestone.features if f.status in _AGAIN and not f.fixes]
    if target.kind is WorkerKind.MILESTONE and again and not failed.fixes:
        found: list[AddFix | MoveMilestone | RetryFeature] = [_retried(f, failed, sender) for f in again]
    else:
        found = [*(failed.fixes or (_fix(draft, milestone, phase, failed, sender),))]
    if milestone.status in {MilestoneStatus.PASSED, MilestoneStatus.VALIDATING}:
        move_milestone(milestone.status, MilestoneStatus.ACTIVE)
        why = f"milestone {milestone.number} is worked on again: {failed.why}"
        found.append(MoveMilestone(milestone.number, MilestoneStatus.ACTIVE, why))
    return found


def _retried(feature: Feature, failed: Failed, sender: str) -> RetryFeature:
    more = "" if failed.evidence in failed.why else failed.evidence
    told = one_line(" ".join(filter(None, (failed.why, more))), _LONG)
    return RetryFeature(feature.number, f"{feature.number} is tried again: {failed.why}", told, sender)


def _fix(draft: Draft, milestone: Milestone, phase: Phase, failed: Failed, sender: str) -> AddFix:
    """Return a fix feature for a rejection or a failure; what people and programs said is quoted in it."""
    first = draft.mission.next_feature_number(milestone.number)
    number = FeatureNumber(f"{milestone.number}.{feature_order(first)[1]}")
    name = signature(phase.name, phase.entered, failed.why)
    told = f"The phase `{phase.name}` did not accept the work ({sender}). Change it so that this is settled:"
    title = f"fix: {one_line(failed.why, _SHORT)}"
    said = "\n\n".join(filter(None, (failed.why, failed.evidence[-_LONG:])))
    return AddFix(milestone.number, number, title, name, told, None, f"{number} {title}", said)
