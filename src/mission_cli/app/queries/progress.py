"""How far a mission is: features and phases done, time so far, time left at this pace, and what runs now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.app.results.views import PhaseRow, PhaseView, Running
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.mission import counts
from mission_cli.domain.phases.table import PhaseStatus, current, progress
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, JobState, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot, Stored

_AT_WORK = frozenset({JobState.RUNNING, JobState.WAITING})
"""Also before the worker starts, while its tree is made."""


def progress_of(mission: Mission) -> float:
    """Return the share of planned features that are done, 0 to 1."""
    done, planned = counts(mission.features())
    return round(done / planned, 4) if planned else 0.0


def elapsed(mission: Mission, now: datetime) -> timedelta | None:
    """Return the time from the first start to the end, or until now; None before the start and if unknown."""
    return None if _ended_some_time(mission) else _between(mission.started, mission.completed, now)


def took(mission: Mission, milestone: Milestone, now: datetime) -> timedelta | None:
    """Return the time from a milestone's start to the moment when it passed, or until now.

    It starts when its criteria are first run, before any work. None before that, and if it has no criteria.
    """
    started = min((c.baseline.at for c in milestone.criteria if c.baseline is not None), default="")
    if not milestone.finished:
        return None if _ended_some_time(mission) else _between(started, mission.completed, now)
    passed = max((c.result.at for c in milestone.criteria if c.result is not None), default="")
    return _between(started, passed, now) if passed else None


def usd_of(mission: Mission, milestone: Milestone) -> Decimal | None:
    """Return what a milestone has cost according to the spend log; None if it says nothing, or not all."""
    rows = [row for row in mission.spends if row.category == "usd" and row.milestone.strip() == str(milestone.number)]
    totals = spent(rows)
    return totals.usd if rows and not totals.unknown else None


def left(mission: Mission, workers: int) -> timedelta | None:
    """Return how long the rest takes at the mean time of a finished feature, with as many workers as run now.

    None if nothing runs, or no feature is done yet.
    """
    done, planned = counts(mission.features())
    hours = spent(mission.spends).hours
    if mission.status is not MissionStatus.ACTIVE or not (workers and done and hours) or done >= planned:
        return None
    return timedelta(hours=float(hours) / done * (planned - done) / workers)


def phase_of(mission: Mission) -> PhaseView | None:
    """Return the current phase of a mission; None if it has no phases."""
    if not mission.phases:
        return None
    now = current(mission.phases)
    done = progress(mission.phases)
    if now is None:
        return PhaseView("", PhaseStatus.DONE, "", done)
    gate = now.gate if now.status is PhaseStatus.WAITING else ""
    return PhaseView(now.name, _status(now), gate, done)


def phase_rows(mission: Mission, now: datetime) -> Iterator[PhaseRow]:
    """Yield all phases of a mission."""
    for phase in mission.phases:
        yield PhaseRow(
            phase.name,
            _status(phase),
            phase.worker,
            phase.gate,
            phase.result,
            _between(phase.entered, phase.exited, now),
        )


def _status(phase: Phase) -> str:
    return str(phase.status or phase.raw_status)


def any_dispatched(mission: Mission) -> bool:
    """Whether a worker may be at work on one of its features."""
    return any(feature.status is FeatureStatus.DISPATCHED for feature in mission.features())


def running(ctx: Context, snapshot: Snapshot, stored: Stored, mission: Mission) -> tuple[Running, ...]:
    """Return the attempts of a mission that workers on this machine are making."""
    from mission_cli.document.runs.record import read_run

    if snapshot.head is None or not any_dispatched(mission):
        return ()
    records = filter(None, map(read_run, ctx.state.runs(stored, snapshot.head).values()))
    runs = [record.run for record in records if record.open and not record.by]
    jobs = ctx.executor.poll(runs) if runs else {}
    return tuple(Running(run, ctx.executor.tally(run)) for run in runs if jobs[run].state in _AT_WORK)


def _ended_some_time(mission: Mission) -> bool:
    """Whether it has ended, and the file does not say when: it was cancelled, or has failed."""
    return mission.status in FINISHED_MISSION and not mission.completed


def _between(start: str, end: str, now: datetime) -> timedelta | None:
    began = parse_stamp(start) if start else None
    if began is None:
        return None
    return max(timedelta(0), ((parse_stamp(end) if end else None) or now) - began)
