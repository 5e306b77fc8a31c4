"""Read and write the fields below a criterion: indented lines `name: value` that say where and how its check runs."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean, parse_duration
from mission_cli.document.syntax.spans import code, spans
from mission_cli.domain.criteria.conditions import USUAL
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from mission_cli.domain.criteria.conditions import Conditions

_PLACE = ("cwd", "env", "secret", "network")
_SERVED = (*_PLACE, "serve", "ready")
_SCRIPT = ("open", "fill", "click", "press", "expect")
_SPECIAL: Mapping[CriterionKind, tuple[str, ...]] = {
    CriterionKind.RUN: (*_PLACE, "timeout"),
    CriterionKind.METRIC: (*_PLACE, "timeout"),
    CriterionKind.FILE: ("timeout",),
    CriterionKind.GREP: ("timeout",),
    CriterionKind.HTTP: (*_SERVED, "status", "expect", "send", "body", "redirects", "tls", "timeout"),
    CriterionKind.BROWSER: (*_SERVED, *_SCRIPT, "viewport", "ignore", "picture", "timeout"),
}
_OF_KIND = {kind: (*names, "confidence") for kind, names in _SPECIAL.items()}
NAMES = tuple(dict.fromkeys(name for names in _OF_KIND.values() for name in names))
"""The name of every field."""
_SEVERAL = frozenset({"env", "secret", "send", "viewport", *_SCRIPT})
"""Fields that may be repeated."""
_CONDITIONS = frozenset(_SERVED)
_LONGEST, _LONGEST_START = 30 * 86_400, 600
"""Seconds."""
_LINE = pattern(r"([a-z][a-z-]*)[ \t]*:(?:[ \t]+(.*))?\Z", re.IGNORECASE)
_FIRST = pattern(rf"(?:{'|'.join(NAMES)})[ \t]*:(?:[ \t]|\Z)", re.IGNORECASE)
_OF_A_SERVER = pattern(r"(?:http|browser)[ \t]*:", re.IGNORECASE)
"""Kinds whose items are one line, so that all lines below are fields."""
_VARIABLE = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = pattern(r"(?:env:[A-Za-z_][A-Za-z0-9_]*|file:~?/\S.*)")
_OURS = "MISSION_"
_BARE = pattern(r"[\w./=:@%+,-]+(?: [\w./=:@%+,-]+)*")
_FORMS = {
    "confidence": "write confidence: firm, or confidence: estimated",
    "cwd": "write a folder of the repository: cwd: web",
    "env": "write NAME=value, separated by spaces: env: CI=1 MODE=test",
    "secret": "write where the value is, never the value: secret: TOKEN=env:NAME or TOKEN=file:~/PATH",
    "network": "write network: on, or network: off",
    "timeout": "write timeout: 30m, at most 30 days",
    "serve": "write the command of the server: serve: npm start",
    "ready": "write ready: 90s, at most 10 minutes",
    "status": "write status: 200",
    "expect": 'write expect: contains "TEXT"',
    "send": "write send: Accept: text/html",
    "body": 'write body: {"name": "Ada"}',
    "redirects": "write redirects: follow",
    "tls": "write tls: FILE, or tls: none",
    "open": "write open: /settings",
    "fill": "write fill: #name = Ada",
    "click": "write click: text=Save",
    "press": "write press: Enter",
    "viewport": "write viewport: 375x667",
    "ignore": "write ignore: links, accessibility",
    "picture": "write picture: same as last (2%)",
}


@dataclass(slots=True)
class Reading:
    """The fields of one criterion."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    conditions: Conditions = USUAL
    timeout: timedelta | None = None

    def all(self, name: str) -> list[str]:
        """Return the values of a field."""
        return [value for other, value in self.fields if other == name]

    def first(self, name: str) -> str:
        """Return the value of a field; empty if it is missing."""
        return next(iter(self.all(name)), "")

    @property
    def told(self) -> dict[str, Any]:
        """What the fields say about a criterion of any kind."""
        limit = {} if self.timeout is None else {"timeout": self.timeout}
        return {"fields": tuple(self.fields), "conditions": self.conditions, **limit}


def is_field(text: str) -> bool:
    """Whether a line begins with the name of a field and a colon."""
    return _FIRST.match(text) is not None


def wrong(words: str, remedy: str) -> dict[str, Any]:
    """Return the fields of a criterion that cannot be read."""
    return {"wrong": words, "remedy": remedy}


def split(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of an item without its fields, and the lines of its fields."""
    lines = text.split("\n")
    at = next((n for n, line in enumerate(lines[1:], 1) if _FIRST.match(line.strip())), len(lines))
    at = 1 if _OF_A_SERVER.match(text) else at
    return "\n".join(lines[:at]), tuple(line.strip() for line in lines[at:] if line.strip())


def split_last(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a plan's text without the fields at its end, and the lines of these. What precedes may be a script."""
    lines = text.split("\n")
    at = len(lines)
    if _OF_A_SERVER.match(text) or ("`" in lines[0] and all(_LINE.match(line.strip()) for line in lines[1:])):
        at = 1  # one of them may be misspelled
    while at > 1 and _FIRST.match(lines[at - 1].strip()):
        at -= 1
    return "\n".join(lines[:at]), tuple(line.strip() for line in lines[at:])


def field_meant(line: str) -> str:
    """Return the remedy for a line below a criterion whose name resembles a field; empty if none does."""
    found = _LINE.match(line.strip())
    return did_you_mean(found[1], NAMES) if found else ""


def read_fields(
    kind: CriterionKind, lines: Iterable[str], before: Sequence[tuple[str, str]] = ()
) -> Reading | dict[str, Any]:
    """Return the fields in the lines, after those that the item itself contains; or what is wrong with them."""
    known, reading = _OF_KIND[kind], Reading([*before])
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            return wrong(f"`{short(line)}` below its fields cannot be read", "write one field per line: cwd: web")
        name = found[1].casefold()
        if name not in known:
            fits = f"{kind}: has the fields {', '.join(known)}"
            return wrong(f"`{name}:` is not a field of {kind}:", did_you_mean(name, known, fits))
        value = _value(found[2] or "")
        if not value:
            return wrong(f"the value of `{name}:` cannot be read", _FORMS[name])
        if name not in _SEVERAL and (reading.all(name) or (name == "timeout" and reading.timeout)):
            return wrong(f"`{name}:` is written twice", "remove one of them")
        bad = _take(reading, name, value)
        if bad:
            return wrong(bad, _FORMS[name])
    return reading


def _take(reading: Reading, name: str, value: str) -> str:
    """Add a field to a reading; return what is wrong with it, or the empty string."""
    if name == "timeout":
        reading.timeout = duration(value)
        return "" if reading.timeout else f"`{short(value)}` is not a timeout"
    reading.fields.append((name, value))
    if name == "confidence" and value not in {"firm", "estimated"}:
        return f"`{short(value)}` is neither firm nor estimated"
    if name not in _CONDITIONS:
        return ""
    read = _conditions(reading.conditions, name, value)
    if isinstance(read, str):
        return read
    reading.conditions = read
    return ""


def field_lines(fields: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines of an item with these fields; no formatter changes what they say."""
    return [f"  {name}: {value if _BARE.fullmatch(value) else code(value)}" for name, value in fields]


def duration(text: str, most: int = _LONGEST) -> timedelta | None:
    """Return a timeout; None if it is none, or longer than `most` seconds."""
    span = parse_duration(text)
    return span if span is not None and 0 < span.total_seconds() <= most else None


def _conditions(before: Conditions, name: str, value: str) -> Conditions | str:
    """Return the conditions with one more field, or what is wrong with it."""
    if name == "network":
        return replace(before, network=value == "on") if value in {"on", "off"} else f"`{value}` is neither on nor off"
    if name == "cwd":
        place = posixpath.normpath(value)
        inside = not place.startswith(("/", "../", "~", "-")) and place not in {"..", "."} and "\\" not in place
        return replace(before, cwd=place) if inside else f"`{short(value)}` is not a folder inside the repository"
    if name == "serve":
        return replace(before, serve=value)
    if name == "ready":
        limit = duration(value, _LONGEST_START)
        if limit is None:
            return f"`{short(value)}` is not a time to start"
        return replace(before, ready_s=max(1, int(limit.total_seconds())))
    return _variables(before, name, value)


def _variables(before: Conditions, name: str, value: str) -> Conditions | str:
    pairs = _pairs(value)
    if isinstance(pairs, str):
        return pairs
    taken = {known for known, _ in (*before.env, *before.secrets)}
    for variable, content in pairs:
        if variable in taken:
            return f"the variable {variable} is set twice"
        if variable.startswith(_OURS):
            return f"variables such as {variable} are set by this program"
        refers = _REFERENCE.fullmatch(content) is not None
        if refers != (name == "secret"):
            return f"{variable} refers to a secret" if refers else f"the value of {variable} is not a reference"
        taken.add(variable)
    told = tuple(pairs)
    return (
        replace(before, secrets=before.secrets + told) if name == "secret" else replace(before, env=before.env + told)
    )


def _pairs(value: str) -> list[tuple[str, str]] | str:
    try:
        words = shlex.split(value)
    except ValueError:
        return f"the quotes in `{short(value)}` are not closed"
    pairs = [(name, content) for name, sign, content in (word.partition("=") for word in words) if sign]
    if len(pairs) < len(words) or not all(_VARIABLE.fullmatch(name) for name, _ in pairs):
        return f"`{short(value)}` is not NAME=value"
    return pairs


def _value(text: str) -> str:
    """Return the value of a field: bare, or in one pair of backticks; empty if it is neither."""
    text = text.strip()
    covered = spans(text)
    if not covered:
        return "" if "`" in text else text
    whole = len(covered) == 1 and (covered[0].start, covered[0].end) == (0, len(text))
    return covered[0].code.strip() if whole else ""


def short(text: str) -> str:
    """Return a text as a message quotes it."""
    flat = " ".join(text.split()).replace("`", "'")
    return flat if len(flat) <= 60 else f"{flat[:59]}…"  # noqa: PLR2004 - characters of a message
