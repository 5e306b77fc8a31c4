"""What lies between a clone and others: a way to the remote that fails, an executor that says what is not true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.kit.fakes.share import Way, cut_off
from tests.sim.events import What

from mission_cli.domain.runs.jobs import Job
from mission_cli.domain.status import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.ports.executor import Executor, JobSpec

MOODS = frozenset({What.LIE, What.DENY, What.DELAY, What.DOUBLE, What.HONEST})


class BadWay(Way):
    """Cut, or deaf for some answers."""

    def __init__(self) -> None:
        self.cut = False
        self.deaf = 0

    def reach(self) -> None:
        """Nobody is reached while it is cut."""
        if self.cut:
            raise cut_off()

    def hear(self) -> None:
        """As many answers are lost as were said to be."""
        if self.deaf:
            self.deaf -= 1
            raise cut_off()


def said_by(real: Executor, mood: What) -> Any:
    """The executor in a mood; it stands in for any."""
    return BadExecutor(real, mood)


class BadExecutor:
    """In a mood it says other things than are true, or does things twice."""

    def __init__(self, real: Executor, mood: What) -> None:
        self._real, self._mood = real, mood

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def submit(self, spec: JobSpec) -> None:
        """Once, or twice."""
        self._real.submit(spec)
        if self._mood is What.DOUBLE:
            self._real.submit(spec)

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """What it wants to say."""
        return {key: self._said(job) for key, job in self._real.poll(keys).items()}

    def _said(self, job: Job) -> Job:
        if self._mood is What.LIE:
            return Job(JobState.UNREACHABLE)
        if self._mood is What.DENY and job.state is not JobState.ENDED:
            return Job(JobState.UNKNOWN)
        if self._mood is What.DELAY and job.state is JobState.ENDED:
            return Job(JobState.RUNNING, started=job.started)
        return job
