"""Which workers run, how many more may start, and the runner and model of a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import Notice, do
from mission_cli.planner.core.decisions import Dispatch
from mission_cli.planner.core.policy import RunnerPolicy

if TYPE_CHECKING:
    from mission_cli.domain.routing import Route
    from mission_cli.domain.runs import RunRecord
    from mission_cli.planner.core.draft import Draft


def occupied(draft: Draft) -> list[RunRecord]:
    """Return attempts that occupy a worker's slot: intended, not manual, not ended; including those of this round."""
    ended = {run for run, job in draft.observation.jobs.items() if job.exit is not None}
    open_now = [r for r in draft.open_records() if not (r.by or r.run in ended or r.run in draft.settling)]
    return open_now + [m.record for m in draft.transitions if isinstance(m, Dispatch)]


def active_runs(draft: Draft) -> int:
    """Return how many attempts occupy a worker's slot."""
    return len(occupied(draft))


def free_slots(draft: Draft) -> int:
    """Return how many more workers this mission may start now."""
    mine = draft.policy.parallel(draft.mission.preferences.max_parallel_workers, draft.mission.mode)
    started = sum(isinstance(m, Dispatch) for m in draft.transitions)
    return max(0, min(mine - active_runs(draft), draft.observation.free_slots - started))


def runner_of(draft: Draft, route: Route) -> RunnerPolicy:
    """Return the runner of a route; one with a problem if there is none of that name."""
    words = f"there is no runner called `{route.runner}`" if route.runner else "the mission names no runner"
    return draft.policy.runners.get(route.runner, RunnerPolicy(obstacle=Notice(words, do("doctor"))))


def model_of(runner: RunnerPolicy, route: Route) -> str:
    """Return the runner's name for the model of a tier."""
    return runner.models.get(route.tier, route.tier)
