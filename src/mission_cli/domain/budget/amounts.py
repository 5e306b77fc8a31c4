"""Read and write amounts as people write them in budget tables."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of, within
from mission_cli._support.text import parse_duration

if TYPE_CHECKING:
    import re

CATEGORIES = ("usd", "hours", "tokens")
ARE_SPENT = {"usd": "of the money is spent", "hours": "of the hours are spent", "tokens": "of the tokens are spent"}
"""How a share of a budget is called in a sentence."""
REFUND = "Refund (USD)"
"""The category of money that came back."""
LABELS = {"usd": "Money (USD)", "hours": "Time (hours)", "tokens": "Tokens"}

_WORDS = {
    "usd": ("money", "usd", "cost", "$", "dollar"),
    "hours": ("time", "hour"),
    "tokens": ("token",),
}
_NUMBER = pattern(
    "(?P<other>[€£¥]\\s*)?(?P<minus>[-\N{MINUS SIGN}][$€£]?)?"
    r"(?P<number>(?:\d[\d,_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?:(?P<power>[kKmM])\b)?"
    r"(?P<after>\s?(?:[€£¥]|(?:EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN)\b))?"
)
_GROUPED = pattern(r"(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)?(?:\.\d*)?(?:[eE][-+]?\d+)?")
_GOES_ON = pattern(r"\s\d|[.,:'_\N{RIGHT SINGLE QUOTATION MARK}]\d|[A-Za-z]\d")
"""What follows a number that is not all of it: `1.000,50`, `1 000`, `1h30`."""
_POWERS = {"": Decimal(1), "k": Decimal(1000), "m": Decimal(1_000_000)}
_PLACES = {"usd": Decimal("0.000001"), "hours": Decimal("0.0001"), "tokens": Decimal(1)}


def seconds_as_hours(seconds: float) -> Decimal:
    """Return hours as the spend log keeps them."""
    return (Decimal(str(round(seconds, 3))) / 3600).quantize(_PLACES["hours"])


def category_of(text: str) -> str:
    """Return usd, hours or tokens for a Category cell, or the text itself for any other category."""
    lowered = text.strip().lower()
    for name in CATEGORIES:
        if any(word in lowered for word in _WORDS[name]):
            return name
    return text.strip()


def parse_amount(text: str) -> Decimal | None:
    """Return the first number in `$1,200.50`, `0.02h`, `12k tokens`; None if there is none (`unknown`).

    None also for a number below zero, which would enlarge a budget, out of range, or in another currency than dollars,
    and for one that can be read in two ways, such as `5,50` and `1.000,50`.
    """
    found = _NUMBER.search(text)
    if not found or found["minus"] or found["other"] or found["after"] or _is_unclear(found):
        return None
    number = decimal_of(found["number"].replace(",", "").replace("_", ""))
    number = None if number is None else number * _POWERS[(found["power"] or "").lower()]
    return number if number is not None and within(number) else None


def _is_unclear(found: re.Match[str]) -> bool:
    rest = found.string[found.end() :]
    return _GROUPED.fullmatch(found["number"]) is None or _GOES_ON.match(rest) is not None


def parse_entry(category: str, amount: str) -> Decimal | None:
    """Return the amount of a row of the spend log; below zero only where its category says that it is a refund.

    Hours may be written as a duration: `45m`, `1h30m`.
    """
    if category_of(category) == "hours" and (span := parse_duration(amount)) is not None:
        return seconds_as_hours(span.total_seconds())
    refund = category.strip().casefold().startswith("refund")
    bare = amount.strip().lstrip("-\N{MINUS SIGN}")
    found = parse_amount(bare if refund else amount)
    return -found if refund and found is not None else found


def why_no_amount(text: str) -> str:
    """Return why an amount does not count, to follow its quotation; empty if it does."""
    found = _NUMBER.search(text)
    if not found:
        return "is not a number"
    if found["minus"]:
        return "is below zero"
    if found["other"] or found["after"]:
        return "is not in US dollars"
    if _is_unclear(found):
        return "can be read in two ways"
    return "is out of range" if parse_amount(text) is None else ""


def rounded(category: str, amount: Decimal) -> Decimal:
    """Return the amount with the precision of the tables: micro-dollars, 1/10000 h, whole tokens."""
    return amount.quantize(_PLACES[category], rounding=ROUND_HALF_UP)


def as_cap(category: str, amount: Decimal) -> Decimal:
    """Return an amount, rounded up, as a cap that people would write."""
    step = {"usd": Decimal(1), "hours": Decimal(1), "tokens": Decimal(100_000)}[category]
    return (amount / step).to_integral_value(ROUND_UP) * step


def show_amount(category: str, amount: Decimal | None) -> str:
    """Return `$0.42`, `1.5h`, `1200`, or `unknown`, with the precision of the tables."""
    if amount is None:
        return "unknown"
    exact = rounded(category, amount).normalize()
    plain = f"{exact:f}" if exact else "0"
    if category == "usd":
        whole, _, cents = plain.partition(".")
        sign = "-" if whole.startswith("-") else ""
        return f"{sign}${whole.lstrip('-')}.{cents.ljust(2, '0')}" if cents else f"{sign}${whole.lstrip('-')}"
    return f"{plain}h" if category == "hours" else plain
