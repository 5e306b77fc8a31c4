"""The numbers by which the planner decides, from settings and defaults."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.hooks.rules import Hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.domain.budget.across import Budget
    from mission_cli.domain.deploys.targets import Target
    from mission_cli.domain.notice import Notice


class Wait(StrEnum):
    """Which list of delays of the policy applies."""

    NONE = "none"
    RETRY = "retry"
    OUTAGE = "outage"
    RATE = "rate"


def _free(model: str) -> Decimal | None:
    """Return the step cost of a runner that costs nothing."""
    del model
    return Decimal(0)


@dataclass(frozen=True, slots=True)
class RunnerPolicy:
    """What the planner needs to know about one runner. `obstacle` is why it cannot be used."""

    deadline: timedelta = timedelta(hours=3)
    models: Mapping[str, str] = field(default_factory=dict)
    step_cost: Callable[[str], Decimal | None] = _free
    """The most that one step of a model can cost in dollars; None if unknown. Called only at dispatch."""
    self_priced: bool = True
    """The runner reports its cost."""
    bounded: bool = False
    """Something besides dollars limits every attempt: its steps."""
    obstacle: Notice | None = None
    only_here: bool = False
    """The obstacle concerns this machine, not the hosts."""


@dataclass(frozen=True, slots=True)
class PreviewPolicy:
    """What the planner needs to know about previews."""

    ready: timedelta = timedelta(seconds=60)
    expires: timedelta = timedelta(hours=24)
    path: str = "/"
    deploys: bool = False
    """They are deployed elsewhere, by a command that ends."""
    cleans: bool = False
    """A command cleans up after each."""
    obstacle: Notice | None = None
    """Why none can start."""


@dataclass(frozen=True, slots=True)
class Policy:
    """See `docs/machines.md` for where each number comes from."""

    attempts: int = 3
    validation_rounds: int = 3
    free_losses: int = 5
    conflicts: int = 3
    retry_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 4, 16))
    outage_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 60))
    rate_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (0, 30, 120, 1440))
    """Delays are used in order; the last one repeats."""
    max_parallel_workers: int = 2
    breaker_failures: int = 3
    breaker_pause: timedelta = timedelta(minutes=30)
    lost_grace: timedelta = timedelta(seconds=5)
    overdue_grace: timedelta = timedelta(minutes=2)
    agree_after: timedelta = timedelta(seconds=10)
    """Minimum time between two pulses that confirm the clock before it causes something irreversible."""
    request_lifetime: timedelta = timedelta(hours=24)
    wait_lifetime: timedelta = timedelta(hours=24)
    check_timeout: timedelta = timedelta(minutes=30)
    trial_timeout: timedelta = timedelta(seconds=5)
    """How long a feature's criterion runs before there is any work: it can be run if it has not failed to by then."""
    checks_at_once: int = 4
    """Checks of one mission that may run at once, as many as workers on the machine."""
    check_tries: int = 2
    killed_check_tries: int = 3
    still_looks: int = 6
    """Observations with work left, nothing running and no progress, after which a person is told."""
    checks_grace: timedelta = timedelta(minutes=45)
    """How long the checks of a pull request may take to start."""
    issues: bool = False
    """Each feature gets an issue at the forge."""
    opinion_rounds: int = 2
    """Rounds of reviews of a pull request that workers answer; then a person does."""
    warn_pct: int = 60
    stale_grace: timedelta = timedelta(hours=24)
    """Time between the notice that a mission had no activity and its archiving."""
    deadline_pct: tuple[int, ...] = (50, 80, 100)
    """Percent of the time between start and deadline that cause a warning each."""
    projection_over_pct: int = 50
    runners: Mapping[str, RunnerPolicy] = field(default_factory=dict)
    default_runner: str = ""
    """The runner of missions that name none; empty: there is none."""
    shared_budgets: tuple[Budget, ...] = ()
    """Budgets across missions."""
    previews: PreviewPolicy = field(default_factory=PreviewPolicy)
    targets: Mapping[str, Target] = field(default_factory=dict)
    """Where finished work can be deployed, by name."""
    hook_rules: Hooks = field(default_factory=Hooks)
    """Commands before and after steps, and what watchers do."""
    sandboxed: bool = True
    """Jobs run in a sandbox; without one, nothing that a reviewer proposes is run."""
    checks_salt: str = ""
    """What decides a verdict besides criterion and tree: setup command, copied files."""

    def parallel(self, preferred: int | None, mode: str) -> int:
        """Return how many workers one mission may have at once."""
        return 1 if mode == "poc" else preferred or self.max_parallel_workers

    def delays(self, wait: Wait) -> tuple[timedelta, ...]:
        """Return the delays for a kind of waiting."""
        lists = {Wait.RETRY: self.retry_delays, Wait.OUTAGE: self.outage_delays, Wait.RATE: self.rate_delays}
        return lists.get(wait, ())
