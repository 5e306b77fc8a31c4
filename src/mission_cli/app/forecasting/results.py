"""Results of `mission budget`: what things cost, what a budget buys, what was spent, and how good forecasts were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from mission_cli.app.results.outlook import Bought, Converted, Forecast, HoursRange, TokenRange, UsdRange
    from mission_cli.domain.forecast.vendors import Vendor
    from mission_cli.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Estimates:
    """What missions of some sizes cost."""

    estimates: Sequence[Estimate]
    levels: Sequence[Level] = ()
    """For a goal with so many features; empty if no number was named."""


@dataclass(frozen=True, slots=True)
class Level:
    """What a goal becomes with a larger budget."""

    name: str
    """working, complete, polished."""
    contains: Sequence[str]
    """Besides what the level before contains."""
    without: Sequence[str]
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a mission costs of which only its size is known."""

    features: int
    milestones: int
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class MissionForecast:
    """What a mission will cost, beside its caps."""

    id: str
    forecast: Forecast | None
    """null: it is finished, or nothing is known."""
    caps: Mapping[str, Decimal | None]
    """By category: usd, hours, tokens; null: no cap."""
    spent: Mapping[str, Decimal]
    currency: Converted | None
    """Money in the currency of the settings; null without one."""
    notices: Sequence[Notice]
    """Caps below what nine of ten such missions cost, each with the command that raises it."""


@dataclass(frozen=True, slots=True)
class Bargain:
    """What a budget buys."""

    id: str
    """The mission; empty: any one."""
    budget: Mapping[str, Decimal]
    """By category: usd, hours, tokens."""
    bought: Sequence[Bought]
    """Each feature is in one of them."""
    from_runs: int
    """As in a forecast."""
    others: str


@dataclass(frozen=True, slots=True)
class Recommended:
    """Caps with which nine of ten such missions do not pause for their budget."""

    id: str
    budget: Mapping[str, Decimal]
    """By category: usd, hours, tokens; without those of which nothing is known."""
    commands: Sequence[str]
    """Commands that set them."""
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class Paid:
    """What one attempt, review or planning round has cost."""

    run: str
    runner: str
    model: str
    ended: str
    hours: Decimal
    tokens: Mapping[str, int]
    """By kind: input, output, cache_read, cache_write, reasoning."""
    usd: Decimal | None
    """What counts; null: unknown."""
    listed_usd: Decimal | None
    """The same tokens at list prices; null: no price is known."""
    differs_by: int | None
    """By how many percent of the list price the cost differs from it; null: one of them is unknown."""
    prices: str
    """The day of the table with the list prices, or settings; empty: no price is known."""
    source: str
    """Who counted."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """A row of the spend log that no attempt explains."""

    date: str
    category: str
    amount: Decimal | None
    description: str
    milestone: str


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """What a mission has spent, row by row."""

    id: str
    caps: Mapping[str, Decimal | None]
    spent: Mapping[str, Decimal]
    reserved: Mapping[str, Decimal]
    listed_usd: Decimal
    """All attempts whose list price is known, at list prices."""
    attempts: Sequence[Paid]
    by_hand: Sequence[ByHand]
    currency: Converted | None
    """The same in the currency of the settings; null without one."""
    notices: Sequence[Notice]
    """Attempts whose cost differs from the list price by more than 10 %, with both figures."""
    vendors: Sequence[Vendor] = ()
    """How good the work of each runner was."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What an ended mission would have been forecast, from its plan and the missions before it, and what it used."""

    id: str
    features: int
    """Planned ones that are done."""
    from_missions: int
    usd: UsdRange | None
    tokens: TokenRange | None
    hours: HoursRange
    used_usd: Decimal | None
    used_tokens: int | None
    used_hours: Decimal


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good forecasts of ended missions would have been."""

    missions: Sequence[Checked]
    compared: Mapping[str, int]
    """Missions of which a forecast and the amount are known, by category."""
    below_p50: Mapping[str, int]
    """How many of them used at most P50; with good forecasts, half."""
    within_p90: Mapping[str, int]
    """How many of them used at most P90; with good forecasts, nine of ten."""


@dataclass(frozen=True, slots=True)
class PriceOf:
    """Prices of one model, in dollars per million tokens."""

    model: str
    input: Decimal | None
    """null: no price of the model is known. That does not mean that it is free."""
    output: Decimal | None
    cache_read: Decimal | None
    cache_write: Decimal | None
    table: str
    """The day of the table that they are from, or settings; empty: unknown."""


@dataclass(frozen=True, slots=True)
class PricesShown:
    """Prices of models, and the table in force."""

    date: str
    """The day of the table."""
    source: str
    """What it was made from."""
    place: str
    """Its file."""
    known: int
    """How many models it has."""
    prices: Sequence[PriceOf]
    more: int
    """How many fit besides these."""


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What remains of one amount of a budget across missions."""

    budget: str
    """Its name in the settings."""
    across: str
    """repository or machine."""
    every: str
    """day, week, month, or how long a sliding time lasts."""
    runners: Sequence[str]
    """Only their attempts count; empty: all."""
    category: str
    """usd, hours or tokens."""
    cap: Decimal
    """Without the headroom."""
    headroom: Decimal
    """What missions leave for your own use."""
    spent: Decimal
    reserved: Decimal
    left: Decimal
    """Below zero if attempts have cost more than they had reserved."""
    since: datetime
    until: datetime | None
    """When more is free by itself; null: only when attempts end, or nothing is spent."""


@dataclass(frozen=True, slots=True)
class ParkedRunner:
    """A runner at its usage limit."""

    runner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LimitsShown:
    """The budgets across missions."""

    budgets: Sequence[BudgetLeft]
    parked: Sequence[ParkedRunner]
    notices: Sequence[Notice]
    """What is wrong with them."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The rest of a mission as it is, and as it would be."""

    id: str
    changes: Sequence[str]
    """What would be different."""
    as_it_is: Forecast | None
    """null: nothing is known of it."""
    then: Forecast
    notices: Sequence[Notice]
    """What stands between here and there."""
