"""The provider by which purchases are paid: a card for each purchase, or a ledger that a person keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.purchases.provider import Answer, CallState

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.purchases.money import Price
    from mission_cli.domain.purchases.provider import Account, Charge


@dataclass(frozen=True, slots=True)
class CardOrder:
    """What may be charged: once, at most this amount, in this currency, until then."""

    reference: str
    """Our name for it; the same reference never makes two."""
    amount: Price
    merchant: str
    asked: str
    """When the purchase was asked for: the provider knows nothing of it from before."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A charge, and the reference of the purchase that it is for; empty if it is for no purchase of missions."""

    reference: str
    charge: Charge


class Payments(Protocol):
    """One account at one provider. No method returns, takes or logs the number of a card."""

    @property
    def name(self) -> str:
        """Which provider it is, with what tells two accounts apart; empty: payments are off."""
        ...

    @property
    def by_hand(self) -> bool:
        """Whether a person pays, and records it with `record`."""
        ...

    def obstacle(self) -> str:
        """Return why nothing can be paid, as far as that shows without asking the provider; empty if nothing."""
        ...

    def problem(self) -> str:
        """Return why the provider cannot be used, after asking it; empty if it can. Pays nothing."""
        ...

    def create(self, order: CardOrder) -> Answer:
        """Make what pays, once for a reference, however often it is asked; never raises."""
        ...

    def look(self, reference: str, since: str) -> Account | None:
        """Return what the provider knows under a reference; None if it knows nothing of it.

        `since`: when the purchase was asked for. Raises ToolError if the provider does not answer.
        """
        ...

    def cancel(self, reference: str, since: str) -> Answer:
        """Close what pays: nothing new is charged after that; never raises."""
        ...

    def refund(self, reference: str, amount: Price, key: str) -> Answer:
        """Ask for money back, once for a key; REFUSED where only the merchant can pay it back; never raises."""
        ...

    def record(self, reference: str, amount: Price, merchant: str) -> Answer:
        """Record that a person has paid, once for a reference; REFUSED where the provider knows that itself."""
        ...

    def since(self, moment: datetime) -> tuple[Transaction, ...]:
        """Return all transactions of the account since then. Raises ToolError if the provider does not answer."""
        ...


class NoPayments:
    """Payments are off."""

    name = ""
    by_hand = False

    def obstacle(self) -> str:
        """Return that."""
        return "the settings name no provider of payments"

    problem = obstacle

    def create(self, order: CardOrder) -> Answer:
        """Refuse."""
        del order
        return Answer(CallState.LATER, self.obstacle())

    def look(self, reference: str, since: str) -> Account | None:
        """Know nothing."""
        del reference, since
        return None

    def cancel(self, reference: str, since: str) -> Answer:
        """Have nothing to close."""
        del reference, since
        return Answer(CallState.LATER, self.obstacle())

    def refund(self, reference: str, amount: Price, key: str) -> Answer:
        """Refuse."""
        del reference, amount, key
        return Answer(CallState.REFUSED, self.obstacle())

    def record(self, reference: str, amount: Price, merchant: str) -> Answer:
        """Refuse."""
        del reference, amount, merchant
        return Answer(CallState.REFUSED, self.obstacle())

    def since(self, moment: datetime) -> tuple[Transaction, ...]:
        """Know nothing."""
        del moment
        return ()
