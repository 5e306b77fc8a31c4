"""Purchases, as surfaces show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase."""

    mission: MissionId
    number: int
    status: str
    """requested, approved, rejected, expired, authorizing, paid, partly-refunded, refunded, failed or unclear"""
    amount: str
    """With its currency: `20.00 EUR`."""
    merchant: str
    purpose: str
    alternatives: str
    feature: str
    """The feature that it is for; empty: the mission."""
    asked: str
    until: str
    """Until when it may be approved and paid."""
    by: str
    """Who approved or rejected it."""
    reserved: str
    """The dollars that were reserved for it."""
    paid: str
    refunded: str
    receipt: str
    """The file of the mission with the receipt."""
    reference: str
    """Our name for it at the provider."""
    request: int
    """The open request by which a person decides; 0: none is open."""
    waits: str
    """What it waits for; empty: nothing is known."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """The purchases of a mission, or of all, and in what they differ from what the provider and the spend log say."""

    provider: str
    """Empty: payments are off."""
    payments_stopped: str
    """Why nothing is paid; empty: payments are not stopped."""
    purchases: Sequence[Purchase]
    differences: Sequence[str] = ()
    trouble: str = ""
    """Why they were not compared with the provider; empty: they were."""


@dataclass(frozen=True, slots=True)
class PaymentsStopped:
    """Whether payments are stopped now."""

    payments_stopped: bool
    words: str
