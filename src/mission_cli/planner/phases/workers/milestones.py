"""Phases in which features are worked on: `milestone N`, and `milestones` for all that no other phase names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import do
from mission_cli.domain.phases.table import WorkerKind
from mission_cli.domain.status import MilestoneStatus
from mission_cli.planner.core.phases import milestones_of
from mission_cli.planner.phases.outcomes import Done, Person, Working
from mission_cli.planner.phases.workers.adoption import adoption

if TYPE_CHECKING:
    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome


def milestones(draft: Draft, phase: Phase) -> Outcome:
    """Finished when all its milestones have passed or were skipped."""
    waits = adoption(draft, phase) if phase.kind is WorkerKind.MILESTONES else None
    if waits is not None:
        return waits
    mine = milestones_of(draft.mission, phase)
    if not mine:
        missing = f"milestone {phase.milestone} does not exist" if phase.milestone else "it has no milestone"
        return Person(
            f"the phase `{phase.name}` cannot start: {missing}", do("add-milestone", draft.mission.id, "NAME")
        )
    if not all(milestone.finished for milestone in mine):
        return Working()
    passed = [str(m.number) for m in mine if m.status is MilestoneStatus.PASSED]
    skipped = [str(m.number) for m in mine if m.status is MilestoneStatus.SKIPPED]
    said = [f"{_named(numbers)} {word}" for numbers, word in ((passed, "passed"), (skipped, "skipped")) if numbers]
    return Done(", ".join(said))


def _named(numbers: list[str]) -> str:
    return f"milestone{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
