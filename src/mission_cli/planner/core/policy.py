"""The numbers that decisions are taken by; settings and defaults, without files."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Wait(StrEnum):
    """Which of the policy's lists of delays applies."""

    NONE = "none"
    RETRY = "retry"
    OUTAGE = "outage"
    RATE = "rate"


def _free(model: str) -> Decimal | None:
    """A runner without steps that cost anything."""
    del model
    return Decimal(0)


@dataclass(frozen=True, slots=True)
class RunnerPolicy:
    """What the planner needs to know of one runner. `problem` says why it cannot be used, or is empty."""

    deadline: timedelta = timedelta(hours=3)
    models: Mapping[str, str] = field(default_factory=dict)
    step_cost: Callable[[str], Decimal | None] = _free
    """What one step of a model can cost in dollars at most; None where nobody knows. Asked at dispatch only."""
    self_priced: bool = True
    """The runner says what it cost."""
    bounded: bool = False
    """Something else than dollars bounds every attempt: its steps."""
    problem: str = ""
    remedy: str = "mend .mission.toml"


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
    """Delays are taken in order; the last one stays."""
    max_parallel_workers: int = 2
    breaker_failures: int = 3
    breaker_pause: timedelta = timedelta(minutes=30)
    lost_grace: timedelta = timedelta(seconds=5)
    overdue_grace: timedelta = timedelta(minutes=2)
    agree_after: timedelta = timedelta(seconds=10)
    """How far two ticks lie apart that agree about the clock, before what cannot be taken back is done by it."""
    request_lifetime: timedelta = timedelta(hours=24)
    wait_lifetime: timedelta = timedelta(hours=24)
    check_timeout: timedelta = timedelta(minutes=30)
    trial_timeout: timedelta = timedelta(seconds=5)
    """How long a feature's criterion runs before there is any work: it can be run if it has not failed to by then."""
    checks_at_once: int = 4
    """Checks of one mission that run at a time: as many as workers of the machine may."""
    check_tries: int = 2
    killed_check_tries: int = 3
    still_looks: int = 6
    """Looks at a mission with work to do, nothing running and nothing moved, after which a person is told."""
    warn_pct: int = 60
    projection_over_pct: int = 50
    runners: Mapping[str, RunnerPolicy] = field(default_factory=dict)
    checks_salt: str = ""
    """What else than criterion and tree decides a verdict: setup command, copied files."""

    def parallel(self, preferred: int | None, mode: str) -> int:
        """How many workers one mission may have at a time."""
        return 1 if mode == "poc" else preferred or self.max_parallel_workers

    def delays(self, wait: Wait) -> tuple[timedelta, ...]:
        """The list of delays for a kind of waiting."""
        lists = {Wait.RETRY: self.retry_delays, Wait.OUTAGE: self.outage_delays, Wait.RATE: self.rate_delays}
        return lists.get(wait, ())
