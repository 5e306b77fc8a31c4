"""Types of a plan's values, read as a person means them: names are text, amounts are plain numbers."""

from __future__ import annotations

import math
import shlex
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import MOST, decimal_of
from mission_cli._support.text import one_line
from mission_cli.document.criteria.fields import NAMES

KINDS = ("run", "file", "grep", "not grep", "metric", "http", "browser", "review", "manual")
_PLAIN = pattern(r"(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+")
_EXPONENT = pattern(r"[1-9]\d*(?:\.\d+)?[eE]\+?\d{1,2}|\d(?:\.\d+)?[eE]-\d{1,2}")
_GROUPED = pattern(r"\d{1,3}(?:[,_' ]\d{3})+(?:\.\d+)?")
_CLOCK = pattern(r"(\d{1,3}):([0-5]\d)")
_SURROUNDED = pattern(r"[^\d.,:+-]*(\d+(?:\.\d+)?)[^\d.,:]*")
_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off"})
UNLIMITED: Literal["unlimited"] = "unlimited"


def _text(value: object) -> object:
    """Convert a number, which YAML makes of a name such as `2`, to text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _list(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


def _criteria(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


def criterion_text(value: object) -> object:
    """Convert `- run: pytest -q` without quotes, which YAML reads as a mapping, to the text of a criterion."""
    if not isinstance(value, dict):
        return _text(value)
    words = {str(key).casefold().replace("_", " ").replace("not-", "not "): text for key, text in value.items()}
    kinds = [word for word in words if word in KINDS]
    below = [line for name, told in words.items() if name in NAMES for line in _field(name, told)]
    alone = len(kinds) == 1 and words.keys() <= {kinds[0], *NAMES}
    if not alone or None in below or not isinstance(words[kinds[0]], str):
        shown = f"a criterion is a text, but this is a mapping with {', '.join(f'`{key}`' for key in list(words)[:4])}"
        raise _wrong(shown, 'put it in quotes: "run: pytest -q"')
    return "\n".join([f"{kinds[0]}: {words[kinds[0]].rstrip()}", *map(str, below)])


def _field(name: str, told: object) -> list[str | None]:
    """Return the lines of a field in a mapping; a list is the same field several times, None is what is not text."""
    if isinstance(told, list):
        return [line for one in told for line in _field(name, one)]
    if isinstance(told, dict):
        pairs = [f"{key}={value}" if isinstance(value, str) else None for key, value in told.items()]
        return [None if pair is None else f"{name}: {shlex.quote(pair)}" for pair in pairs]
    return [f"{name}: {told.strip()}" if isinstance(told, str) and "\n" not in told.strip() else None]


_LEAST = 0.000001
"""The smallest cap that is written with its digits, and not as 0, which means no cap."""


def number(value: object) -> float:
    """Return a plain number. Raises PydanticCustomError for anything else; its hint says how to write it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(f"{shown(value)} is not a number", "write a number, for example 20 or 2.5")
    text = str(value).strip()
    if _PLAIN.fullmatch(text) or _EXPONENT.fullmatch(text):
        found = float(text)
        if decimal_of(found) is None:
            raise _wrong(f"`{text[:60]}` is out of range", f"at most {MOST:f}; 0 means no cap")
        return found
    raise _wrong(f"`{text[:60]}` is not a number", _remedy(text))


def _remedy(text: str) -> str:
    clock, alone = _CLOCK.fullmatch(text), _SURROUNDED.fullmatch(text)
    if clock:
        return f"write hours as a number: {int(clock[1]) + int(clock[2]) / 60:.4g}"
    if text.startswith("-"):
        return "it cannot be below 0"
    if text.lstrip("+").lstrip(".").casefold() in {"inf", "infinity"}:
        return "for no limit write unlimited"
    if text.isdigit() and text.isascii():
        return f"write it without leading zeros: {text.lstrip('0') or '0'}"
    if _GROUPED.fullmatch(text):
        return "write it without separators: " + "".join(c for c in text if c.isdigit() or c == ".")
    if alone:
        return f"write the number alone: {alone[1].lstrip('0') or '0'}"
    return "write a number, for example 20 or 2.5"


def _amount(value: object) -> object:
    if isinstance(value, str) and value.strip().casefold() == UNLIMITED:
        return UNLIMITED
    found = number(value)
    if 0 < found < _LEAST:
        raise _wrong(f"{shown(value)} is too small for a cap", "write 0.01 or more; 0 means no cap")
    return found


def _whole(value: object) -> object:
    found = number(value)
    if found != math.floor(found):
        raise _wrong(f"`{value}` is not a whole number", "write a whole number, for example 2")
    return int(found)


def _flag(value: object) -> object:
    word = str(value).strip().casefold()
    if word in _YES | _NO:
        return word in _YES
    raise _wrong(f"{shown(value)} is neither yes nor no", "write true or false")


def shown(value: object) -> str:
    """Return a value of a plan as a message quotes it: a text or number itself, anything else by what it is."""
    if isinstance(value, bool):
        return f"`{str(value).casefold()}`"
    if isinstance(value, str | int | float):
        return f"`{one_line(str(value), 60)}`"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "nothing"


def _wrong(words: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("plan", "{words}", {"words": words, "hint": hint})


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[list[Text], BeforeValidator(_list)]
CriterionText = Annotated[str, BeforeValidator(criterion_text)]
Criteria = Annotated[list[CriterionText], BeforeValidator(_criteria)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[float, BeforeValidator(number)]
Whole = Annotated[int, BeforeValidator(_whole)]
Amount = Annotated[float | Literal["unlimited"], BeforeValidator(_amount)]
