"""What the provider of payments says of purchases, what is remembered of that, and what the loop sees of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.purchases.limits import PurchaseRules
    from mission_cli.domain.purchases.rows import PurchaseRow


class CallState(StrEnum):
    """How a call to the provider ended."""

    DONE = "done"
    LATER = "later"
    """It was certainly not carried out, and may be tried again."""
    REFUSED = "refused"
    """It was not carried out, and never will be like this."""
    UNKNOWN = "unknown"
    """It may have been carried out: only a look tells."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said to a call."""

    state: CallState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """One transaction at the provider: money that went, or that came back (`refund`)."""

    id: str
    """The provider's; the same charge always has the same."""
    minor: int
    """Above zero, also for a refund."""
    currency: str
    merchant: str
    """As the provider names it."""
    at: str
    refund: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """What the provider knows of one purchase: a card, or a line of the ledger."""

    reference: str
    open: bool
    """Whether it can still be charged."""
    hint: str = ""
    """How a person finds it: `card ending 4242`. Never its number."""
    charges: tuple[Charge, ...] = ()
    pending: int = 0
    """What the merchant has reserved and not taken yet, in the smallest unit."""
    declined: str = ""
    """Why the last attempt to pay was declined."""


@dataclass(frozen=True, slots=True)
class Call:
    """The last call about one purchase from this clone."""

    state: CallState
    at: str
    """When it was made; for LATER when it is made again."""
    reason: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class PayMemory:
    """What is remembered between two pulses. Losing it costs requests, nothing else: the provider is asked again."""

    calls: Mapping[str, Call] = field(default_factory=dict)
    """By reference."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """By reference; what was looked up and is unknown to the provider is not here, but in `missing`."""
    missing: tuple[str, ...] = ()
    """References of which the provider knows nothing, as it said."""


@dataclass(frozen=True, slots=True)
class PayLook:
    """What the loop knows of payments."""

    on: bool = False
    """Whether the settings name a provider."""
    obstacle: str = ""
    """Why nothing can be paid at all; empty: nothing is known."""
    stopped: str = ""
    """Why payments are stopped: the setting or the command; empty: they are not."""
    trouble: str = ""
    """Why the provider could not be asked the last time."""
    again: datetime | None = None
    """When it is asked next."""
    by_hand: bool = False
    """Whether a person pays and records it, instead of the provider."""
    memory: PayMemory = field(default_factory=PayMemory)
    fresh: bool = False
    """Whether the accounts were looked up in this round."""
    rules: PurchaseRules | None = None
    others: tuple[tuple[str, PurchaseRow], ...] = ()
    """The purchases of other missions of this repository that may count to a limit, each with its mission."""
    opens_at: datetime | None = None
    """When purchases may be made again, by the hours in the settings; None: now."""
