"""What is known about a mission ahead: what it will cost, when it will be finished, and what may go wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import show_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from mission_cli.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class UsdRange:
    """US dollars."""

    p10: Decimal
    """One of ten such missions costs less."""
    p50: Decimal
    """Half of them cost at most this."""
    p90: Decimal
    """Nine of ten cost at most this."""


@dataclass(frozen=True, slots=True)
class TokenRange:
    """Tokens of all kinds."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class HoursRange:
    """Hours of work."""

    p10: Decimal
    p50: Decimal
    p90: Decimal


@dataclass(frozen=True, slots=True)
class FinishRange:
    """When the last milestone has passed, if work goes on without people from now on."""

    p10: datetime
    p50: datetime
    p90: datetime


@dataclass(frozen=True, slots=True)
class TimeRange:
    """How long it takes."""

    p10: timedelta
    p50: timedelta
    p90: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a mission will cost in all, and when it will be finished."""

    usd: UsdRange | None
    """With what is spent already; null if no price is known."""
    tokens: TokenRange | None
    """With those that are used already; null if nothing is known about them."""
    finish: FinishRange
    left: TimeRange
    """From now on."""
    hours: HoursRange
    """Hours of all workers together, with those that are used already: what `budget.time_hours` limits."""
    from_runs: int
    """Own attempts that have ended, on which this is based; 0: only missions of others."""
    from_missions: int
    """Own missions that have ended, on which this is based."""
    others: str
    """Whose missions count besides, such as `31 missions of another tool`; empty: none do."""
    misses_by: timedelta | None = None
    """By how much half of the simulated outcomes miss the deadline at least; null: they meet it, or it has none."""
    at_least: timedelta = timedelta(0)
    """By how much nine of ten outcomes miss it."""
    done: int = 0
    """Planned features that are done."""
    planned: int = 0
    """Features that count: neither skipped nor added as a fix."""
    took: timedelta | None = None
    """Since the start."""

    @property
    def words(self) -> str:
        """That it will miss its deadline, in a sentence without its subject; empty if it will not."""
        if self.misses_by is None:
            return ""
        least = f"by {show_duration(self.at_least)} at least, " if self.at_least > timedelta(0) else ""
        took = f" took {show_duration(self.took)}" if self.took is not None else " are done"
        so_far = f"{self.done} of {self.planned} features{took}"
        return f"will miss its deadline {least}by about {show_duration(self.misses_by)} ({so_far})"


@dataclass(frozen=True, slots=True)
class Bought:
    """Features that a budget pays for, in the order in which they would be done."""

    chance: str
    """safe (in 9 of 10 cases), likely (in half), stretch (in 1 of 10), out."""
    features: int
    names: Sequence[str]
    """Numbers and titles; empty if no mission was named."""


@dataclass(frozen=True, slots=True)
class LikelyCost:
    """What the open features will cost, judged by features that are done in this repository."""

    p50_usd: Decimal
    """Half of all such missions cost at most this."""
    p90_usd: Decimal
    """Nine of ten such missions cost at most this."""
    features: int
    """The number of done features that this is based on."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a person should know before a mission starts."""

    cost: LikelyCost | None
    """null: too few features with a known cost are done in this repository."""
    hours: Decimal
    """Sum of the estimates of the open features, or of their milestones."""
    unestimated: int
    """The number of open features without an estimate."""
    scheduled: bool
    """Whether a schedule or a detached run starts pulses on this machine."""
    notices: Sequence[Notice]
    """What may go wrong, and what to do about it; nothing of it prevents the start."""
    forecast: Forecast | None = None
    """What it will cost and when it will be finished if it starts now; null if nothing is known."""
    menu: Sequence[Bought] = ()
    """Which open features its caps pay for, where these are lower than what nine of ten such missions use."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Amounts in the currency of the settings; in dollars they are exact."""

    code: str
    rate: Decimal
    """How many units one dollar buys."""
    date: str
    """The day of the rate; empty if the settings do not say it."""
    amounts: Mapping[str, Decimal]
    """By name: spent, reserved, cap, p10, p50, p90."""


@dataclass(frozen=True, slots=True)
class PricesApart:
    """What agents say that attempts have cost, and what the same tokens cost at list prices."""

    attempts: int
    told: Decimal
    listed: Decimal
