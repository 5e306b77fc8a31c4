"""Find code spans in a line of Markdown, and the result comments outside of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mission_cli._support.lazy_re import pattern

_RESULT = pattern(
    r"(?<!\s)\s*<!--\s*(?P<start>start\s+)?(?P<word>pass|flaky|fail|skip|could-not-run)\s+(?P<at>\S+)\s+(?P<commit>\S+?)\s*-->"
)
_COMMENT = pattern(r"<!--.*?-->", re.DOTALL)
_TICKS = pattern(r"`+")


class Span(NamedTuple):
    """A code span: its offsets including the backticks, and its code."""

    start: int
    end: int
    code: str


@lru_cache(maxsize=512)
def spans(text: str) -> tuple[Span, ...]:
    """Return the code spans: a run of backticks up to the next run of the same length."""
    if "`" not in text:
        return ()
    runs = [(m.start(), m.end()) for m in _TICKS.finditer(text)]
    later: dict[int, list[int]] = {}
    for index, (start, end) in enumerate(runs):
        later.setdefault(end - start, []).append(index)
    found: list[Span] = []
    at = 0
    while at < len(runs):
        start, end = runs[at]
        same = later[end - start]
        while same and same[0] <= at:
            same.pop(0)
        if same:
            close = same[0]
            found.append(Span(start, runs[close][1], _inner(text[end : runs[close][0]])))
            at = close
        at += 1
    return tuple(found)


def code(text: str) -> str:
    """Return a code span that contains `text`, which must not be empty."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    mark = "`" * (longest + 1)
    padded = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip())
    space = " " if padded else ""
    return f"{mark}{space}{text}{space}{mark}"


def without_comments(text: str) -> str:
    """Return the text without `<!-- … -->` comments."""
    end = text.rfind("-->") + 3  # beginnings behind it have no end, and looking for one takes long if they are many
    return _COMMENT.sub("", text[:end]) + text[end:] if "<!--" in text[:end] else text


def results(text: str) -> list[re.Match[str]]:
    """Return the result comments outside of code spans; groups: start, word, at, commit."""
    if "<!--" not in text:
        return []
    covered = spans(text)
    found = _RESULT.finditer(text)
    return [m for m in found if not any(s.start < text.index("<!--", m.start()) < s.end for s in covered)]


def without_results(text: str) -> str:
    """Return the text without result comments and the white space before them."""
    kept, at = [], 0
    for found in results(text):
        kept.append(text[at : found.start()])
        at = found.end()
    return "".join([*kept, text[at:]])


def _inner(code: str) -> str:
    return code[1:-1] if code.startswith(" ") and code.endswith(" ") and code.strip() else code
