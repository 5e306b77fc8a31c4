"""Results of `status`, `run` and `list`: everything about one mission, and one line for each mission."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.notice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from mission_cli.app.deploys.results import DeployView
    from mission_cli.app.results.landing import PreviewView
    from mission_cli.app.results.outlook import Converted, Forecast
    from mission_cli.app.results.pulls import PullView
    from mission_cli.app.results.waiting import NeedsMe, Waiting
    from mission_cli.domain.notice import Finding, Notice
    from mission_cli.domain.problems import Problem
    from mission_cli.domain.runs.usage import Tally
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.runtime import Stopped


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion and its last verdict."""

    text: str
    kind: str
    """run, file, grep, metric, manual …"""
    verdict: str
    """passed, flaky, failed, skipped or could-not-run; empty before it was judged."""
    vacuous: bool = False
    """Whether it passed before any work was done: it proves nothing."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why a feature does not move."""

    kind: str
    """The kind of the hold, such as `backoff` or `dependency`."""
    detail: str
    until: str = ""
    """When it ends by itself, ISO 8601 in UTC; empty if unknown."""
    unblock: Advice = NO_ADVICE
    """The command or event that helps."""
    person: bool = False
    """Whether only a person can help."""


@dataclass(frozen=True, slots=True)
class TestsView:
    """What the tests of one criterion reported on the last attempt that has ended."""

    passed: int
    failed: int
    skipped: int
    failing: tuple[str, ...]
    """Names, at most 20, like those below."""
    new: tuple[str, ...]
    """Tests that the run before did not have."""
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    slow: tuple[str, ...]
    """Twice as long as before, and a second longer."""


@dataclass(frozen=True, slots=True)
class FeatureView:
    """One feature."""

    number: str
    """`N.M`: the milestone, and the place in it."""
    title: str
    status: str
    """pending, dispatched, review, done, failed or skipped; any other word as the file has it."""
    raw_status: str
    """The cell of the file as it is written."""
    shown_as: str
    """The status, or what it waits for: blocked, waiting_human, waiting_external, recovering."""
    depends: tuple[str, ...]
    """Numbers of the features that have to be finished first."""
    attempts: int
    worker: str
    pr: str
    run: str
    """Id of the last attempt, `MISSION/N.M-aK`; empty before the first one."""
    cause: str
    """Why the last attempt that has ended did not succeed, such as `timeout`; empty if it did."""
    detail: str
    """The cause in words."""
    finding: str
    """What a person should know of the last attempt that has ended."""
    running_for: str
    """How long its worker has been running, such as `3min`; empty if none runs."""
    tally: Tally | None
    """What the running attempt has used so far and does now; null if none runs here, or nothing is known yet."""
    blocked_by: tuple[Blocker, ...]
    tests: tuple[TestsView, ...] = ()
    """Of each criterion that reported some, in the last attempt that has ended."""
    pull: PullView | None = None
    """Its pull request; null if it has none. `pr` is the cell of the file."""
    ran_on: str = ""
    """The host of the last attempt; empty: this machine."""


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """One milestone with its features."""

    number: int
    name: str
    status: str
    """pending, active, validating, passed, failed, blocked or skipped; any other word as the file has it."""
    rounds: int
    """Failed validations since the last `mission resume`."""
    criteria: tuple[CriterionView, ...]
    features: tuple[FeatureView, ...]
    done: int = 0
    """Planned features that are done."""
    planned: int = 0
    """Features that count: neither skipped nor added as a fix."""
    usd: Decimal | None = None
    """US dollars spent on it; null if nothing is known."""
    took: timedelta | None = None
    """From its start to the moment when it passed, or until now; null before its start and if unknown."""
    pull: PullView | None = None
    """The pull request for the whole milestone; null if it has none."""


@dataclass(frozen=True, slots=True)
class Money:
    """One category of the budget, in its own unit: US dollars, hours or tokens."""

    cap: Decimal
    """0 if there is no cap."""
    spent: Decimal
    reserved: Decimal
    """What attempts that are under way may still spend."""
    unknown_runs: int = 0
    """Attempts whose cost in dollars is unknown."""


@dataclass(frozen=True, slots=True)
class FlakyView:
    """A test that failed and passed on the same tree. It holds nothing; people should know of it."""

    name: str
    kind: str
    """test, or criterion where the tests have no names."""
    why: str
    """Where that happened, and of how many others it was said at once."""
    lift: Advice
    """The command that takes it off the list."""


@dataclass(frozen=True, slots=True)
class PhaseView:
    """Where a mission with phases is."""

    name: str
    """The current phase; empty after the last one."""
    status: str
    """Its status: active, or waiting for its gate."""
    gate: str
    """The gate that waits for people; empty if none does."""
    progress: int
    """How many percent of the phases are over."""


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase, as a view shows it."""

    name: str
    status: str
    worker: str
    gate: str
    result: str
    took: timedelta | None
    """From its start to its end, or until now; None before."""


@dataclass(frozen=True, slots=True)
class MissionView:
    """Everything about one mission that `mission status` shows."""

    id: str
    title: str
    status: str
    """draft, planning, scheduled, recurring, active, paused, completed, failed or cancelled; else the file's word."""
    mode: str
    """full or poc"""
    path: str
    """The mission file."""
    shown_as: str
    """The status, or for an active mission what it does: waiting, blocked, validating, recovering."""
    progress: float
    """Share of the planned features that is done, from 0 to 1."""
    base: str
    """Branch that the work starts from and lands on."""
    host: str
    """The machine and clone that runs it; empty before the start."""
    runner: str
    milestones: tuple[MilestoneView, ...]
    budget: Mapping[str, Money]
    """By category: usd, hours, tokens."""
    waiting_for: tuple[Waiting, ...]
    """With options, actions and what waits for it."""
    problems: tuple[Problem, ...]
    """Of the mission file."""
    holds: tuple[Hold, ...] = ()
    """Everything that is held, and why."""
    edits: tuple[str, ...] = ()
    """Files with edits that are not committed and do not count yet."""
    commit_edits: tuple[str, ...] = ()
    """Commands that commit them."""
    trouble: str = ""
    """Why no pulse can work on it; empty if nothing is wrong."""
    sandbox: str = ""
    """The sandbox of workers on this machine, in words."""
    pulse: tuple[Finding, ...] = ()
    """What keeps pulses from coming or from working."""
    done: int = 0
    """Planned features that are done."""
    planned: int = 0
    """Features that count: neither skipped nor added as a fix."""
    elapsed: timedelta | None = None
    """From its start to its end, or until now; null before its start."""
    left: timedelta | None = None
    """How long the rest will take at the pace so far; null if unknown."""
    until_deadline: timedelta | None = None
    """How long until its deadline, negative after it; null if it has none or is finished."""
    forecast: Forecast | None = None
    """What it will cost and when it will be finished; null if it is finished, or nothing is known."""
    flaky: tuple[FlakyView, ...] = ()
    """Quarantined tests and criteria."""
    moved: tuple[str, ...] = ()
    """The unfinished features that work in the place of another runner, and why."""
    next_command: str = ""
    """The command that brings it on: `mission start …` for one that was not started; empty if none is needed."""
    phase: PhaseView | None = None
    """Null without phases."""
    phases: tuple[PhaseRow, ...] = ()
    pull: PullView | None = None
    """The pull request for the whole mission; null if it has none."""
    preview: PreviewView | None = None
    """The newest preview; null if there has been none."""
    deployments: tuple[DeployView, ...] = ()
    """The newest deployment to each target."""
    needs_me: tuple[NeedsMe, ...] = ()
    """The same things as in `waiting_for`, in brief."""
    currency: Converted | None = None
    """Money in the currency of the settings; null without one."""
    list_prices: Notice | None = None
    """Cost by the agents and by list prices, where they differ by more than 10 %; else null."""


@dataclass(frozen=True, slots=True)
class Line:
    """One mission in a list."""

    id: str
    title: str
    status: str
    progress: float
    """Share of the planned features that is done, from 0 to 1."""
    path: str
    """The mission file."""
    problems: int = 0
    """Number of errors in the file."""
    repo: str = ""
    """Its repository; only set with `--all`."""
    error: str = ""
    """Why no pulse can serve it."""
    done: int = 0
    """Planned features that are done."""
    planned: int = 0
    """Features that count: neither skipped nor added as a fix."""
    usd: Decimal = Decimal(0)
    """US dollars spent, with what running attempts have used so far."""
    tokens: int = 0
    """Tokens used, with those of running attempts."""
    phase: PhaseView | None = None
    """Null without phases."""
    running: tuple[Running, ...] = ()
    """Attempts that are running here."""
    preview: str = ""
    """The URL of its preview; empty if none is ready."""
    priority: str = "normal"
    """low, normal, high or urgent, as the file says."""
    needs_attention: bool = False
    """Whether something in its file waits for a person, or no pulse can serve it."""
    archived: str = ""
    """When it was archived; empty: it is not."""


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt that is running on this machine."""

    run: str
    """Id of the attempt, `MISSION/N.M-aK`."""
    tally: Tally | None
    """What it has used so far and does now; null if nothing is known yet."""


@dataclass(frozen=True, slots=True)
class MissionList:
    """The missions of this repository."""

    missions: Sequence[Line]


@dataclass(frozen=True, slots=True)
class MissionListEverywhere:
    """The missions of every known repository, and those in the data folder (`mission list --all`)."""

    missions: Sequence[Line]
    stopped_in: Mapping[str, Stopped]
    """Repositories, by path, in which everything is stopped."""
