"""Approved requirements become milestones and features, once, when the phase that builds them is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import do
from mission_cli.domain.phases.look import PhaseLook
from mission_cli.domain.phases.proposals import REQUIREMENTS
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.status import GateStatus
from mission_cli.planner.core.approvals import decisions, standing
from mission_cli.planner.core.moves.phases import AdoptPlan
from mission_cli.planner.core.phases import rule_of
from mission_cli.planner.phases.outcomes import Person, Working
from mission_cli.planner.phases.returns import go_back

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome


def adoption(draft: Draft, phase: Phase) -> Outcome | None:
    """Return what a phase waits for before its milestones are worked on; None if there is nothing to adopt.

    What was approved counts, and nothing else: another document goes back to its gate. After the adoption the mission
    file is what counts, whatever happens to the document.
    """
    mission = draft.mission
    gated = _gate_before(mission, phase)
    if gated is None or _is_adopted(mission, gated):
        return None
    path = f"research/{REQUIREMENTS}"
    found = draft.observation.phase.documents.get(REQUIREMENTS)
    enough = rule_of(mission, gated).approvals
    if found is None or len(standing(mission, gated, PhaseLook(found.blob)).approved) < enough:
        what = "is missing" if found is None else "is not the one that was approved"
        go_back(draft, phase, gated, f"{phase.name} goes back to {gated.name}: {path} {what}")
    elif found.problem:
        return Person(f"the approved {path} cannot be read: {found.problem}", do("retry", mission.id, "--phase"))
    else:
        why = f"{path} ({found.blob[:7]}) becomes milestones and features"
        draft.transitions.append(AdoptPlan(found.blob, found.text, why))
    return Working()


def _gate_before(mission: Mission, phase: Phase) -> Phase | None:
    """Return the last phase before another one whose gate approved requirements; one that was skipped did not."""
    before = mission.phases[: mission.phases.index(phase)]
    gated = (p for p in reversed(before) if p.gate and rule_of(mission, p).document == REQUIREMENTS)
    found = next(gated, None)
    return found if found is not None and found.status is PhaseStatus.DONE else None


def _is_adopted(mission: Mission, gated: Phase) -> bool:
    """Whether what was approved in this pass through the gate is in the mission file already."""
    approved = [a.commit for a in decisions(mission, gated) if a.decision == GateStatus.APPROVED]
    return any(is_noted(mission, EventKind.PLAN_ADOPTED, blob) for blob in approved)
