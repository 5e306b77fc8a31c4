"""Which function works on which kind of phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.phases.table import WorkerKind
from mission_cli.planner.phases.outcomes import Done, Person
from mission_cli.planner.phases.workers.command import command
from mission_cli.planner.phases.workers.landing import landing
from mission_cli.planner.phases.workers.milestones import milestones
from mission_cli.planner.phases.workers.preview import preview
from mission_cli.planner.phases.workers.reviews import reviews
from mission_cli.planner.phases.workers.tests import tests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.phases.table import Phase
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.phases.outcomes import Outcome, Worker


def outcome_of(draft: Draft, phase: Phase) -> Outcome:
    """Return how far an active phase is. A person finishes one whose worker is not known."""
    worker = None if phase.kind is None else WORKERS.get(phase.kind)
    return worker(draft, phase) if worker is not None else _by_person(phase)


def _nothing(draft: Draft, phase: Phase) -> Outcome:
    del draft, phase
    return Done()


def _by_person(phase: Phase) -> Outcome:
    return Person(f"no program finishes the phase `{phase.name}` with the worker `{phase.worker}`: you do")


WORKERS: Mapping[WorkerKind, Worker] = {
    WorkerKind.NONE: _nothing,
    WorkerKind.MILESTONE: milestones,
    WorkerKind.MILESTONES: milestones,
    WorkerKind.PREVIEW: preview,
    WorkerKind.LANDING: landing,
    WorkerKind.RUN: command,
    WorkerKind.TESTS: tests,
    WorkerKind.REVIEWS: reviews,
}
