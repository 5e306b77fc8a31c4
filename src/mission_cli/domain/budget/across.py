"""Budgets across missions: what counts to them, when their time begins, and what remains.

An attempt counts with its reserve while it is open, and with its cost at the time when it ended. A cost that stays
unknown counts as its reserve.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import parse_duration, parse_stamp
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import amount_of, reserved
from mission_cli.domain.budget.spends import by_hand
from mission_cli.domain.status import Cause
from mission_cli.domain.timing.spans import CALENDAR, begins, ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    from mission_cli.domain.ids import RunId
    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.runs.usage import Usage
    from mission_cli.domain.tables import Spend

_BY_HAND = "by hand "
_NOON, _HALF_A_DAY = "T12:00:00Z", timedelta(hours=12)
KEPT = timedelta(days=63)
"""Costs that are older count to no budget."""
_ZERO = Decimal(0)
_ALL_PCT = 100


@dataclass(frozen=True, slots=True)
class Budget:
    """What missions may use together in a time."""

    name: str
    caps: Mapping[str, Decimal]
    """By category: usd, hours, tokens."""
    every: str = "month"
    machine: bool = False
    """Whether all repositories of the machine count, not only this one."""
    runners: tuple[str, ...] = ()
    headroom_pct: int = 0

    def cap(self, category: str) -> Decimal | None:
        """Return what missions may use: the cap without the share of people; None without a cap."""
        cap = self.caps.get(category)
        return None if cap is None else cap * (_ALL_PCT - self.headroom_pct) / _ALL_PCT

    def counts(self, runner: str) -> bool:
        """Whether attempts of a runner count; rows without a runner were spent by hand."""
        return not self.runners or any(fnmatchcase(runner, one) for one in self.runners)

    @property
    def words(self) -> str:
        """What it is, for people."""
        where = "this machine" if self.machine else "this repository"
        when = f"each {self.every}" if self.every in CALENDAR else f"in any {self.every}"
        return f"the budget `{self.name}` ({where}, {when})"


@dataclass(frozen=True, slots=True)
class Row:
    """What one attempt, or one row by hand, counts with."""

    run: str
    runner: str = ""
    ended: str = ""
    """When it ended, ISO 8601; empty: it is open, and its amounts are its reserve."""
    usd: Decimal = _ZERO
    hours: Decimal = _ZERO
    tokens: Decimal = _ZERO
    reset_at: str = ""
    """When the usage limit of its runner ends, if it ended at one and the provider said so."""

    @property
    def by_hand(self) -> bool:
        """Whether it is a row of the spend log that no attempt explains; `ended` is the noon of its day then."""
        return self.run.startswith(_BY_HAND)

    def of(self, category: str) -> Decimal:
        """Return one amount."""
        return {"usd": self.usd, "hours": self.hours, "tokens": self.tokens}[category]


@dataclass(frozen=True, slots=True)
class Left:
    """What remains of one amount of a budget."""

    budget: Budget
    category: str
    cap: Decimal
    """Without the headroom."""
    spent: Decimal
    held: Decimal
    since: datetime
    until: datetime | None
    """When more becomes free by itself; None: only when attempts end, or never."""

    @property
    def left(self) -> Decimal:
        """What attempts may still reserve."""
        return self.cap - self.spent - self.held


def rows_of(
    records: Iterable[RunRecord],
    spends: Iterable[Spend],
    bills: Mapping[RunId, Usage],
    since: datetime,
    purchases: Iterable[PurchaseRow] = (),
) -> tuple[Row, ...]:
    """Return what a mission counts with: attempts open or ended since then, rows by hand, reserved purchases."""
    records = list(records)
    rows = [_row(record, bills.get(record.run)) for record in records]
    for number, spend in enumerate(by_hand(spends, records)):
        if spend.amount is not None and spend.category in CATEGORIES:
            amounts = {**dict.fromkeys(CATEGORIES, _ZERO), spend.category: spend.amount}
            rows.append(_with(Row(f"{_BY_HAND}{number}", ended=f"{spend.date}{_NOON}"), amounts))
    rows += [Row(one.name, usd=one.held) for one in purchases if one.held]
    return tuple(row for row in rows if not row.ended or ((at := parse_stamp(row.ended)) is not None and at >= since))


def _row(record: RunRecord, bill: Usage | None) -> Row:
    amounts = {category: _counted(record, category, bill) for category in CATEGORIES}
    if record.open:
        return _with(Row(str(record.run), record.runner), amounts)
    reset = record.reset_at if record.cause is Cause.RATE_LIMIT else ""
    return _with(Row(str(record.run), record.runner, record.ended or record.intended, reset_at=reset), amounts)


def _with(row: Row, amounts: Mapping[str, Decimal]) -> Row:
    return replace(row, usd=amounts["usd"], hours=amounts["hours"], tokens=amounts["tokens"])


def _counted(record: RunRecord, category: str, bill: Usage | None) -> Decimal:
    if record.open:
        billed = amount_of(bill, category) if bill is not None else None
        return max(reserved(record, category), billed or _ZERO)
    amount = amount_of(record.usage, category)
    unknown = record.usage.usd is None and not record.usage.total_tokens
    return reserved(record, category) if amount is None or (category == "tokens" and unknown) else amount


def left_of(budget: Budget, rows: Sequence[Row], now: datetime, zone: tzinfo) -> list[Left]:
    """Return what remains of each amount of a budget."""
    since = begins(budget.every, now, zone)
    mine = [row for row in rows if budget.counts(row.runner)]
    ended = [(at, row) for row in mine if (at := _ended(row, budget)) is not None and at >= since]
    found = []
    for category in CATEGORIES:
        cap = budget.cap(category)
        if cap is None:
            continue
        spent = sum((row.of(category) for _, row in ended), _ZERO)
        held = sum((row.of(category) for row in mine if not row.ended), _ZERO)
        until = _free_at(budget, [(at, row.of(category)) for at, row in ended], cap - held - spent, now, zone)
        found.append(Left(budget, category, cap, spent, held, since, until))
    return found


def _ended(row: Row, budget: Budget) -> datetime | None:
    """Return when a row counts; of what was spent by hand only the day is known, so a window counts it to its end."""
    at = parse_stamp(row.ended) if row.ended else None
    return at + _HALF_A_DAY if at is not None and row.by_hand and budget.every not in CALENDAR else at


def _free_at(
    budget: Budget, ended: Sequence[tuple[datetime, Decimal]], left: Decimal, now: datetime, zone: tzinfo
) -> datetime | None:
    """Return when something is free again, by what has ended alone; None if that is not enough."""
    if budget.every in CALENDAR:
        return ends(budget.every, now, zone) if any(amount for _, amount in ended) else None
    span = parse_duration(budget.every) or timedelta(0)
    for at, amount in sorted(ended):
        left += amount
        if amount and left > 0:
            return at.astimezone(UTC) + span + timedelta(seconds=1)
    return None


def parked(rows: Iterable[Row], runner: str) -> datetime | None:
    """Return until when a runner is at its usage limit, by its newest attempt; None if it is not known to be."""
    mine = [row for row in rows if row.runner == runner and row.ended]
    last = max(mine, key=lambda row: row.ended, default=None)
    return parse_stamp(last.reset_at) if last is not None and last.reset_at else None


@dataclass(frozen=True, slots=True)
class Counted:
    """What one mission counts with."""

    content: str
    """The content of its folder that the rows were read from (`Stored.content`); empty: they are to be read again."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What the missions of one repository count with."""

    missions: Mapping[str, Counted]
    """By id, with those that were deleted."""

    def rows(self, besides: str = "") -> tuple[Row, ...]:
        """Return the rows of all missions but one."""
        return tuple(row for name, one in self.missions.items() if name != besides for row in one.rows)


def too_much(
    budgets: Iterable[Budget],
    here: Sequence[Row],
    elsewhere: Sequence[Row],
    new: Iterable[Row],
    now: datetime,
    zone: tzinfo,
) -> str:
    """Return why new rows, which are among those here, do not fit; empty if no budget is exceeded by them."""
    new = list(new)
    for budget in budgets:
        if not any(budget.counts(row.runner) for row in new):
            continue
        for left in left_of(budget, (*here, *elsewhere) if budget.machine else here, now, zone):
            asked = sum((row.of(left.category) for row in new if budget.counts(row.runner)), _ZERO)
            if asked and left.left < 0:
                return f"{budget.words} is used or reserved by others meanwhile"
    return ""
