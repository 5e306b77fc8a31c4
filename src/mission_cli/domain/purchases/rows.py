"""The rows of `## Purchases`: what is asked for, how far it is, who approved it, and what was paid."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.purchases.money import Price, part_of
from mission_cli.domain.tables import Spend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SECTION = "Purchases"
GATE = "purchase "
"""How a row of `## Approvals` names the purchase that it is about, followed by its number."""
_SEEN = 16
_REFERENCE = 24
_ZERO = Decimal(0)


class PurchaseStatus(StrEnum):
    """The status of a purchase."""

    REQUESTED = "requested"
    """A person has to decide, or something keeps an approved one from going on."""
    APPROVED = "approved"
    """Its money is reserved; nothing was asked of the provider."""
    REJECTED = "rejected"
    EXPIRED = "expired"
    """It was not approved or not paid in time; nothing was charged."""
    AUTHORIZING = "authorizing"
    """The provider may have been asked: from here on it may be charged."""
    PAID = "paid"
    PARTLY_REFUNDED = "partly-refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    """Nothing was charged, and nothing will be."""
    UNCLEAR = "unclear"
    """It was charged in another way than was approved; a person has to look."""


PENDING = frozenset({PurchaseStatus.REQUESTED, PurchaseStatus.APPROVED, PurchaseStatus.AUTHORIZING})
"""Purchases that the feature waits for."""
HOLDING = frozenset({PurchaseStatus.APPROVED, PurchaseStatus.AUTHORIZING})
"""Purchases whose money is reserved and not spent."""
CHARGED = frozenset(
    {PurchaseStatus.PAID, PurchaseStatus.PARTLY_REFUNDED, PurchaseStatus.REFUNDED, PurchaseStatus.UNCLEAR}
)
AT_PROVIDER = frozenset({PurchaseStatus.AUTHORIZING, *CHARGED})
"""Purchases of which the provider may know."""


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """One purchase."""

    number: int
    asked: str
    amount: Price
    merchant: str
    purpose: str
    status: PurchaseStatus
    alternatives: str = ""
    feature: str = ""
    """The feature that it is for; empty: the mission."""
    until: str = ""
    """Until when it may be approved and paid."""
    request: int = 0
    """The number of the request that asks for the approval; 0: none yet."""
    by: str = ""
    """Who approved or rejected it."""
    since: str = ""
    """When it was approved; later, when it was charged."""
    reserved: Decimal = _ZERO
    """The dollars that were reserved for it when it was approved."""
    paid: Price | None = None
    """What was charged in all; None: nothing yet."""
    refunded: Price | None = None
    """What came back of it."""
    receipt: str = ""
    """The file of the mission with the receipt."""
    reference: str = ""
    """Our name for it at the provider, chosen before the provider is asked."""
    line: int = 0

    @property
    def name(self) -> str:
        """What it is called in messages, and in `## Approvals`."""
        return f"{GATE}{self.number}"

    @property
    def what(self) -> str:
        """Amount and merchant."""
        return f"{self.amount} at {self.merchant}"

    def seen(self, mission: str) -> str:
        """Return the hash of everything that a person approves: another row needs another approval."""
        facts = (mission, str(self.number), self.asked, str(self.amount), self.merchant, self.purpose)
        told = "\0".join((*facts, self.alternatives, self.feature, self.until))
        return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:_SEEN]

    def reference_here(self, mission: str, me: str) -> str:
        """Return its name at the provider. No other purchase of any clone has it."""
        told = "\0".join((me, mission, self.seen(mission)))
        return f"mission-{sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:_REFERENCE]}"

    @property
    def net(self) -> int:
        """What was charged less what came back, in the smallest unit."""
        return (self.paid.minor if self.paid else 0) - (self.refunded.minor if self.refunded else 0)

    @property
    def held(self) -> Decimal:
        """The dollars that are still reserved."""
        return self.reserved if self.status in HOLDING else _ZERO


def find_purchase(rows: Iterable[PurchaseRow], number: int | str) -> PurchaseRow | None:
    """Return the purchase with a number, or None."""
    return next((row for row in rows if str(row.number) == str(number)), None)


def purchase_of(rows: Iterable[PurchaseRow], request: int) -> PurchaseRow | None:
    """Return the purchase that a request asks about, or None."""
    return next((row for row in rows if request and row.request == request), None)


def spends_of_purchase(row: PurchaseRow) -> Iterator[Spend]:
    """Yield what the spend log has to say of a purchase: what was charged, and what came back, in dollars."""
    if row.paid is not None and row.paid.minor:
        yield _spend(row, row.paid.minor, f"{row.name} {row.merchant} {row.paid}")
    if row.refunded is not None and row.refunded.minor:
        yield _spend(row, -row.refunded.minor, f"refund of {row.name} {row.merchant} {row.refunded}")


def _spend(row: PurchaseRow, minor: int, what: str) -> Spend:
    milestone = row.feature.partition(".")[0]
    return Spend("", "usd", part_of(row.reserved, minor, row.amount.minor), what, milestone)
