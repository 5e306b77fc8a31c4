"""Jobs: how their processes ended, and what they reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.runs.usage import Usage
    from mission_cli.domain.status import Cause, EndReason, JobState, Verdict


@dataclass(frozen=True, slots=True)
class AgentReport:
    """What an agent's output reports about its run: how the run went, never evidence of the work."""

    last_words: str = ""
    answer: str = ""
    """Its answer: the last message in full, or everything that a program printed."""
    usage: Usage | None = None
    """None: it did not report its usage."""
    session: str = ""
    steps: int = 0
    cause: Cause | None = None
    """Why the run failed; None if it ended successfully."""
    detail: str = ""
    reset_at: str = ""
    """When a usage limit ends, ISO 8601, if the provider said so."""
    children: tuple[str, ...] = ()
    """Sessions of subagents."""
    transcript: str = ""
    """The end of what it wrote, with the tools that it used."""
    asked: str = ""
    """What it wrote into the file MISSION_ASK to ask a person; empty if it wrote none."""
    told: str = ""
    """What it wrote into the file MISSION_NOTES: notes and outcomes, see `domain.asking.told`."""


@dataclass(frozen=True, slots=True)
class Left:
    """What an attempt left in its tree, read once after its end and before anything is fetched."""

    tip: str = ""
    """The head of its branch; empty if there is none."""
    elsewhere: tuple[str, ...] = ()
    """Where its commits are, if they are not on its branch."""
    secrets: tuple[str, ...] = ()
    """`path:line (kind)` of each secret that its commits add; then they are not fetched."""
    unfit: tuple[str, ...] = ()
    """What a clone of its commits would lack or could not check out, as text; then they are not fetched."""
    trouble: str = ""
    """Why its branch could not be fetched, or empty."""


@dataclass(frozen=True, slots=True)
class Exit:
    """The exit file of a job: how its process ended, and what was saved from it."""

    reason: EndReason
    code: int | None = None
    """Exit status, negative for a signal; None when there was no process."""
    started: str = ""
    ended: str = ""
    seconds: float = 0.0
    detail: str = ""
    saved: str = ""
    leftovers: int = 0
    """Processes that had to be killed after the job's own had ended."""
    missing: tuple[str, ...] = ()
    """What should be copied into its tree, but is not in the checkout."""
    left: Left | None = None
    """None: not read yet."""
    report: AgentReport = field(default_factory=AgentReport)
    tests: SuiteSummary | None = None
    """What a check reported about its tests; None: nothing."""

    @property
    def told(self) -> str:
        """The reason, and the exit status if there is one."""
        return str(self.reason) if self.code is None else f"{self.reason} {self.code}"


@dataclass(frozen=True, slots=True)
class Job:
    """What an executor reports about one key."""

    state: JobState
    exit: Exit | None = None
    tail: str = ""
    """The end of its output, decoded leniently."""
    started: str = ""
    quiet_since: datetime | None = None
    """For GONE: since when there has been no sign of a process."""
    port: int = 0
    """For a running server: the port on which it listens; 0: it does not listen yet."""


@dataclass(frozen=True, slots=True)
class CheckState:
    """The latest try of the check of one criterion on one tree."""

    tries: int
    job: Job
    verdict: Verdict | None = None
    """None while it runs."""
    detail: str = ""
    again: bool = False
    """Whether it was killed or lost: that proves nothing, so it runs again."""
    failed: str | None = None
    """The output of an earlier try on the same tree that failed; None if none did."""
    tests: SuiteSummary | None = None
    """What the latest try reported about its tests."""
    tests_failed: SuiteSummary | None = None
    """What the earlier try that failed reported about them."""
