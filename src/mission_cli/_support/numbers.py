"""Read numbers of people and other programs, within bounds that later arithmetic can hold."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MOST = Decimal(10) ** 15
"""The largest number that is read, more than any amount of dollars, hours or tokens."""
LEAST = Decimal("1e-9")
"""The smallest number above zero that is read."""
MOST_WHOLE = 999_999_999
_LONGEST = 60


def decimal_of(value: object) -> Decimal | None:
    """Return a number, or the text of one, as a finite Decimal within ±`MOST`; None for anything else."""
    text = str(value).strip()
    if isinstance(value, bool) or len(text) > _LONGEST:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if within(number) else None


def within(number: Decimal) -> bool:
    """Whether a number is finite and small enough, and zero or large enough, to be added, divided and rounded."""
    return number.is_finite() and (not number or LEAST <= number.copy_abs() <= MOST)


def whole(text: str) -> int | None:
    """Return decimal digits as a number of at most `MOST_WHOLE`; None for anything else, including `²` and signs."""
    text = text.strip()
    if not text.isdecimal() or len(text) > _LONGEST:
        return None
    number = int(text)
    return number if number <= MOST_WHOLE else None
