"""The budget: what is spent and reserved, and what an attempt may cost, so that no cap is exceeded.

An intent never raises spent + held above a cap. A reserve is held from the intent of an attempt until
its settlement, and for good if the cost stays unknown.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.shown import quantity_of
from mission_cli.domain.budget.amounts import ARE_SPENT, CATEGORIES
from mission_cli.domain.budget.spends import BY_HAND, spends_of
from mission_cli.domain.purchases.rows import spends_of_purchase
from mission_cli.domain.runs.usage import Reserve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from mission_cli.domain.ids import RunId
    from mission_cli.domain.mission import Limits
    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.runs.usage import Usage
    from mission_cli.domain.tables import Spend

ZERO = Decimal(0)
_SECONDS_PER_HOUR = Decimal(3600)
_STEPS_KEPT = 3
"""Two steps may come after the cap is reached; three, because steps differ in size."""
_STEPS_WORTH_STARTING = 6
"""An attempt that cannot take this many steps gets more than its share, if there is more."""
_ANYTHING = Decimal("Infinity")
_MICRO = Decimal("0.000001")
_MARGIN = Decimal("0.2")
_GRACE_HOURS = Decimal(120) / _SECONDS_PER_HOUR
"""How long a run may take to end after its deadline."""
_WHOLE = Decimal(1)
_ALL_PCT = 100
KEYS = {"usd": "budget.money_usd", "hours": "budget.time_hours", "tokens": "budget.token_limit"}
"""The key of the cap of each category in the front matter."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums by category; `unknown` counts the money rows whose amount is unknown."""

    usd: Decimal = ZERO
    hours: Decimal = ZERO
    tokens: Decimal = ZERO
    unknown: int = 0

    def of(self, category: str) -> Decimal:
        """Return the sum of one category."""
        return {"usd": self.usd, "hours": self.hours, "tokens": self.tokens}[category]


@dataclass(frozen=True, slots=True)
class Account:
    """The caps of a mission, and what is spent and held at one time."""

    limits: Limits
    spent: Totals
    """From the spend log, and from the costs of runs that have ended and are not settled yet."""
    held: Totals

    def cap(self, category: str) -> Decimal | None:
        """Return the cap of a category; None if there is none."""
        return {"usd": self.limits.usd, "hours": self.limits.hours, "tokens": self.limits.tokens}[category]

    def left(self, category: str) -> Decimal | None:
        """Return what can still be reserved: cap less spent less held; None without a cap."""
        cap = self.cap(category)
        return None if cap is None else cap - self.spent.of(category) - self.held.of(category)

    def used_pct(self, category: str) -> Decimal | None:
        """Return what is spent in percent of the cap; None without a cap. A cap of zero is used up."""
        cap = self.cap(category)
        if cap is None:
            return None
        return self.spent.of(category) * 100 / cap if cap else Decimal(100)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the budget lets no attempt start."""

    category: str
    detail: str


def spent(rows: Iterable[Spend]) -> Totals:
    """Add up the spend log."""
    sums = dict.fromkeys(CATEGORIES, ZERO)
    unknown = 0
    for row in rows:
        if row.category not in sums:
            continue
        if row.amount is None:
            unknown += 1
        else:
            sums[row.category] += row.amount
    return Totals(usd=sums["usd"], hours=sums["hours"], tokens=sums["tokens"], unknown=unknown)


def held(records: Iterable[RunRecord], bills: Mapping[RunId, Usage] = MappingProxyType({})) -> Totals:
    """Add up the reserves of open attempts, and money and tokens of settled ones whose cost is unknown.

    Of an ended run in `bills` only the rest of its reserve is held: cost and rest together are the greater of the two.
    """
    sums = dict.fromkeys(CATEGORIES, ZERO)
    for record in records:
        bill = bills.get(record.run)
        for category in CATEGORIES if record.open else ():
            billed = amount_of(bill, category) if bill else ZERO
            sums[category] += max(ZERO, reserved(record, category) - (billed or ZERO))
        if not record.open and record.usage.usd is None:
            sums["usd"] += record.reserve.usd
            if not record.usage.total_tokens:  # an agent without a price still counts its tokens
                sums["tokens"] += Decimal(record.reserve.tokens)
    return Totals(usd=sums["usd"], hours=sums["hours"], tokens=sums["tokens"])


def reserved(record: RunRecord, category: str) -> Decimal:
    """Return what is held for an attempt in one category."""
    reserve = record.reserve
    return {"usd": reserve.usd, "hours": reserve.hours, "tokens": Decimal(reserve.tokens)}[category]


def amount_of(usage: Usage, category: str) -> Decimal | None:
    """Return the usage in one category; None if unknown."""
    return {"usd": usage.usd, "hours": usage.hours, "tokens": Decimal(usage.total_tokens)}[category]


def account(
    limits: Limits,
    rows: Iterable[Spend],
    records: Sequence[RunRecord],
    bills: Mapping[RunId, Usage] = MappingProxyType({}),
    purchases: Sequence[PurchaseRow] = (),
) -> Account:
    """Return the account of a mission; `bills` are the costs of runs that have ended and are not settled yet.

    Spent is the greater of what the log says, and what the run records and the rows that `mission budget record` added
    say together, so that a deleted or mistyped row of an attempt frees no budget.
    """
    rows = tuple(rows)
    told = [row for r in records if not r.open for row in spends_of(r)]
    told += [row for row in rows if row.description.startswith(BY_HAND)]
    told += [row for purchase in purchases for row in spends_of_purchase(purchase)]
    known = _greater(spent(rows), spent(told))
    due = [bills[r.run] for r in records if r.open and r.run in bills]
    sums = {c: known.of(c) + sum((amount_of(bill, c) or ZERO for bill in due), ZERO) for c in CATEGORIES}
    unknown = known.unknown + sum(bill.usd is None for bill in due)
    kept = held(records, bills)
    wanted = sum((purchase.held for purchase in purchases), kept.usd)
    return Account(limits, Totals(**sums, unknown=unknown), replace(kept, usd=wanted))


def _greater(one: Totals, other: Totals) -> Totals:
    sums = {category: max(one.of(category), other.of(category)) for category in CATEGORIES}
    return Totals(**sums, unknown=max(one.unknown, other.unknown))


def alert(state: Account) -> Refusal | None:
    """Return the category that is furthest above the threshold for a decision of a person, or None."""
    used = {category: pct for category in CATEGORIES if (pct := state.used_pct(category)) is not None}
    most = max(used, key=lambda category: used[category], default="")
    if not most or used[most] < state.limits.alert_pct:
        return None
    return Refusal(most, f"{used[most]:.0f}% {ARE_SPENT[most]}, the threshold is {state.limits.alert_pct}%")


def is_used_up(state: Account, category: str) -> bool:
    """Whether a cap is spent completely, so that no threshold lets another attempt start."""
    return (state.used_pct(category) or ZERO) >= _ALL_PCT


def next_threshold(state: Account) -> Decimal:
    """Return the next step above what is used: the threshold that `resume` sets."""
    used = max((state.used_pct(c) or ZERO for c in CATEGORIES), default=ZERO)
    steps = (Decimal(80), Decimal(90), Decimal(100))
    return next((s for s in steps if s > used and s > state.limits.alert_pct), Decimal(100))


def fair_share(weight: Decimal, weights: Sequence[Decimal], open_slots: int) -> Decimal:
    """Return the part of what is left for one attempt: twice its share by weight, at most everything.

    `weights` are those of every feature that still needs money, this one included. If few are left, each open slot gets
    its part, so that the first attempt leaves enough for the others to start.
    """
    total = sum(weights, ZERO)
    if len(weights) <= 1 or total <= 0:
        return _WHOLE
    share = weight / total
    return min(2 * share, max(share, _WHOLE / max(1, min(open_slots, len(weights)))))


def reserve_for_attempt(
    state: Account,
    *,
    wall_limit: timedelta,
    share: Decimal = _WHOLE,
    worst_step: Decimal | None = ZERO,
    seen_step: Decimal = ZERO,
    seen_tokens: Decimal = ZERO,
) -> Reserve | Refusal:
    """Return the reserve of the next attempt: a `share` (0 to 1) of what is left in each category; or why none is left.

    `worst_step`: the most that one step of the model can cost in dollars, None if unknown. A step is seen only when it
    is over, so the cap is below the reserve by one such step, or by a fifth of the share if that is less or the price
    is unknown. `seen_step` and `seen_tokens`: the average step of this mission. The step that exceeds the cap and the
    one that runs when that is seen have to fit into the reserve.
    """
    steps = {"usd": seen_step, "tokens": seen_tokens, "hours": ZERO}
    shares: dict[str, Decimal] = {}
    for category in CATEGORIES:
        left = state.left(category)
        if left is not None and left <= 0:
            return Refusal(category, _nothing_left(state, category))
        shares[category] = (
            ZERO if left is None else min(left, max(left * share, _STEPS_WORTH_STARTING * steps[category]))
        )
    dearest = _ANYTHING if worst_step is None else worst_step
    usd, cap = _money(state, shares["usd"], dearest, _STEPS_KEPT * seen_step)
    tokens = shares["tokens"]
    cap_tokens = tokens - max(tokens * _MARGIN, _STEPS_KEPT * seen_tokens)
    for category, allowed, least in (("usd", cap, _MICRO), ("tokens", cap_tokens, _WHOLE)):
        if allowed < least and state.cap(category) is not None:
            return Refusal(category, _too_little(state, category, steps[category]))
    hours, cap_hours = _hours(state, shares["hours"], Decimal(str(wall_limit.total_seconds())) / _SECONDS_PER_HOUR)
    return Reserve(
        usd=usd.quantize(_MICRO, rounding=ROUND_DOWN),
        cap_usd=cap.quantize(_MICRO, rounding=ROUND_DOWN),
        hours=hours.quantize(_MICRO, rounding=ROUND_DOWN),
        tokens=int(tokens),
        cap_tokens=int(max(cap_tokens, ZERO)),
        deadline_s=max(1, round(cap_hours * _SECONDS_PER_HOUR)),
    )


def _hours(state: Account, share: Decimal, wall: Decimal) -> tuple[Decimal, Decimal]:
    """Return (reserve, limit) in hours: a run is stopped early enough to end within its share."""
    if state.cap("hours") is None or wall + _GRACE_HOURS <= share:
        return wall if state.cap("hours") is None else wall + _GRACE_HOURS, wall
    return share, min(wall, share - min(_GRACE_HOURS, share * _MARGIN))


def _money(state: Account, share: Decimal, worst_step: Decimal, seen_steps: Decimal) -> tuple[Decimal, Decimal]:
    """Return (reserve, cap) in dollars; the reserve is 0 without any cap."""
    per_feature, left = state.limits.per_feature_usd, state.left("usd")
    if per_feature:
        wanted = per_feature + max(min(worst_step, per_feature * _MARGIN), seen_steps)
        if left is None or wanted <= left:
            return wanted, per_feature
        share = min(share, left) if per_feature > left else left
    return share, share - max(min(worst_step, share * _MARGIN), seen_steps)


def _too_little(state: Account, category: str, step: Decimal) -> str:
    left, one = quantity_of(category, state.left(category) or ZERO), quantity_of(category, step)
    return f"the remaining {left} does not pay for the next step (a step has cost {one})"


def _nothing_left(state: Account, category: str) -> str:
    amounts = (state.spent.of(category), state.held.of(category), state.cap(category))
    spent_now, held_now, cap = (quantity_of(category, a) for a in amounts)
    return f"nothing is left to reserve: {spent_now} spent and {held_now} reserved of {cap}"
