"""The report of a mission: Polpo's MissionReport, and what this program knows beyond it.

The keys in camel case are those of Polpo, with its units: durations in milliseconds, scores from 1 to 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from mission_cli.app.results.outlook import PricesApart
    from mission_cli.domain.agents.shown import DraftShown, FolderShown
    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.status import CriterionKind, Verdict


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """A result that the mission file names in `## Outcomes`."""

    type: str
    """file, text, url, json or media."""
    label: str
    value: str
    feature: str
    """Number of its feature; empty if it belongs to none."""
    date: str


@dataclass(frozen=True, slots=True)
class ReportedVerdict:
    """A verdict with its evidence."""

    criterion: str
    kind: CriterionKind
    verdict: Verdict
    at: str
    commit: str
    """The commit that was judged."""
    exit: str
    """How the check ended; empty if no program ran."""
    output: str
    """SHA-256 of the end of the output."""
    hash: str
    """SHA-256 over everything that is recorded of the verdict; empty in missions of older versions."""
    side: str
    """`base`: with the test files of the base."""


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """What a reviewer found."""

    title: str
    body: str
    file: str
    line: int
    """0 if it is about no line."""
    priority: int
    """0: must not be merged. 3: a matter of taste."""


@dataclass(frozen=True, slots=True)
class ReportedReview:
    """One review by an agent."""

    about: str
    """The feature (`1.2`) or milestone (`1`)."""
    reviewer: str
    score: Decimal | None
    """The mean of all its scores, from 1 to 5; null if the answer could not be used."""
    summary: str
    usd: Decimal | None
    findings: Sequence[ReportedFinding]


@dataclass(frozen=True, slots=True)
class ReportedAttempt:
    """One attempt at a feature."""

    name: str
    agent: str
    """Runner and model, or who made a manual attempt."""
    cause: str
    """Why it ended; empty while it is open."""
    detail: str
    started: str
    ended: str
    seconds: Decimal
    usd: Decimal | None
    """null: unknown."""
    tokens: int
    verdicts: Sequence[ReportedVerdict]
    ran_on: str
    """The host on which it ran; empty: the machine that drives."""


@dataclass(frozen=True, slots=True)
class ReportedTask:
    """A feature, as a task of Polpo and beyond."""

    title: str
    status: str
    """done or failed, as in Polpo: everything that is not done has failed so far."""
    duration: int
    """Milliseconds of all attempts."""
    score: Decimal | None
    """The mean of its reviews."""
    filesCreated: Sequence[str]
    filesEdited: Sequence[str]
    outcomes: Sequence[TaskOutcome]
    number: str
    milestone: int
    state: str
    """The status in the mission file."""
    retries: int
    """Attempts after the first one."""
    usd: Decimal
    """Dollars of the attempts whose cost is known."""
    unknown: int
    """Attempts whose cost is unknown."""
    tokens: int
    files: Sequence[LandedFile]
    """What its work changed; empty if its commits are not in this clone."""
    verdicts: Sequence[ReportedVerdict]
    """Of the attempt that finished it, or of the last one that was judged."""
    attempts: Sequence[ReportedAttempt]
    tests: Sequence[SuiteSummary]
    """Results of tests that its last judged attempt reported."""
    reviews: Sequence[ReportedReview]


@dataclass(frozen=True, slots=True)
class ReportedMilestone:
    """A milestone with the verdicts of its last validation."""

    number: int
    name: str
    status: str
    startedAt: str
    """Commit."""
    passedAt: str
    """Commit."""
    rounds: int
    """Failed validations."""
    contract: str
    """Hash of its criteria and those of its features when it started; empty if it was not recorded."""
    verdicts: Sequence[ReportedVerdict]
    usd: Decimal


@dataclass(frozen=True, slots=True)
class HeldOutFigure:
    """How the work of one model stands against criteria that it could not read."""

    model: str
    """Runner and model."""
    judged: int
    """Held-out criteria of the milestones that it worked on. Every visible criterion had passed when they ran."""
    passedAtFirst: int
    """Those that passed the first time. Each other one is work that only fits the visible criteria."""
    passed: int
    """Those that passed the last time."""


@dataclass(frozen=True, slots=True)
class ReportedSpend:
    """What was spent in one category."""

    category: str
    """usd, hours or tokens."""
    cap: Decimal | None
    spent: Decimal
    milestones: Mapping[str, Decimal]
    """By number of the milestone; planning and everything else is under the empty number."""


@dataclass(frozen=True, slots=True)
class ReportedDecision:
    """A decision of a person: from the Decision Log, at a gate, or an answer."""

    at: str
    decision: str
    why: str
    by: str
    """Empty if the mission file does not say."""


@dataclass(frozen=True, slots=True)
class ReportPoint:
    """The state of the mission after one attempt ended."""

    at: str
    usd: Decimal
    """Spent so far."""
    open: int
    """Features that were not done then, of those that the mission has now."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a mission has spent over time, in US dollars."""

    points: Sequence[ReportPoint]
    cap: Decimal | None
    pauses_at: Decimal | None
    """At which a mission with a cap pauses."""


@dataclass(frozen=True, slots=True)
class ReportedAsset:
    """A file in the mission's folder `assets/`."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Change:
    """What commits changed."""

    base: str
    commit: str
    files: Sequence[LandedFile]
    """All of them."""
    patch: str
    """A unified diff of those that are neither binary nor very large."""


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """One attempt at a feature, while it runs and afterwards."""

    run: str
    """`MISSION/N.M-aK`."""
    feature: str
    title: str
    """Of the feature; empty if it is no longer in the file."""
    open: bool
    """Whether it is not settled yet."""
    attempt: ReportedAttempt
    steps: int
    base: str
    """Commit."""
    head: str
    """Commit that it ended at; empty if it made none."""
    saved: str
    """Commit with work that it had not committed; empty if there was none."""
    tests: Sequence[SuiteSummary]
    evidence: str
    """What the program noted when it judged the attempt."""
    change: Change | None
    """null: it left no commit, or its commits are not in this clone."""
    pictures: Sequence[ReportedAsset]
    """Stored files of the criteria that look at pages, in the folder `assets/` of the mission."""


@dataclass(frozen=True, slots=True)
class ReportedPull:
    """A pull request by which work reached the base, or was to reach it."""

    subject: str
    """A feature (`1.2`), a milestone (`1`), `mission`, or `todo` for `TODO.md`."""
    number: int
    """0: it was not opened."""
    url: str
    head: str
    """The judged commit."""
    status: str
    """planned, open, theirs, merged, done (merged, and its branch is deleted) or closed."""
    since: str
    """Since when its head is this one."""


@dataclass(frozen=True, slots=True)
class ReportedTopic:
    """What is known about a topic: a row of `## Research`."""

    topic: str
    summary: str
    source: str
    """The document that was found out, such as `research/sqlite.md`, or what a person wrote."""
    date: str


@dataclass(frozen=True, slots=True)
class ReportedSection:
    """One section of the retrospective."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class MissionReport:
    """What a mission set out to do, what came of it, and the evidence."""

    missionId: MissionId
    group: str
    """The name under which Polpo groups the tasks: the id."""
    allPassed: bool
    """Whether every feature is done or skipped and every milestone has passed or was skipped."""
    totalDuration: int
    """Milliseconds from the start to the end, or to the last attempt that ended."""
    tasks: Sequence[ReportedTask]
    filesCreated: Sequence[str]
    filesEdited: Sequence[str]
    outcomes: Sequence[TaskOutcome]
    avgScore: Decimal | None
    title: str
    goal: str
    status: str
    finished: bool
    """Whether the mission has ended; otherwise the report is about what there is so far."""
    successCriteria: Sequence[str]
    created: str
    started: str
    completed: str
    base: str
    """Name of the branch that the work lands on."""
    state: str
    """The commit of the mission files that the report was made from."""
    milestones: Sequence[ReportedMilestone]
    heldOut: Sequence[HeldOutFigure]
    spend: Sequence[ReportedSpend]
    unknown: int
    """Attempts whose cost is unknown."""
    listPrices: PricesApart | None
    """Attempts whose cost differs from list prices by more than 10 %; null without any."""
    decisions: Sequence[ReportedDecision]
    lessons: Sequence[str]
    points: Sequence[ReportPoint]
    assets: Sequence[ReportedAsset]
    pulls: Sequence[ReportedPull] = ()
    retrospective: Sequence[ReportedSection] = ()
    """Of the mission, or of the last execution of a recurring one; sections without content are left out."""
    narrative: Sequence[str] = ()
    """What a model says about it; empty: none was asked."""
    research: Sequence[ReportedTopic] = ()
    """What was found out before the work, and what people knew."""
    workspace: Sequence[FolderShown] = ()
    """The folders beside the mission file."""
    drafts: Sequence[DraftShown] = ()
    """The agents and scripts that the mission drafted, with what they changed."""


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """A report was written to a file (`mission report --output`)."""

    id: MissionId
    format: str
    path: str
    bytes: int
