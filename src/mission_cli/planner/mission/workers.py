"""Which workers run, how many more may start, and the runner and model of a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import Notice, do
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.policy import RunnerPolicy

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.routing import Route
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft


def occupied(draft: Draft) -> list[RunRecord]:
    """Return attempts that occupy a worker's slot: intended, not manual, not ended; including those of this round."""
    ended = {run for run, job in draft.observation.jobs.items() if job.exit is not None}
    open_now = [r for r in draft.open_records() if not (r.by or r.run in ended or r.run in draft.settling)]
    return open_now + [m.record for m in draft.transitions if isinstance(m, Dispatch)]


def active_runs(draft: Draft) -> int:
    """Return how many attempts occupy a worker's slot."""
    return len(occupied(draft))


def mission_room(draft: Draft) -> int:
    """Return how many more workers this mission may have by its own number, wherever they run."""
    mine = draft.policy.parallel(draft.mission.preferences.max_parallel_workers, draft.mission.mode)
    return max(0, mine - active_runs(draft))


def free_here(draft: Draft) -> int:
    """Return how many more workers this mission may start on this machine now."""
    started = sum(isinstance(m, Dispatch) and not m.record.ran_on for m in draft.transitions)
    return max(0, min(mission_room(draft), draft.observation.free_slots - started))


def runner_of(draft: Draft, route: Route) -> RunnerPolicy:
    """Return the runner of a route; one with a problem if there is none of that name."""
    words = f"there is no runner called `{route.runner}`" if route.runner else "the mission names no runner"
    return draft.policy.runners.get(route.runner, RunnerPolicy(obstacle=Notice(words, do("doctor"))))


def model_of(runner: RunnerPolicy, route: Route) -> str:
    """Return the runner's name for the model of a tier."""
    return runner.models.get(route.tier, route.tier)


def next_attempt(draft: Draft, family: FeatureNumber) -> int:
    """Return the number of the next run of a family, such as reviews, after those that begin in this round."""
    promised = [m.record for m in draft.transitions if isinstance(m, Dispatch) and m.record.feature == family]
    taken = [r.attempt for r in (*draft.records_of(family), *promised)]
    return max(draft.observation.highest.get(family, 0), *taken, 0) + 1


def why_unusable(draft: Draft, runner: RunnerPolicy, model: str) -> str:
    """Return why a review or judgment cannot use a runner with a model; empty if it can."""
    if runner.obstacle:
        return runner.obstacle.text
    limits = draft.mission.limits
    bounded = runner.bounded or limits.tokens is not None
    if not runner.self_priced and limits.usd is not None and not bounded and runner.step_cost(model) is None:
        return f"the price of `{model}` is unknown, and only dollars limit the mission"
    return ""


def why_none_starts(draft: Draft, *, paused: bool = False) -> tuple[HoldKind, str, datetime | None] | None:
    """Return why no review or judgment may start in this round, and until when; None if it may.

    `paused`: it may also start while the mission is paused.
    """
    observation, soon = draft.observation, draft.observation.now + LOOK_AGAIN
    waits = draft.mission.status is MissionStatus.PAUSED and paused
    if not waits and (draft.mission.status is not MissionStatus.ACTIVE or draft.halted):
        return HoldKind.MISSION, draft.halted or f"the mission is {draft.mission.status}", None
    if observation.remote_problem:
        return HoldKind.REMOTE, f"the remote cannot be used: {observation.remote_problem}", None
    if observation.opens_at is not None:
        return HoldKind.HOURS, f"workers may run from {observation.opens_at:%H:%M}", observation.opens_at
    if observation.shortage:
        return HoldKind.MACHINE, observation.shortage, soon
    return None if free_here(draft) else (HoldKind.SLOT, "every worker slot is taken", soon)
