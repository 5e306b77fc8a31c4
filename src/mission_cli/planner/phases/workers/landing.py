"""The phase in which the work lands; `milestones.landing` lands it, and only while this phase is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.forge.rows import TODO
from mission_cli.planner.phases.outcomes import Done, Working

if TYPE_CHECKING:
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome


def landing(draft: Draft, phase: Phase) -> Outcome:
    """Finished when the base contains the finished work, and no pull request of it is open."""
    del phase
    observation, mission = draft.observation, draft.mission
    landed = observation.landing.state in {LandState.LANDED, LandState.NOTHING}
    if observation.base is None or not landed or any(row.going and row.subject != TODO for row in mission.pulls):
        return Working()
    if observation.target is None:
        return Done("there was nothing to land")
    return Done(f"{observation.target[:7]} is on {mission.base}")
