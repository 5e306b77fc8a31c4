"""Figures that somebody else wrote down: numbers of tokens and dollars within what can be, or None."""

from __future__ import annotations

from decimal import Decimal

from mission_cli._support.numbers import decimal_of

MOST_TOKENS = 10**12
MOST_DOLLARS = Decimal(10**6)
_CENTS = Decimal("1E-9")


def tokens(value: object) -> int | None:
    """A number of tokens, also as text or with a zero behind the point; None for anything else."""
    number = _number(value)
    if number is None or number > MOST_TOKENS or number != number.to_integral_value():
        return None
    return int(number)


def dollars(value: object) -> Decimal | None:
    """An amount of dollars, also as text; None for anything else."""
    number = _number(value.strip().removeprefix("$") if isinstance(value, str) else value)
    if number is None or number > MOST_DOLLARS:
        return None
    return number if number.as_tuple().exponent in range(-9, 1) else number.quantize(_CENTS).normalize()


def _number(value: object) -> Decimal | None:
    """A number that is not negative, in digits that everybody reads."""
    if not isinstance(value, int | float | Decimal | str) or (isinstance(value, str) and not value.isascii()):
        return None
    number = decimal_of(value)
    return number if number is not None and number >= 0 else None
