"""Budgets as people write them in one line: dollars, hours and tokens."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli._support.text import one_line
from mission_cli.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USD, HOURS, TOKENS = "money_usd", "time_hours", "token_limit"
CAPS = (USD, HOURS, TOKENS)
"""The keys of the caps of a plan."""
UNLIMITED = "unlimited"
_AMOUNT = pattern(
    r"(?P<dollar>\$)?\s*(?P<number>\d+(?:\.\d+)?|unlimited)\s*(?P<power>[kKmMgG])?\s*"
    r"(?P<unit>\$|usd|dollars?|h|hours?|tokens?)?"
)
_POWERS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_UNITS = {"$": USD, "u": USD, "d": USD, "h": HOURS, "t": TOKENS, "": USD}
_SPLIT = pattern(r"\s*(?:,(?!\d{3}\b)|\n|\band\b|;)\s*")
_HINT = "write for example $60, or $60, 8 h, 50M tokens; or unlimited"


def caps_in(text: str) -> dict[str, str]:
    """Return the caps of a budget by their keys in a plan. Raises UsageError."""
    found: dict[str, str] = {}
    for key, amount in _parts(text):
        if key in found:
            raise UsageError(f"`{one_line(text, 60)}` names the same cap twice", hint=_HINT)
        found[key] = amount
    return {key: found[key] for key in CAPS if key in found}


def budget_text(text: str) -> str:
    """Return a budget in one form: `$60, 8 h, 50000000 tokens`. Raises UsageError."""
    return written(caps_in(text))


def written(caps: Mapping[str, str]) -> str:
    """Return caps as the text that `caps_in` reads."""
    forms = {USD: "${}", HOURS: "{} h", TOKENS: "{} tokens"}
    alone = caps.get(USD) == UNLIMITED
    words = [UNLIMITED if key == USD and alone else forms[key].format(caps[key]) for key in CAPS if key in caps]
    return ", ".join(words)


def hours_text(text: str) -> str:
    """Return a number of hours in one form: `8 h`. Raises UsageError."""
    plain = text.strip()
    caps = caps_in(plain if not plain.replace(".", "", 1).isdigit() else f"{plain} h")
    if caps == {USD: UNLIMITED}:
        return UNLIMITED
    if caps.keys() != {HOURS}:
        raise UsageError(f"`{one_line(text, 60)}` is not a number of hours", hint="write for example 8 h")
    return written(caps)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, _SPLIT.split(text.strip().casefold())):
        found = _AMOUNT.fullmatch(part.replace(",", ""))
        if found is None or (found["dollar"] and (found["unit"] or "")[:1] in {"h", "t"}):
            raise UsageError(f"`{one_line(part, 60)}` is not an amount", hint=_HINT)
        key = _UNITS[(found["unit"] or "")[:1]]
        yield key, _plain(part, found["number"], found["power"] or "")


def _plain(part: str, number: str, power: str) -> str:
    if number == UNLIMITED:
        return UNLIMITED
    amount = decimal_of(number)
    amount = None if amount is None else decimal_of(amount * _POWERS[power])
    if not amount:
        raise UsageError(f"`{one_line(part, 60)}` is not an amount above zero", hint=_HINT)
    return f"{amount:f}" if amount != amount.to_integral_value() else f"{amount.quantize(Decimal(1)):f}"
