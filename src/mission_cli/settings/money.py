"""Settings of money: budgets across missions, prices that differ from the table, and the currency of shown amounts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_duration
from mission_cli.domain.budget.across import Budget
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.errors import UsageError
from mission_cli.domain.timing.spans import CALENDAR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

_NAME = pattern(r"[\w.@#-]+(?: \(repository\))?")
_MODEL = pattern(r"[\w.@:+-]+(?:/[\w.@:+-]+)*")
_CODE = pattern(r"[A-Z]{3}")
_SHORTEST, _LONGEST = timedelta(hours=1), timedelta(days=60)
_MOST_HEADROOM = 90
ACROSS = ("repository", "machine")
KINDS = ("input", "output", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """One `[budgets.NAME]` table: what the missions of a repository or machine may use in a time."""

    usd: Decimal | None = None
    """dollars of all attempts together; empty: no cap"""
    hours: Decimal | None = None
    """the same in hours of workers"""
    tokens: Decimal | None = None
    """the same in tokens of all kinds"""
    every: str = "month"
    """`day`, `week` or `month` of the calendar, or a sliding time such as `5h`, up to `60d`"""
    across: str = "repository"
    """`repository`: its missions together; `machine`: those of all your repositories here"""
    runners: tuple[str, ...] = ()
    """only attempts of these runners count and wait; empty: all"""
    headroom_pct: int = 0
    """percent of each amount that missions leave for your own use"""


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """One `[prices."PROVIDER/MODEL"]` table: dollars per million tokens, instead of the table of prices."""

    input: Decimal | None = None
    """dollars per million tokens of input"""
    output: Decimal | None = None
    """the same for output and reasoning"""
    cache_read: Decimal | None = None
    """the same for reading from the cache; empty: as much as input"""
    cache_write: Decimal | None = None
    """the same for writing into the cache; empty: as much as input"""


@dataclass(frozen=True, slots=True)
class CurrencySettings:
    """The `[currency]` table: in which currency people see amounts, besides dollars."""

    code: str = ""
    """its code, such as `EUR`; empty: dollars only"""
    rate: Decimal | None = None
    """how many units of it one dollar buys"""
    date: str = ""
    """the day of the rate, `2026-11-02`"""


def budgets_of(named: Mapping[str, BudgetSettings]) -> tuple[Budget, ...]:
    """Return the budgets as the planner reads them."""
    return tuple(
        Budget(
            name=name,
            caps={category: cap for category in CATEGORIES if (cap := getattr(one, category)) is not None},
            every=one.every,
            machine=one.across == "machine",
            runners=one.runners,
            headroom_pct=one.headroom_pct,
        )
        for name, one in named.items()
    )


def prices_of(named: Mapping[str, PriceSettings]) -> dict[str, dict[str, Decimal]]:
    """Return dollars per million tokens by kind; caches cost as much as input where nothing else is said."""
    found: dict[str, dict[str, Decimal]] = {}
    for model, one in named.items():
        given = {kind: amount for kind in KINDS if (amount := getattr(one, kind)) is not None}
        found[model] = {kind: given.get(kind, given["input"]) for kind in KINDS}
    return found


def check_money(
    budgets: Mapping[str, BudgetSettings], prices: Mapping[str, PriceSettings], currency: CurrencySettings
) -> None:
    """Raise UsageError for a budget that limits nothing, a model without a price, and a currency without a rate."""
    for name, budget in budgets.items():
        _check_budget(name, budget)
    for model, price in prices.items():
        if not _MODEL.fullmatch(model):
            hint = 'write [prices."PROVIDER/MODEL"], as the runner names it'
            raise UsageError(f"{model!r} is not a model", hint=hint)
        if price.input is None or price.output is None:
            hint = "write dollars per million tokens, 0 for a free model"
            raise UsageError(f"`prices.{model}` needs both `input` and `output`", hint=hint)
    if currency.code and not _CODE.fullmatch(currency.code):
        raise UsageError(f"the setting `currency.code` is {currency.code!r}", hint='write a code such as "EUR"')
    if currency.code == "USD" or bool(currency.code) != (currency.rate is not None):
        hint = 'write both, code = "EUR" and rate = 0.92; dollars need neither'
        raise UsageError("the settings `currency.code` and `currency.rate` belong together", hint=hint)
    if currency.date:
        try:
            date.fromisoformat(currency.date)
        except ValueError as error:
            raise UsageError(f"the setting `currency.date` is {currency.date!r}", hint="write 2026-11-02") from error


def _check_budget(name: str, budget: BudgetSettings) -> None:
    prefix = f"budgets.{name}"
    if not _NAME.fullmatch(name):
        raise UsageError(f"{prefix!r} is not a valid name of a budget", hint="use letters, digits, `.`, `_` and `-`")
    if budget.usd is None and budget.hours is None and budget.tokens is None:
        raise UsageError(f"`{prefix}` limits nothing", hint="give `usd`, `hours` or `tokens`")
    if budget.across not in ACROSS:
        raise UsageError(f"the setting `{prefix}.across` is {budget.across!r}", hint=f"use {' or '.join(ACROSS)}")
    span = parse_duration(budget.every)
    if budget.every not in CALENDAR and (span is None or not _SHORTEST <= span <= _LONGEST):
        hint = "use day, week, month, or a time from 1h to 60d"
        raise UsageError(f"the setting `{prefix}.every` is {budget.every!r}", hint=hint)
    if not 0 <= budget.headroom_pct <= _MOST_HEADROOM:
        hint = f"use a number from 0 to {_MOST_HEADROOM}"
        raise UsageError(f"the setting `{prefix}.headroom_pct` is {budget.headroom_pct}", hint=hint)
