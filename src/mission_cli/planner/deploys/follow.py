"""Follow the deployments of a mission: one decision for each of them in a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import first_error, one_line
from mission_cli.domain.deploys.rows import (
    BUSY,
    MOST_TRIES,
    DeployRow,
    DeployStatus,
    health_key,
    job_key,
    newest,
    printed,
    rollback_key,
)
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import EndReason, HoldKind, JobState, MissionStatus
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.effects import DeployPart, RunCheck, RunDeploy
from mission_cli.planner.core.moves.outside import WriteDeploy
from mission_cli.planner.deploys.asking import approval, stuck, withdraw_for
from mission_cli.planner.deploys.plan import drop, write
from mission_cli.planner.resources.needs import missing_of

if TYPE_CHECKING:
    from mission_cli.domain.deploys.targets import Target
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.planner.core.draft import Draft

_UNKNOWN = frozenset({JobState.UNKNOWN, JobState.GONE})
_INTERRUPTED = frozenset({EndReason.LOST, EndReason.CANCELLED, EndReason.NOT_STARTED})
_LONGEST = 200


def deploys(draft: Draft) -> None:
    """Follow each deployment of which something is left to do, and say which ones wait for a person."""
    for row in draft.mission.deploys:
        last = newest(draft.mission.deploys, row.target)
        if row.going:
            _follow(draft, row)
        elif row.status is DeployStatus.FAILED and last is not None and last.number == row.number:
            _failed(draft, row)


def _follow(draft: Draft, row: DeployRow) -> None:
    target = draft.policy.targets.get(row.target)
    match row.status:
        case DeployStatus.PLANNED:
            _planned(draft, row, target)
        case DeployStatus.DEPLOYING:
            _deploying(draft, row, target)
        case DeployStatus.CHECKING:
            _checking(draft, row, target)
        case DeployStatus.STUCK:
            stuck(draft, row)
        case _:
            _returning(draft, row, target)


def _planned(draft: Draft, row: DeployRow, target: Target | None) -> None:
    """Start it, if it is the newest, nothing else is done to its target, and who has to approve it has."""
    mission = draft.mission
    last = newest(_with_planned(draft), row.target)
    if mission.status is MissionStatus.CANCELLED or mission.archived:
        over = "the mission is cancelled" if mission.status is MissionStatus.CANCELLED else "the mission is archived"
        withdraw_for(draft, row, over)
        drop(draft, row, over)
    elif last is not None and last.number != row.number:
        over = f"deployment {last.number} replaces it"
        withdraw_for(draft, row, over)
        drop(draft, row, over)
    elif target is None:
        words = f"deployment {row.number} cannot start: the settings have no target {row.target}"
        draft.hold("", HoldKind.DEPLOY, words, unblock=do("deploy", mission.id, row.target, "--drop"), person=True)
    elif target.obstacle is not None:
        words = f"deployment {row.number} to {row.target} cannot start: {target.obstacle.text}"
        draft.hold("", HoldKind.DEPLOY, words, unblock=target.obstacle.remedy, person=True)
    elif (by := approval(draft, row, target)) is not None and not _waits(draft, row, target):
        words = f"deployment {row.number} of {row.short} to {row.target} starts"
        words += f", approved by {by}" if by else ""
        row = replace(row, by=by, url=target.url)
        write(draft, row, DeployStatus.DEPLOYING, EventKind.DEPLOY_STARTED, words)


def _with_planned(draft: Draft) -> list[DeployRow]:
    """Return the deployments of the mission, with those that are planned in this round."""
    new = [move.row for move in draft.transitions if isinstance(move, WriteDeploy)]
    return [*draft.mission.deploys, *(row for row in new if row.status is DeployStatus.PLANNED)]


def _waits(draft: Draft, row: DeployRow, target: Target) -> bool:
    """Hold a deployment that would otherwise start now; whether it has to wait."""
    mission, seen = draft.mission, draft.observation
    busy = next((one for one in mission.deploys if one.target == row.target and one.status in BUSY), None)
    lacking = next(missing_of(mission, target.needs, seen.now), None)
    about = f"deployment {row.number} to {row.target}"
    if busy is not None:
        draft.hold("", HoldKind.DEPLOY, f"{about} starts when deployment {busy.number} is over")
    elif row.target in seen.deploying:
        words = f"{about} starts when the one of {seen.deploying[row.target]} is over"
        draft.hold("", HoldKind.DEPLOY, words, until=seen.now + LOOK_AGAIN)
    elif seen.remote_problem:
        draft.hold("", HoldKind.DEPLOY, f"{about} starts when the remote can be used")
    elif lacking is not None:
        draft.hold("", HoldKind.RESOURCE, f"{about} waits: {lacking[0]}", unblock=lacking[1], person=True)
    else:
        return False
    return True


def _deploying(draft: Draft, row: DeployRow, target: Target | None) -> None:
    job = _job(draft, row, job_key(draft.mission.id, row.number))
    if job is None:
        return
    if job.state in _UNKNOWN:
        words = f"{row.short} is deployed to {row.target}"
        draft.effects.append(RunDeploy(row.number, DeployPart.DEPLOY, 1, words))
    elif job.exit is None:
        draft.hold("", HoldKind.DEPLOY, f"deployment {row.number} to {row.target} runs")
    elif not _went_well(job):
        _fail(draft, row, target, how(job), begun=job.exit.reason is not EndReason.NOT_STARTED)
    else:
        url, version = printed(job.tail)
        row = replace(row, url=url or row.url, version=version)
        if target is not None and target.checks and target.at_url and not row.url:
            _fail(draft, row, target, "its command printed no URL, so its health cannot be checked", begun=True)
        elif target is not None and target.checks:
            words = f"deployment {row.number} of {row.short} to {row.target} has ended; its health is checked"
            write(draft, row, DeployStatus.CHECKING, EventKind.DEPLOY_CHECKED, words)
        else:
            _live(draft, row)


def _checking(draft: Draft, row: DeployRow, target: Target | None) -> None:
    jobs = draft.observation.previews
    tries = [n for n in range(1, MOST_TRIES + 1) if _is_known(jobs.get(health_key(draft.mission.id, row.number, n)))]
    attempt = max(tries, default=1)
    job = _job(draft, row, health_key(draft.mission.id, row.number, attempt))
    if job is None:
        return
    interrupted = job.exit is not None and job.exit.reason in _INTERRUPTED
    if job.state in _UNKNOWN or (interrupted and attempt < MOST_TRIES):
        _check(draft, row, attempt + interrupted)
    elif job.exit is None:
        draft.hold("", HoldKind.DEPLOY, f"the health of deployment {row.number} to {row.target} is checked")
    elif _went_well(job):
        _live(draft, row)
    else:
        _fail(draft, row, target, f"its health check failed: {how(job)}", begun=True)


def _check(draft: Draft, row: DeployRow, attempt: int) -> None:
    """Start the health check, when a slot for checks is free."""
    used = sum(isinstance(act, RunCheck) or (isinstance(act, RunDeploy) and act.is_check) for act in draft.effects)
    if used < draft.observation.free_checks:
        words = f"check the health of deployment {row.number}"
        draft.effects.append(RunDeploy(row.number, DeployPart.HEALTH, attempt, words))
    else:
        draft.wakes.append(draft.observation.now + LOOK_AGAIN)


def _live(draft: Draft, row: DeployRow) -> None:
    words = f"deployment {row.number} of {row.short} to {row.target} is live"
    words += f": {row.url}" if row.url else ""
    write(draft, row, DeployStatus.LIVE, EventKind.DEPLOY_LIVE, words)


def _fail(draft: Draft, row: DeployRow, target: Target | None, reason: str, *, begun: bool) -> None:
    """Record why it failed; what has begun is rolled back, if the target has a command for that."""
    row = replace(row, reason=one_line(reason, _LONGEST))
    words = f"deployment {row.number} of {row.short} to {row.target} failed: {row.reason}"
    if begun and target is not None and target.returns:
        write(draft, row, DeployStatus.RECOVERING, EventKind.DEPLOY_FAILED, f"{words}; it is rolled back")
    else:
        write(draft, row, DeployStatus.FAILED, EventKind.DEPLOY_FAILED, words)


def _returning(draft: Draft, row: DeployRow, target: Target | None) -> None:
    """Run the rollback once, and record how it ended."""
    job = _job(draft, row, rollback_key(draft.mission.id, row.number))
    if job is None:
        return
    about = f"the rollback of deployment {row.number} to {row.target}"
    if job.state in _UNKNOWN and (target is None or not target.returns):
        words = f"{about} failed: the settings no longer have a command for it"
        write(draft, row, DeployStatus.STUCK, EventKind.DEPLOY_STUCK, words)
    elif job.state in _UNKNOWN:
        draft.effects.append(RunDeploy(row.number, DeployPart.ROLLBACK, 1, f"{row.target} is rolled back"))
    elif job.exit is None:
        draft.hold("", HoldKind.DEPLOY, f"{about} runs")
    elif not _went_well(job):
        words = f"{about} failed: {how(job)}"
        reason = one_line("; ".join(filter(None, (row.reason, f"the rollback failed: {how(job)}"))), 2 * _LONGEST)
        write(draft, replace(row, reason=reason), DeployStatus.STUCK, EventKind.DEPLOY_STUCK, words)
    else:
        over = DeployStatus.ROLLED_BACK
        if row.status is DeployStatus.RECOVERING:
            over, row = DeployStatus.FAILED, replace(row, reason=f"{row.reason}; rolled back")
        write(draft, row, over, EventKind.DEPLOY_ROLLED_BACK, f"{about} succeeded")


def _failed(draft: Draft, row: DeployRow) -> None:
    """Say that the newest deployment to a target failed, until a person deploys again or drops it."""
    words = f"deployment {row.number} of {row.short} to {row.target} failed: {row.reason}"
    draft.hold("", HoldKind.DEPLOY, words, unblock=do("deploy", draft.mission.id, row.target), person=True)


def _job(draft: Draft, row: DeployRow, key: str) -> Job | None:
    """Return the state of a job, or None with a hold if it cannot be found out."""
    job = draft.observation.previews.get(key)
    if job is None or job.state is JobState.UNREACHABLE:
        draft.hold("", HoldKind.EXECUTOR, f"the state of deployment {row.number} cannot be found out")
        return None
    return job


def _is_known(job: Job | None) -> bool:
    return job is not None and job.state is not JobState.UNKNOWN


def how(job: Job) -> str:
    """Return how a job ended that did not go well."""
    end = job.exit
    if end is None:
        return ""
    late = "it took too long" if end.reason is EndReason.DEADLINE else ""
    stopped = "it was stopped" if end.reason is EndReason.CANCELLED else ""
    told = end.detail or late or stopped or ("it was killed" if (end.code or 0) < 0 else f"it ended with {end.code}")
    said = first_error(job.tail)
    return one_line(f"{told}: {said}" if said and said not in told else told, _LONGEST)


def _went_well(job: Job) -> bool:
    end = job.exit
    return end is not None and end.reason is EndReason.EXIT and end.code == 0
