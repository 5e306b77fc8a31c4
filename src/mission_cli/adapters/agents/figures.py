"""Parse numbers of tokens and dollars from untrusted data; None if they are not plausible."""

from __future__ import annotations

from decimal import Decimal

from mission_cli._support.numbers import decimal_of

MOST_TOKENS = 10**12
MOST_DOLLARS = Decimal(10**6)
_CENTS = Decimal("1E-9")


def tokens(value: object) -> int | None:
    """Parse a number of tokens, also from text and with zero decimals; None for anything else."""
    number = _number(value)
    if number is None or number > MOST_TOKENS or number != number.to_integral_value():
        return None
    return int(number)


def dollars(value: object) -> Decimal | None:
    """Parse an amount of dollars, also from text; None for anything else."""
    number = _number(value.strip().removeprefix("$") if isinstance(value, str) else value)
    if number is None or number > MOST_DOLLARS:
        return None
    return number if number.as_tuple().exponent in range(-9, 1) else number.quantize(_CENTS).normalize()


def _number(value: object) -> Decimal | None:
    """Parse a number that is not negative, in ASCII digits; None for anything else."""
    if not isinstance(value, int | float | Decimal | str) or (isinstance(value, str) and not value.isascii()):
        return None
    number = decimal_of(value)
    return number if number is not None and number >= 0 else None
