"""What was spent, what is held, what an attempt may cost: the rule that no cent is overspent.

An intent never raises spent + held above a cap. A reserve is held from the intent of an attempt until
its settlement, and for good where the cost stayed unknown.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from mission_cli.budget.amounts import CATEGORIES, show_amount
from mission_cli.domain.records import dataclass
from mission_cli.domain.runs import Reserve, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from mission_cli.domain.mission import Limits, Spend

ZERO = Decimal(0)
_SECONDS_PER_HOUR = Decimal(3600)
_STEPS_KEPT = 3
"""Two steps may come after the cap is reached; three, because steps are not alike."""
_STEPS_WORTH_STARTING = 6
"""An attempt that cannot take so many steps does not get a slot of its own."""
_ANYTHING = Decimal("Infinity")
_MICRO = Decimal("0.000001")
_MARGIN = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums by category; `unknown` counts the rows of money whose amount nobody knows."""

    usd: Decimal = ZERO
    hours: Decimal = ZERO
    tokens: Decimal = ZERO
    unknown: int = 0

    def of(self, category: str) -> Decimal:
        """The sum of one category."""
        return {"usd": self.usd, "hours": self.hours, "tokens": self.tokens}[category]


@dataclass(frozen=True, slots=True)
class Account:
    """A mission's caps, what is spent and what is held at one moment."""

    limits: Limits
    spent: Totals
    held: Totals

    def cap(self, category: str) -> Decimal | None:
        """The cap of a category; None when there is none."""
        return {"usd": self.limits.usd, "hours": self.limits.hours, "tokens": self.limits.tokens}[category]

    def left(self, category: str) -> Decimal | None:
        """What can still be promised: cap less spent less held; None without a cap."""
        cap = self.cap(category)
        return None if cap is None else cap - self.spent.of(category) - self.held.of(category)

    def used_pct(self, category: str) -> Decimal | None:
        """Spent in percent of the cap; None without a cap. A cap of zero is used up."""
        cap = self.cap(category)
        if cap is None:
            return None
        return self.spent.of(category) * 100 / cap if cap else Decimal(100)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the budget lets nothing start."""

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


def held(records: Iterable[RunRecord]) -> Totals:
    """Add up the reserves of open attempts, and the money of settled ones whose cost is unknown."""
    usd = hours = tokens = ZERO
    for record in records:
        if record.open:
            usd += record.reserve.usd
            hours += record.reserve.hours
            tokens += record.reserve.tokens
        elif record.usage.usd is None:
            usd += record.reserve.usd
    return Totals(usd=usd, hours=hours, tokens=tokens)


def account(limits: Limits, rows: Iterable[Spend], records: Iterable[RunRecord]) -> Account:
    """Return where the mission stands."""
    return Account(limits=limits, spent=spent(rows), held=held(records))


def alert(state: Account) -> Refusal | None:
    """Return the first category that reached the threshold at which a person decides, or None."""
    for category in CATEGORIES:
        used = state.used_pct(category)
        if used is not None and used >= state.limits.alert_pct:
            return Refusal(
                category,
                f"{used:.0f}% of the {category} are spent, the threshold is {state.limits.alert_pct}%",
            )
    return None


def next_threshold(state: Account) -> Decimal:
    """Return the next step above what is used: the threshold that `resume` sets."""
    used = max((state.used_pct(c) or ZERO for c in CATEGORIES), default=ZERO)
    steps = (Decimal(80), Decimal(90), Decimal(100))
    return next((s for s in steps if s > used and s > state.limits.alert_pct), Decimal(100))


def reserve_for_attempt(
    state: Account,
    *,
    open_slots: int,
    wall_limit: timedelta,
    worst_step: Decimal | None = ZERO,
    seen_step: Decimal = ZERO,
) -> Reserve | Refusal:
    """Return what the next attempt may cost at most, so that every open slot gets its share.

    `worst_step` is what one step of the model can cost in dollars, None where nobody knows. A step is seen when it
    is over, so the cap is set below the reserve by one step, or by a fifth of the share where that is less, or
    nobody knows. `seen_step` is what a step of this mission did cost on average: the one that breaks the cap and
    the one that is under way then must fit.
    """
    if seen_step and (usd_left := state.left("usd")) is not None:
        open_slots = min(open_slots, int(usd_left // (_STEPS_WORTH_STARTING * seen_step)))
    shares: dict[str, Decimal] = {}
    for category in CATEGORIES:
        left = state.left(category)
        if left is not None and left <= 0:
            return Refusal(category, _nothing_left(state, category))
        shares[category] = ZERO if left is None else left / max(1, open_slots)
    dearest = _ANYTHING if worst_step is None else worst_step
    usd, cap = _money(state, shares["usd"], dearest, _STEPS_KEPT * seen_step)
    if cap <= 0 and state.cap("usd") is not None:
        left_now, step = show_amount("usd", state.left("usd") or ZERO), show_amount("usd", seen_step)
        return Refusal("usd", f"what is left ({left_now}) does not pay for the next step (one did cost {step})")
    wall = Decimal(str(wall_limit.total_seconds())) / _SECONDS_PER_HOUR
    hours = wall if state.cap("hours") is None else min(wall, shares["hours"])
    return Reserve(
        usd=usd.quantize(_MICRO, rounding=ROUND_DOWN),
        cap_usd=cap.quantize(_MICRO, rounding=ROUND_DOWN),
        hours=hours.quantize(_MICRO, rounding=ROUND_DOWN),
        tokens=int(shares["tokens"]),
    )


def _money(state: Account, share: Decimal, worst_step: Decimal, seen_steps: Decimal) -> tuple[Decimal, Decimal]:
    """(reserve, cap) in dollars; a reserve of 0 without any cap."""
    per_feature, left = state.limits.per_feature_usd, state.left("usd")
    if per_feature:
        wanted = per_feature + max(min(worst_step, per_feature * _MARGIN), seen_steps)
        if left is None or wanted <= left:
            return wanted, per_feature
        share = min(share, left) if per_feature > left else left
    return share, share - max(min(worst_step, share * _MARGIN), seen_steps)


def _nothing_left(state: Account, category: str) -> str:
    amounts = (state.spent.of(category), state.held.of(category), state.cap(category))
    spent_now, held_now, cap = (show_amount(category, a) for a in amounts)
    return f"nothing is left to promise: {spent_now} spent and {held_now} held of {cap}"
