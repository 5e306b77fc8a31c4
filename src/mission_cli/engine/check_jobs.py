"""What became of the jobs that judge criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.runs import CheckState, Job
from mission_cli.domain.status import EndReason, JobState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.domain.mission import Criterion, Mission
    from mission_cli.engine.world import World
    from mission_cli.planner.decisions import RunCheck
    from mission_cli.planner.policy import Policy


def check_states(world: World, policy: Policy, mission: Mission, wanted: Iterable[RunCheck]) -> dict[str, CheckState]:
    """Ask for every try at the wanted judgements; a key that nobody has tried yet is left out."""
    most = max(policy.check_tries, policy.killed_check_tries)
    criteria = {act.key: act.criterion for act in wanted}
    jobs = {(key, n): check_job(mission, key, n) for key in criteria for n in range(1, most + 1)}
    answers = world.executor.poll(list(jobs.values()))
    found: dict[str, CheckState] = {}
    for key, criterion in criteria.items():
        tries = [n for n in range(1, most + 1) if answers[jobs[key, n]].state is not JobState.UNKNOWN]
        if tries:
            found[key] = _check_state(world, policy, criterion, max(tries), answers[jobs[key, max(tries)]])
    return found


def check_job(mission: Mission, key: str, attempt: int) -> str:
    """The executor's key of one try at one judgement."""
    return f"{mission.id}/checks/{key}.{attempt}"


def _check_state(world: World, policy: Policy, criterion: Criterion, tries: int, job: Job) -> CheckState:
    if job.exit is None:
        return CheckState(tries, job)
    killed = job.exit.reason in {EndReason.LOST, EndReason.CANCELLED} or (job.exit.code or 0) < 0
    if killed and job.exit.reason is not EndReason.DEADLINE:
        if tries < policy.killed_check_tries:
            return CheckState(tries, job, again=True)
        return CheckState(tries, job, Verdict.COULD_NOT_RUN, f"it was killed {tries} times")
    verdict, detail = world.checks.verdict(criterion, job.exit, job.tail)
    again = verdict is Verdict.COULD_NOT_RUN and tries < policy.check_tries
    return CheckState(tries, job, None if again else verdict, detail, again=again)
