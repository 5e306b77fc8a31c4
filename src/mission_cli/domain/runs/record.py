"""The record of an attempt, a review, a judgment or a planning round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import first_error, one_line
from mission_cli.domain.branches.against import LOOK_AT_CHANGES
from mission_cli.domain.ids import JUDGING, PLANNING, REVIEWING, FeatureNumber, RunId, milestone_of, split_run_id
from mission_cli.domain.runs.usage import Reserve, Usage
from mission_cli.domain.status import Cause, RecordState

if TYPE_CHECKING:
    from decimal import Decimal

    from mission_cli.domain.evidence.verdicts import RecordedVerdict


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
