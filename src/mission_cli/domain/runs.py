"""Attempts, jobs and evidence: what was started and how it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import (
    dataclass,
    field,
    replace,
)
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import first_error, one_line
from mission_cli.domain.branches.against import LOOK_AT_CHANGES, Against
from mission_cli.domain.ids import JUDGING, PLANNING, REVIEWING, FeatureNumber, RunId, Sha, milestone_of, split_run_id
from mission_cli.domain.status import Cause, EndReason, JobState, RecordState, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.judging.test_results import SuiteSummary


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used. `usd` is None if unknown; `source` is who counted."""

    usd: Decimal | None = Decimal(0)
    hours: Decimal = Decimal(0)
    tokens: Mapping[str, int] = field(default_factory=dict)
    source: str = "none"

    @property
    def total_tokens(self) -> int:
        """The sum over all kinds of tokens."""
        return sum(self.tokens.values())

    def at_least(self, other: Usage) -> Usage:
        """Return this usage, raised to another one where that is higher; an amount that one of them knows is known."""
        kinds = (*self.tokens, *(kind for kind in other.tokens if kind not in self.tokens))
        tokens = {kind: max(self.tokens.get(kind, 0), other.tokens.get(kind, 0)) for kind in kinds}
        known = [usd for usd in (self.usd, other.usd) if usd is not None]
        return replace(self, usd=max(known, default=None), tokens=tokens)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a running attempt has used so far and what it does now. People see it; nothing is decided by it."""

    usd: Decimal | None = Decimal(0)
    """US dollars; null if unknown."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """By kind: input, output, cache_read, cache_write, reasoning."""
    steps: int = 0
    """Requests to the model; 0 for a program."""
    last_event: str = ""
    """When it last printed or reported something, ISO 8601 in UTC; empty if it has not yet."""
    action: str = ""
    """The tool that it uses or used last, in a few words on one line; empty if unknown."""

    @property
    def total_tokens(self) -> int:
        """The sum over all kinds of tokens."""
        return sum(self.tokens.values())


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
class Reserve:
    """The most that an attempt may cost, held from its intent to its settlement."""

    usd: Decimal = Decimal(0)
    """The cap and one more step, because a step is seen only when it is over."""
    cap_usd: Decimal = Decimal(0)
    """Where the attempt is stopped; 0: no such cap."""
    hours: Decimal = Decimal(0)
    tokens: int = 0
    cap_tokens: int = 0
    """Where the attempt is stopped; 0: at `tokens`."""
    deadline_s: int = 0
    """How long it may run; stored as a field of the record."""


_LAST_LINES = 5
_COLORS = pattern("[\x1b\ufffd]\\[[0-9;?]*[A-Za-z]")
"""Escape sequences; records contain a replacement character in place of the escape."""
_UNEXPLAINED = frozenset(
    {
        Cause.NOOP,
        Cause.WRONG_OUTPUT,
        Cause.INFRASTRUCTURE,
        Cause.PROVIDER_ERROR,
        Cause.KILLED,
        Cause.DEADLINE,
        Cause.STALLED,
    }
)
"""Causes of which the output of the worker says more than the detail."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """`runs/<N.M>-a<k>.md`, or `plan-a<k>.md`, `review-a<k>.md`, `judge-a<k>.md`: facts in front, texts in the body."""

    run: RunId
    state: RecordState
    runner: str = ""
    model: str = ""
    host: str = ""
    base: str = ""
    """Commit of finished work that the attempt started from."""
    starts: str = ""
    """Commit with the work of an attempt that was cut off, with which its tree begins; empty: with `base`."""
    head: str = ""
    """Commit that the attempt ended at, or empty."""
    intended: str = ""
    """When the intent was written, ISO 8601."""
    started: str = ""
    ended: str = ""
    deadline_s: int = 0
    reserve: Reserve = field(default_factory=Reserve)
    cause: Cause | None = None
    detail: str = ""
    signature: str = ""
    tree: str = ""
    """Tree of its head: failures with equal signature and equal tree are the same failure."""
    exit: str = ""
    verdict: str = ""
    usage: Usage = field(default_factory=Usage)
    listed_usd: Decimal | None = None
    """What its tokens cost by list prices when it was settled; None if no price was known."""
    priced: str = ""
    """The day of the table with these prices, or `settings`; empty without a price."""
    saved: str = ""
    """Commit with uncommitted work that was saved, or empty."""
    session: str = ""
    """The agent's id of the conversation, with which a person can continue it."""
    steps: int = 0
    reset_at: str = ""
    by: str = ""
    """Who makes a manual attempt; empty: a worker does."""
    continues: str = ""
    """The attempt whose tree a manual attempt continues in; empty: a new tree.

    Of a worker: the attempt in whose place it works, because it goes on with the conversation that began there.
    """
    conversation: str = ""
    """The agent's id of the conversation that a worker goes on with, because its question was answered."""
    onto: str = ""
    """The commit of finished work that it was merged on to be judged; empty if it was not judged."""
    judged: tuple[RecordedVerdict, ...] = ()
    """The verdicts of its criteria, each bound by a hash."""
    about: str = ""
    """What a review or a judgment is about: a feature (`1.2`), a milestone (`1`), or empty for the whole mission."""
    subject: str = ""
    """A hash of what a review or a judgment looks at; those with the same one count together."""
    asks: str = ""
    """What a judgment is asked for, such as `diagnose`; empty for everything else."""
    criteria: tuple[str, ...] = ()
    """What a review judges: c1, c2, …"""
    conflicts: tuple[str, ...] = ()
    """The paths in which its work conflicted with finished work."""
    expected: tuple[str, ...] = ()
    """The files that its feature was expected to change, each as `SOURCE PATH`; empty unless that is predicted."""
    changed: tuple[str, ...] = ()
    """The files that it changed; empty unless that is predicted."""
    drafts: tuple[str, ...] = ()
    """The agents and scripts that its worker was given, by path."""
    routed: str = ""
    """Why its runner or model is another one than usual; empty: it is the usual one, or the budget runs short."""
    instead_of: str = ""
    """The runner in whose place it runs because that one is at a limit or out of service; `routed` says why."""
    skills: tuple[str, ...] = ()
    """The names of the skills in its prompt."""
    ran_on: str = ""
    """The host on which it runs or ran, by its name in the settings; empty: the machine that `host` names."""
    prompt: str = ""
    last_words: str = ""
    transcript: str = ""
    evidence: str = ""

    @property
    def feature(self) -> FeatureNumber:
        """The number of its feature."""
        parts = split_run_id(self.run)
        if parts is None:
            raise ValueError(f"{self.run!r} is not a run id")
        return parts[1]

    @property
    def attempt(self) -> int:
        """Its number, from 1, never used again."""
        parts = split_run_id(self.run)
        if parts is None:
            raise ValueError(f"{self.run!r} is not a run id")
        return parts[2]

    @property
    def planning(self) -> bool:
        """Whether it is a planning round, not an attempt at a feature."""
        return self.feature == PLANNING

    @property
    def reviewing(self) -> bool:
        """Whether it is a review, not an attempt at a feature."""
        return self.feature == REVIEWING

    @property
    def judging(self) -> bool:
        """Whether it is a judgment of the orchestrator."""
        return self.feature == JUDGING

    @property
    def answering(self) -> bool:
        """Whether only its answer counts: a review or a judgment, not an attempt at a feature."""
        return self.reviewing or self.judging

    @property
    def of_whole(self) -> bool:
        """Whether it reviews the whole change of the mission, in a phase."""
        return self.reviewing and not self.about[:1].isdecimal()

    @property
    def milestone(self) -> int:
        """The milestone of its feature, or the one that a review or judgment is about; 0 for planning."""
        first = self.about.partition(".")[0]
        return int(first) if self.answering and first.isdecimal() else milestone_of(self.feature)

    @property
    def open(self) -> bool:
        """Whether it is not settled yet."""
        return self.state is RecordState.INTENDED

    @property
    def finding(self) -> str:
        """What a person should know: why it was not accepted, or which tests and checks it changed."""
        if self.cause is Cause.DONE:
            _, marker, found = self.detail.partition(LOOK_AT_CHANGES)
            return marker + found
        return ": ".join(filter(None, (self.cause, self.detail, self.error)))

    @property
    def output(self) -> tuple[str, ...]:
        """The last lines that its worker printed, without empty ones and without events for programs."""
        lines = [one_line(_COLORS.sub("", line)) for line in self.last_words.splitlines()]
        return tuple(line for line in lines if line and not (line[0] == "{" and line[-1] == "}"))[-_LAST_LINES:]

    @property
    def error(self) -> str:
        """The line of its output that names the failure best, where cause and detail do not explain it; else empty."""
        if self.cause not in _UNEXPLAINED:
            return ""
        found = first_error("\n".join(self.output))
        return "" if found in self.detail else found


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
class Evidence:
    """What an ended attempt left in git, as this program read it."""

    tip: Sha | None
    """Head of the attempt's branch; None if there is none."""
    commits: int = 0
    changed: tuple[str, ...] = ()
    substantial: bool = False
    """Whether the diff has more than white space and empty files."""
    tests_changed: int = 0
    protected: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Branches of its tree, other than its own, that it committed to."""
    conflicts: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    """The paths in which it conflicts with earlier candidates of the queue, but not with finished work."""
    unrelated: bool = False
    """Whether its commits have no history in common with `work`."""
    candidate: Sha | None = None
    """The attempt merged on `work`; None on a conflict or without commits."""
    findings: tuple[str, ...] = ()
    """Files that it left in the mission's folder `research/`; they are neither among `changed` nor in the candidate."""
    judged: Sha | None = None
    """The candidate with the findings: what criteria are run on. None: the candidate itself."""
    tree: str = ""
    """Tree of the candidate without mission folders, and of the findings: what criteria are judged on."""
    completes: tuple[str, ...] = ()
    """Numbers of the features that its commits complete, by the trailer `Completes-feature`."""
    integrated: bool = False
    """Whether its commits are on `work` already."""
    work: Sha | None = None
    """The head of `work` that the candidate was built on."""
    work_tree: str = ""
    """Tree of that head if it is `work` with earlier candidates of the queue merged on it; else empty."""
    trouble: str = ""
    """Why its branch could not be fetched, or empty."""
    secrets: tuple[str, ...] = ()
    """`path:line (kind)` of each secret that its commits add."""
    unfit: tuple[str, ...] = ()
    """What a clone of its commits would lack or could not check out, as text."""
    against: Against = field(default_factory=Against)
    """The candidate with the test files of the base, and what was found in the comparison."""


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
