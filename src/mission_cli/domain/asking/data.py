"""JSON that people, programs and workers send: in one form, without what other readers of JSON would refuse."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BYTES = 64 * 1024
"""The most bytes of one document."""
_MOST_DIGITS = 1000
_WHY: Mapping[type[Exception], str] = {
    RecursionError: "it is nested too deeply",
    UnicodeEncodeError: "a string contains half of a character (a lone surrogate)",
}


def is_too_large(text: str) -> bool:
    """Whether a text is too long to be stored."""
    return len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES


def canonical(text: str) -> str:
    """Return JSON in the form in which it is stored. Raises ValueError, which says what is wrong with it."""
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_int=_whole, parse_float=_decimal, parse_constant=_decimal
        )
        return as_stored(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(_WHY.get(type(error), str(error))) from None


def as_stored(value: object) -> str:
    """Return a value as JSON in the form in which it is stored. Raises ValueError if it has none."""
    told = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True) + "\n"
    told.encode("utf-8")
    return told


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {json.dumps(twice)} appears twice")
    return found


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(text)} digits")
    return int(text)


def _decimal(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is not a JSON number, or too large")
    return number
