"""Read the JSON of a model that did not write exactly JSON: in a fence, within prose, or with a comma too many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.document.plans.answer import blocks_of
from mission_cli.document.syntax.yaml_text import load_texts
from mission_cli.domain.problems import Problem
from mission_cli.interchange.sources import LIKE_JSON, Source, objects_of, parse, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 200_000
"""The most characters of a document."""
_NEVER = pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, and those that make a line look like something else."""
_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+")
_MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class Found:
    """One JSON value of a document; `whole` if it is the document, or stands in a fence of its own."""

    source: Source
    whole: bool


def without_controls(text: str) -> str:
    """Return a text without control characters; its lines stay the same."""
    return _NEVER.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def printable(text: str) -> str:
    """Return lines of prose without the characters that an escape sequence of JSON may have brought in."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t").strip()


def values_of(text: str) -> list[Found] | Problem:
    """Return the JSON values of a text in the order in which they count; the problem of JSON that is broken."""
    whole = _parse(text) if LIKE_JSON.match(text) else None
    if isinstance(whole, Source):
        return [Found(whole, whole=True)]
    fenced: list[Found] = []
    for block in blocks_of(text):
        if LIKE_JSON.match(block.text):
            found = _parse(block.text, block.line)
            if isinstance(found, Problem):
                return found
            fenced.append(Found(found, whole=True))
    if isinstance(whole, Problem) and not fenced and not whole.message.endswith("Extra data"):
        return whole
    inside = [Found(one, whole=False) for one in objects_of(text) if isinstance(one.value, dict | list)]
    return fenced or inside


def _parse(text: str, line: int = 1) -> Source | Problem:
    """Return the value of a text that is JSON, or nearly: as YAML it may have commas too many and other quotes."""
    found = parse(text)
    if isinstance(found, Source):
        return Source(found.value, found.root, line)
    try:
        root, value = load_texts(text.replace("\t", " "), aliases=False)
    except (yaml.YAMLError, ValueError, RecursionError):
        return Problem(found.line + line - 1, found.column, found.message, found.hint)
    return Source(value, root, line)


def lines_of(value: object, limit: int, most: int = _MOST_LINES) -> tuple[str, ...]:
    """Return the lines that a value says: of a text, a list, or a mapping, each at most `limit` characters long."""
    if isinstance(value, str):
        parts: list[str] = [_BULLET.sub("", line) for line in value.splitlines()]
    elif isinstance(value, dict):
        parts = [f"{name}: {', '.join(lines_of(below, limit))}" for name, below in value.items()]
    elif isinstance(value, list):
        parts = [_said_by(item) for item in value]
    else:
        parts = [_said_by(value)]
    return tuple(line for part in parts if (line := one_line(part, limit)))[:most]


def _said_by(value: object) -> str:
    if isinstance(value, dict):
        return said(value, "text", "name", "title", "path", "description", "criterion") or ", ".join(
            f"{name}: {text}" for name, text in value.items() if isinstance(text, str | int | float)
        )
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def prose_of(value: Mapping[str, Any], limit: int, *names: str) -> str:
    """Return the texts of these keys as paragraphs, cut at `limit` characters; lists become lists."""
    parts: list[str] = []
    for name in names:
        found = value.get(name)
        text = found.strip() if isinstance(found, str) else "\n".join(f"- {line}" for line in lines_of(found, limit))
        parts += [text] if text and text not in parts else []
    text = printable("\n\n".join(parts))
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def lists_in(value: object, names: tuple[str, ...]) -> Iterator[list[Any]]:
    """Yield the lists that a value is, or has below one of these keys, or one level deeper."""
    if isinstance(value, list):
        yield value
        return
    if isinstance(value, dict):
        yield from (value[name] for name in names if isinstance(value.get(name), list))
        for below in value.values():
            if isinstance(below, dict):
                yield from (below[name] for name in names if isinstance(below.get(name), list))
