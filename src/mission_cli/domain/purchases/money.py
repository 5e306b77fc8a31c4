"""Amounts of one currency, exact in its smallest unit. Amounts of two currencies are never compared or added."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_TWO = (
    *("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR"),
    *("MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR"),
)
DIGITS = {**dict.fromkeys(_TWO, 2), **dict.fromkeys(("CLP", "JPY", "KRW", "VND"), 0)}
"""The currencies that are known, with their decimal places."""
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_WRITTEN = pattern(
    r"(?:(?P<sign>[$€£])\s?(?P<plain>[0-9]{1,9}(?:\.[0-9]{1,3})?)"
    r"|(?P<first>[A-Za-z]{3})\s(?P<behind>[0-9]{1,9}(?:\.[0-9]{1,3})?)"
    r"|(?P<number>[0-9]{1,9}(?:\.[0-9]{1,3})?)\s?(?P<last>[A-Za-z]{3}|[€£$]))"
)
MOST = Decimal(1_000_000)
"""The largest amount of one purchase, in units of its currency."""
_CENT = Decimal("0.01")


class MoneyError(ValueError):
    """What is wrong with an amount."""


@dataclass(frozen=True, slots=True)
class Price:
    """An amount: `minor` units (cents) of a currency."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{self.plain} {self.currency}"

    @property
    def plain(self) -> str:
        """The amount without its currency: `20.00`."""
        return f"{self.amount:f}"

    @property
    def amount(self) -> Decimal:
        """The amount in units of its currency."""
        places = DIGITS.get(self.currency, 2)
        return Decimal(self.minor).scaleb(-places).quantize(Decimal(1).scaleb(-places))

    def less(self, other: Price) -> Price:
        """Return the difference. Raises MoneyError for two currencies."""
        return total((self, Price(-other.minor, other.currency)), self.currency)


def read_money(text: str) -> Price:
    """Read `20.00 EUR`, `EUR 20`, `$20` or `20€`. Raises MoneyError with what is wrong.

    Nothing is rounded or guessed: an amount without a currency, below or at zero, with more decimal places than the
    currency has, or with a separator of thousands is none.
    """
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None:
        raise MoneyError(f"`{text.strip()[:40]}` is not an amount with a currency: write 20.00 EUR")
    number = found["plain"] or found["behind"] or found["number"]
    word = found["sign"] or found["first"] or found["last"]
    currency = _SIGNS.get(word, word.upper())
    places = DIGITS.get(currency)
    if places is None:
        raise MoneyError(f"the currency {currency} is not known")
    amount = Decimal(number)
    if -int(amount.as_tuple().exponent) > places:
        raise MoneyError(f"{currency} has {places} decimal places: `{text.strip()[:40]}` would have to be rounded")
    if not 0 < amount <= MOST:
        raise MoneyError(f"an amount is above 0 and at most {MOST:,f}: `{text.strip()[:40]}`")
    return Price(int(amount.scaleb(places)), currency)


def found_money(text: str) -> Price | None:
    """Return the amount in a cell; None if there is none."""
    try:
        return read_money(text)
    except MoneyError:
        return None


def total(amounts: Iterable[Price], currency: str) -> Price:
    """Add amounts of one currency. Raises MoneyError if one has another."""
    minor = 0
    for one in amounts:
        if one.currency != currency:
            raise MoneyError(f"{one} is not in {currency}")
        minor += one.minor
    return Price(minor, currency)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many units of one other currency a dollar buys, by the settings."""

    code: str = ""
    per_dollar: Decimal | None = None

    def dollars(self, money: Price) -> Decimal | None:
        """Return an amount in dollars, rounded up to a cent, so that no reserve is too small; None without a rate."""
        if money.currency == "USD":
            return money.amount
        if money.currency != self.code or not self.per_dollar:
            return None
        return (money.amount / self.per_dollar).quantize(_CENT, rounding=ROUND_UP)


def part_of(reserved: Decimal, charged: int, approved: int) -> Decimal:
    """Return the dollars of a charge by the rate at which the approved amount was reserved."""
    return (reserved * charged / approved).quantize(_CENT, rounding=ROUND_HALF_UP) if approved else Decimal(0)
