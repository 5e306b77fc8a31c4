"""What is left of a mission, as the simulation needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.forecast.work import Stage, Unit, Work
from mission_cli.domain.status import FeatureStatus, HoldKind, JobState
from mission_cli.domain.timing.hours import read_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from mission_cli.domain.ids import FeatureNumber, RunId
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.planner.core.policy import Policy

_MINUTE = 60
_WITH_THE_WINDOWS = frozenset({HoldKind.HOURS})
"""Holds that the simulation finds out itself."""


def work_of(
    ctx: Context,
    policy: Policy,
    mission: Mission,
    *,
    records: Sequence[RunRecord] = (),
    jobs: Mapping[RunId, Job] | None = None,
    holds: Sequence[Hold] = (),
    now: datetime,
) -> Work | None:
    """Return the rest of a mission; None if it has none, or nothing is planned yet."""
    stages = [milestone for milestone in mission.milestones if not milestone.finished]
    features = [f for m in stages for f in m.features if not f.finished]
    if not features and not stages:
        return None
    places = {feature.number: place for place, feature in enumerate(features)}
    local = now.astimezone(ctx.clock.zone)
    made = [
        Stage(
            tuple(
                _unit(feature, places, records, jobs or {}, holds, now)
                for feature in milestone.features
                if not feature.finished
            ),
            planned=_planned(milestone),
            fixes=sum(1 for feature in milestone.features if feature.fixes),
        )
        for milestone in stages
    ]
    workers = policy.parallel(mission.preferences.max_parallel_workers, mission.mode)
    return Work(
        tuple(made),
        workers=max(1, min(workers, ctx.settings.machine_workers)),
        attempts=policy.attempts,
        delays=tuple(_minutes(delay) for delay in policy.retry_delays),
        windows=read_windows(ctx.settings.hours),
        minute=local.hour * _MINUTE + local.minute,
    )


def _planned(milestone: Milestone) -> int:
    return sum(1 for f in milestone.features if not f.fixes and f.status is not FeatureStatus.SKIPPED)


def _unit(
    feature: Feature,
    places: Mapping[FeatureNumber, int],
    records: Sequence[RunRecord],
    jobs: Mapping[RunId, Job],
    holds: Sequence[Hold],
    now: datetime,
) -> Unit:
    mine = [record for record in records if record.feature == feature.number]
    ended = [record for record in mine if not record.open and record.attempt > feature.tries_after]
    job = next((jobs[record.run] for record in mine if record.open and record.run in jobs), None)
    running = None
    if job is not None and job.state in {JobState.RUNNING, JobState.WAITING}:
        started = parse_stamp(job.started)
        running = max(0.0, _minutes(now - started)) if started is not None else 0.0
    judged = running is None and (feature.status is FeatureStatus.REVIEW or (job is not None and job.exit is not None))
    until = [
        h.until
        for h in holds
        if h.subject == feature.number and h.until is not None and h.kind not in _WITH_THE_WINDOWS
    ]
    return Unit(
        needs=tuple(places[number] for number in feature.depends if number in places),
        tries=len(ended),
        running=running,
        judged=judged,
        opens=max((_minutes(at - now) for at in until), default=0.0),
    )


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / _MINUTE
