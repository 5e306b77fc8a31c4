"""Read a `browser` criterion: a page in the item, and a script in the fields below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.document.criteria.fields import Reading, read_fields, short, wrong
from mission_cli.document.criteria.http import bad_address, read_expectations, unknown_variables
from mission_cli.document.syntax.spans import spans
from mission_cli.domain.criteria.browser import CHECKS, BrowserCheck, Step
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

FORM = 'write browser: `/login` contains "Sign in", and below it serve: COMMAND'
_SCRIPT = frozenset({"open", "fill", "click", "press", "expect"})
_SEEN = pattern(r"(visible|hidden)\s+(\S.*)", re.IGNORECASE)
_VIEWPORT = pattern(r"(\d{2,4})\s*[x×]\s*(\d{2,4})", re.IGNORECASE)
_PICTURE = pattern(r"same as last(?:\s*\(\s*(\d{1,2}(?:\.\d+)?)\s*%\s*\))?", re.IGNORECASE)
_TOLERANCE = 0.1
"""Percent of the points of a picture that may differ if nothing else is said."""


def read_browser(rest: str, below: Sequence[str]) -> dict[str, Any]:
    """Return what a `browser` criterion says: the text after its kind, and the lines of its fields."""
    codes = spans(rest)
    if codes and codes[0].start == 0:
        url, behind = codes[0].code.strip(), rest[codes[0].end :].strip()
    else:
        url, _, behind = rest.partition(" ")
    behind = behind.strip()
    if not url or "`" in url + behind or " " in url:
        return wrong("its page cannot be read", FORM)
    reading = read_fields(CriterionKind.BROWSER, below, [("expect", behind)] if behind else [])
    if isinstance(reading, dict):
        return reading
    check = _check(url, reading)
    return check if isinstance(check, dict) else {"command": url, "browser": check, **reading.told}


def _check(url: str, reading: Reading) -> BrowserCheck | dict[str, Any]:
    bad = bad_address(url, reading)
    if bad:
        return bad
    steps: list[Step] = []
    for name, value in reading.fields:
        read = _steps(name, value, reading) if name in _SCRIPT else []
        if isinstance(read, dict):
            return read
        steps += read
    texts = " ".join([url, *(step.value for step in steps), *(s.target for s in steps if s.verb == "open")])
    names = unknown_variables(texts, reading)
    if names:
        return wrong(f"${names[0]} is not a variable of this check", f"add env: or secret: {names[0]}=…")
    return _options(url, tuple(steps), reading)


def _options(url: str, steps: tuple[Step, ...], reading: Reading) -> BrowserCheck | dict[str, Any]:
    sizes = []
    for text in reading.all("viewport"):
        size = _VIEWPORT.fullmatch(text)
        if size is None:
            return wrong(f"`{short(text)}` is not a size", "write viewport: 375x667")
        sizes.append((int(size[1]), int(size[2])))
    ignored = [word for word in re.split(r"[,\s]+", reading.first("ignore")) if word]
    odd = next((word for word in ignored if word not in CHECKS), "")
    if odd:
        return wrong(f"`{short(odd)}` is nothing to ignore", did_you_mean(odd, CHECKS, f"write {', '.join(CHECKS)}"))
    picture = _PICTURE.fullmatch(reading.first("picture"))
    if reading.first("picture") and picture is None:
        return wrong(
            f"`{short(reading.first('picture'))}` says nothing about pictures", "write picture: same as last (2%)"
        )
    tolerance = None if picture is None else float(picture[1]) if picture[1] else _TOLERANCE
    return BrowserCheck(url, steps, tuple(sizes), tuple(ignored), tolerance)


def _steps(name: str, value: str, reading: Reading) -> list[Step] | dict[str, Any]:
    """Return the steps in one field, or what is wrong with it."""
    words = f"{name}: {value}"
    if name == "fill":
        target, sign, text = value.partition(" = ")
        if not sign or not target.strip():
            return wrong(f"`{short(value)}` does not say what to fill in", "write fill: #name = Ada")
        return [Step("fill", target.strip(), text.strip(), words)]
    if name == "open":
        bad = bad_address(value, reading)
        return bad or [Step("open", value, "", words)]
    if name != "expect":
        return [Step(name, value, "", words)]
    seen = _SEEN.fullmatch(value)
    if seen:
        return [Step(seen[1].casefold(), seen[2].strip(), "", words)]
    found = read_expectations([value], "text")
    return found if isinstance(found, dict) else [Step(one.sign, one.value, "", one.words) for one in found]
