"""Another currency than dollars: amounts are kept in dollars, shown besides in yours, and may be typed in it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.shown import plain_number
from mission_cli.app.results.outlook import Converted
from mission_cli.domain.budget.amounts import parse_amount, rounded, why_no_amount
from mission_cli.domain.errors import UsageError

if TYPE_CHECKING:
    from mission_cli.settings import CurrencySettings

_CENT = Decimal("0.01")
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY"}
_NAMED = pattern(
    r"\s*(?P<before>[€£¥]|[A-Za-z]{3}\s)?\s*(?P<amount>[\d.,_]+[kKmM]?)\s*(?P<after>[€£¥]|[A-Za-z]{3})?\s*"
)
DOLLARS = "USD"


def converted(currency: CurrencySettings, **usd: Decimal | None) -> Converted | None:
    """Return amounts in the currency of the settings, by name; None if the settings name none."""
    if not currency.code or currency.rate is None:
        return None
    rate = currency.rate
    amounts = {
        name: (amount * rate).quantize(_CENT, ROUND_HALF_UP) for name, amount in usd.items() if amount is not None
    }
    return Converted(currency.code, rate, currency.date, amounts)


def in_dollars(currency: CurrencySettings, text: str) -> str:
    """Return an amount as dollars: `20 EUR` by the rate of the settings, anything without a currency as it is.

    Raises UsageError for a currency that the settings do not name, because amounts are never mixed.
    """
    found = _NAMED.fullmatch(text)
    named = [found[name].strip() for name in ("before", "after") if found[name]] if found is not None else []
    codes = {_SIGNS.get(one, one.upper()) for one in named}
    if found is None or codes <= {DOLLARS}:
        return text if found is None or not codes else found["amount"]
    amount = parse_amount(found["amount"])
    if amount is None and codes == {currency.code}:
        raise UsageError(f"`{text.strip()}` {why_no_amount(found['amount'])}", hint=f"write 20.00 {currency.code}")
    if codes != {currency.code} or currency.rate is None or amount is None:
        hint = 'write dollars, or add [currency] with code = "EUR" and rate = 0.92 to the settings'
        raise UsageError(f"`{text.strip()}` is not in US dollars", hint=hint)
    return plain_number(rounded("usd", amount / currency.rate))
