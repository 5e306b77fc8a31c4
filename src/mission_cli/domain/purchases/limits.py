"""Who approves purchases, and how much may be bought: per purchase, merchant, mission, day, week and month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import parse_stamp
from mission_cli.domain.purchases.money import Price, Rate
from mission_cli.domain.purchases.orders import looks_like, same_merchant
from mission_cli.domain.purchases.rows import CHARGED, HOLDING
from mission_cli.domain.timing.spans import begins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from mission_cli.domain.purchases.rows import PurchaseRow

EVERY = ("purchase", "mission", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class PurchaseLimit:
    """The most that may be bought in one currency."""

    name: str
    amount: Price
    every: str = "month"
    """`purchase`, `mission`, or a `day`, `week` or `month` of the calendar in local time."""
    merchants: tuple[str, ...] = ()
    """Only purchases at these count; empty: all."""

    def counts(self, row: PurchaseRow) -> bool:
        """Whether a purchase counts."""
        named = not self.merchants or any(same_merchant(row.merchant, one) for one in self.merchants)
        return named and row.amount.currency == self.amount.currency

    @property
    def words(self) -> str:
        """What it is, for people."""
        each = "a purchase" if self.every == "purchase" else f"each {self.every}"
        return f"the limit `{self.name}` ({self.amount}, {each})"


@dataclass(frozen=True, slots=True)
class PurchaseRules:
    """What the settings of the person say about purchases."""

    approvers: tuple[str, ...] = ()
    ask_above: Mapping[str, Price] = field(default_factory=dict)
    """Up to these amounts, by currency, no approval is needed; a currency that is not here always needs one."""
    merchants: tuple[str, ...] = ()
    """The only merchants that may be paid; empty: all."""
    limits: tuple[PurchaseLimit, ...] = ()
    rate: Rate = field(default_factory=Rate)

    def may(self, person: str) -> bool:
        """Whether a person may approve purchases: their name is listed, exactly but for case."""
        return bool(person.strip()) and any(person.casefold() == one.casefold() for one in self.approvers)

    def needs_approval(self, amount: Price) -> bool:
        """Whether a purchase of this amount needs a person."""
        free = self.ask_above.get(amount.currency)
        return free is None or amount.minor > free.minor

    def why_not_here(self, merchant: str) -> str:
        """Return why nothing may be bought at a merchant; empty if it may."""
        known = [*self.merchants, *(name for limit in self.limits for name in limit.merchants)]
        alike = next((one for one in known if looks_like(merchant, one)), "")
        if alike and not any(same_merchant(merchant, one) for one in known):
            return f"{merchant} is not {alike}, it only looks like it"
        if self.merchants and not any(same_merchant(merchant, one) for one in self.merchants):
            return f"{merchant} is not one of the merchants in the settings"
        return ""


@dataclass(frozen=True, slots=True)
class OverLimit:
    """A limit that a purchase exceeds."""

    limit: PurchaseLimit
    used: Price

    @property
    def words(self) -> str:
        """What it is, for people."""
        return f"{self.limit.words} allows no more: {self.used} are paid or reserved"

    @property
    def passes(self) -> bool:
        """Whether time alone makes room."""
        return self.limit.every in {"day", "week", "month"} and self.used.minor > 0


def over_limit(
    rules: PurchaseRules,
    row: PurchaseRow,
    mine: Iterable[PurchaseRow],
    others: Sequence[tuple[str, PurchaseRow]],
    now: datetime,
    zone: tzinfo,
) -> OverLimit | None:
    """Return the first limit that a purchase would exceed; None if it fits. `mine` and `others` leave it out."""
    here = [one for one in mine if one.number != row.number]
    for limit in rules.limits:
        if not limit.counts(row):
            continue
        rows = {"purchase": [], "mission": here}.get(limit.every, [*here, *(one for _, one in others)])
        since = None if limit.every in {"purchase", "mission"} else begins(limit.every, now, zone)
        used = sum(_counted(one, since) for one in rows if limit.counts(one))
        if used + row.amount.minor > limit.amount.minor:
            return OverLimit(limit, Price(used, limit.amount.currency))
    return None


def _counted(row: PurchaseRow, since: datetime | None) -> int:
    """Return what a purchase counts with: what is reserved, or what was charged since then.

    What is reserved counts to every time, because it may be charged at any moment.
    """
    if row.status in HOLDING:
        return row.amount.minor
    if row.status not in CHARGED:
        return 0
    at = parse_stamp(row.since)
    return max(row.net, 0) if since is None or at is None or at >= since else 0
