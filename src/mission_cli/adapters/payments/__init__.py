"""Providers of payments: virtual cards of Stripe Issuing, and a ledger that a person keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.ports.outside.payments import NoPayments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.ports.outside.payments import Payments
    from mission_cli.settings import PaymentSettings


def payments_of(
    settings: PaymentSettings, environment: Mapping[str, str], state: Path, secret: Callable[[str], str]
) -> Payments:
    """Return the provider of the settings; `secret` returns the value of a reference, empty if it is missing."""
    if settings.provider == "stripe":
        from mission_cli.adapters.payments.stripe import StripeIssuing

        return StripeIssuing(settings, environment, secret)
    if settings.provider == "ledger":
        from mission_cli.adapters.payments.ledger import FileLedger

        return FileLedger(Path(settings.ledger).expanduser() if settings.ledger else state / "payments.csv")
    return NoPayments()
