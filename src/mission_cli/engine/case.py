"""One mission at one commit of the state: what was observed and decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.preview.rows import PreviewStatus, job_key
from mission_cli.domain.status import FINISHED_MISSION, HoldKind, JobState
from mission_cli.engine.check_jobs import check_key, hook_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.planner.core.decisions import Decisions
    from mission_cli.planner.core.observation import Observation
    from mission_cli.ports.git.state import Stored

_UNWATCHED = frozenset({HoldKind.RUNNER, HoldKind.MACHINE, HoldKind.BASE, HoldKind.WORK, HoldKind.EVIDENCE})
"""Kinds of holds that can end without a change of a watched file: a program, a key, disk space, an object."""
_SHOWN = frozenset({PreviewStatus.READY, PreviewStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Case:
    """One mission at one commit of the state, with its observation and its decisions."""

    stored: Stored
    loaded: Loaded
    head: Sha
    observation: Observation
    plan: Decisions
    run_texts: Mapping[str, str]
    """Run records as they are committed, by attempt (`1.2-a1`)."""
    streaks: Mapping[str, int] = field(default_factory=dict)
    """If a repeated change pauses the mission: how many rounds in a row before this one decided each change."""

    @property
    def mission(self) -> Mission:
        """The mission."""
        return self.loaded.mission

    @property
    def open_jobs(self) -> list[str]:
        """Keys of the jobs that had not ended when observed and that end without a person."""
        endless = {*self.by_hand, *self.shown}
        return [key for key in self.watched_jobs if key not in endless]

    @property
    def unasked(self) -> list[str]:
        """Keys of the jobs whose state the executor could not tell."""
        asked = (*self.observation.jobs.items(), *self.observation.previews.items())
        return [key for key, job in asked if job.state is JobState.UNREACHABLE]

    @property
    def by_hand(self) -> list[str]:
        """Run ids of the open manual attempts."""
        return [r.run for r in self.observation.records if r.by and r.open]

    @property
    def shown(self) -> list[str]:
        """Keys of the jobs of previews that are ready: they run until something ends them."""
        return [job_key(self.mission.id, row.number) for row in self.mission.previews if row.status in _SHOWN]

    @property
    def watched_jobs(self) -> list[str]:
        """Keys of all jobs that had not ended when observed."""
        return [key for key, job in self._jobs() if job.exit is None]

    @property
    def ended_jobs(self) -> list[str]:
        """Keys of the jobs that had ended when observed, so that their results were used."""
        return [key for key, job in self._jobs() if job.exit is not None]

    def _jobs(self) -> Iterator[tuple[str, Job]]:
        yield from self.observation.jobs.items()
        for key, job in self.observation.previews.items():
            if job.state is not JobState.UNKNOWN:  # not started yet, or never
                yield key, job
        for key, check in self.observation.checks.items():
            yield check_key(self.mission, key, check.tries), check.job
        for key, hook in self.observation.hooks.items():
            yield hook_key(self.mission, key, hook.tries), hook.job


def waits_for_the_world(case: Case) -> bool:
    """Whether an unfinished mission waits for something that no watched file reports."""
    if case.mission.status in FINISHED_MISSION:
        return False
    unseen = any(hold.kind in _UNWATCHED or (hold.kind == HoldKind.SLOT and hold.until) for hold in case.plan.holds)
    return unseen or bool(case.observation.landing.obstacle or case.observation.remote_problem)
