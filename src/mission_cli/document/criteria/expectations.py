"""Read what an answer or a page must have: `contains "ok"`, `json $.name == "x"`, `header Location == "/new"`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.criteria.http import Expectation

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT = pattern(r"(not\s+)?(?:contains\s+)?(?=\")", re.IGNORECASE)
_HEADER = pattern(r"header\s+([A-Za-z0-9!#$%&'*+.^_|~-]+)\s+(==|!=|contains\b|exists\b)\s*", re.IGNORECASE)
_STEP = r"(?:\.[A-Za-z_][\w-]*|\[-?\d+\]|\[\"(?:[^\"\\]|\\.)*\"\])"
PATH = pattern(rf"\$(?:{_STEP})*")
_JSON = pattern(rf"json\s+({PATH.pattern})\s*(==|!=|<=|>=|<|>|contains\b|exists\b)\s*", re.IGNORECASE)
_BETWEEN = pattern(r"\s*(?:,|\band\b)?\s*", re.IGNORECASE)
_READER = json.JSONDecoder()
_ORDERS = frozenset({"<", ">", "<=", ">="})
FORMS = 'write contains "TEXT", json $.PATH == VALUE, or header NAME == "TEXT"'


def expectations(text: str, about: str) -> tuple[Expectation, ...] | str:
    """Return the expectations in a text, or the part of it that is none.

    `about`: where a text alone is looked for; body, or text of a page.
    """
    found: list[Expectation] = []
    at = 0
    while at < len(text):
        read = _one(text, at, about)
        if read is None:
            return text[at:].strip()
        expectation, at = read
        found.append(expectation)
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
    return tuple(found)


def _one(text: str, at: int, about: str) -> tuple[Expectation, int] | None:
    told = _TEXT.match(text, at)
    if told:
        read = _value(text, told.end())
        sign = "lacks" if told[1] else "contains"
        return read and _made(text, at, (about, "", sign), read, is_text=True)
    for form, kind in ((_HEADER, "header"), (_JSON, "json")):
        named = form.match(text, at)
        if named and about == "body":
            sign = named[2].casefold()
            if sign == "exists":
                words = text[at : named.end()].strip()
                return Expectation(kind, named[1], sign, "", words), named.end()
            read = _value(text, named.end())
            return read and _made(text, at, (kind, named[1], sign), read, is_text=kind == "header")
    return None


def _value(text: str, at: int) -> tuple[object, int] | None:
    """Return a JSON value in a text, and where it ends."""
    try:
        value, end = _READER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    return value, end


def _made(
    text: str, at: int, what: tuple[str, str, str], read: tuple[object, int], *, is_text: bool
) -> tuple[Expectation, int] | None:
    value, end = read
    about, name, sign = what
    if is_text and not (isinstance(value, str) and value):
        return None
    if sign in _ORDERS and (isinstance(value, bool) or not isinstance(value, int | float)):
        return None
    shown = str(value) if is_text else json.dumps(value, ensure_ascii=False)
    return Expectation(about, name, sign, shown, text[at:end].strip()), end


def path_steps(path: str) -> Iterator[str | int]:
    """Yield the names and numbers of a path such as `$.items[0].name`."""
    for step in re.findall(_STEP, path):
        if step.startswith("."):
            yield step[1:]
        else:
            yield json.loads(step[1:-1])
