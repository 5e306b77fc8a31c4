"""Fields: `**Name:** value` on a separate line, several separated by bars, or joined by a formatter.

A formatter that wraps lines makes one paragraph of `**Status:** active` and `**Estimate:** 2h`. The loop's own fields
of a milestone are found anywhere in such a paragraph; their names and values may continue in its next lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mission_cli._support.lazy_re import pattern
from mission_cli.document.syntax.spans import spans, without_comments

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = frozenset({"status", "estimate", "validation", "started at", "passed at", "rounds"})
"""The names of the loop's own fields of a milestone."""
_LONG = "validation"
"""The field whose value may have several lines."""
_FIRST = pattern(r"[ \t]*(?:[-*+][ \t]+)?\*\*([^*:\n]+?)(?::\*\*|\*\*:)[ \t]*")
_NEXT = pattern(r"\|[ \t]*\*\*([^*:|\n]+?)(?::\*\*|\*\*:)[ \t]*")
_WITHIN = pattern(r"\*\*([^*:]+?)(?::\*\*|\*\*:)[ \t]*")
_BLOCK = pattern(
    r"[ \t]*(?:#{1,6}(?:[ \t]|\Z)|\||>|`{3}|~{3}|(?:[-*+]|\d{1,9}[.)])[ \t]|\*\*[^*:]+(?::\*\*|\*\*:)|<!--|\Z)"
)


class Found(NamedTuple):
    """A field: its name in lower case, the offsets of its value, and the value as it is read."""

    name: str
    start: int
    end: int
    text: str


def is_ours(raw: str) -> bool:
    """Whether a line begins with one of the loop's own fields, so that its paragraph is read as a run of fields."""
    found = _FIRST.match(raw)
    return found is not None and found[1].strip().casefold() in OURS


def begins_block(raw: str) -> bool:
    """Whether a line begins a new block and does not continue the paragraph above it."""
    return _BLOCK.match(raw) is not None


def fields_in(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield the fields of a line, or of the paragraph from `start` to `end` if it begins with one of the loop's."""
    first = _FIRST.match(text, start, end)
    if not first:
        return
    names = [first, *_NEXT.finditer(text, first.end(), _line_end(text, first.end(), end))]
    if len(names) == 1 and _name(first[1]) in OURS:
        code = [(first.end() + s.start, first.end() + s.end) for s in spans(text[first.end() : end])]
        within = (m for m in _WITHIN.finditer(text, first.end(), end) if _name(m[1]) in OURS)
        names += (m for m in within if not any(a < m.start() < b for a, b in code))
    last = names[-1]
    ends = [*(m.start() for m in names[1:]), _end_of_value(text, _name(last[1]), last.end(), end)]
    for name, stop in zip(names, ends, strict=True):
        value = text[name.end() : stop]
        shown = without_comments(value).partition("<!--")[0].strip() if "<!--" in value else value.rstrip()
        kept = len(shown) if value.startswith(shown) else len(value.rstrip())
        flat = shown if _name(name[1]) == _LONG else " ".join(shown.split("\n"))
        yield Found(_name(name[1]), name.end(), name.end() + kept, flat)


def _line_end(text: str, start: int, end: int) -> int:
    found = text.find("\n", start, end)
    return end if found < 0 else found


def _end_of_value(text: str, name: str, start: int, end: int) -> int:
    """Return the end of a paragraph's last value: the end of its line, or of the paragraph for a criterion."""
    if name == _LONG:
        return end
    line = text.find("\n", start, end)
    if line >= 0 and not text[start:line].strip():
        line = text.find("\n", line + 1, end)
    return end if line < 0 else line


def _name(text: str) -> str:
    return " ".join(text.split()).casefold()
