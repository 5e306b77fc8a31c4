"""The repository's own template for descriptions: where it is, and how our text goes into it and is renewed later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOLDERS = (".github/", "", "docs/", ".forgejo/", ".gitea/")
_NAMES = ("pull_request_template.md", "PULL_REQUEST_TEMPLATE.md", "pull_request_template.txt")
PLACES = (
    *(folder + name for folder in _FOLDERS for name in _NAMES),
    *(f".gitlab/merge_request_templates/{name}.md" for name in ("Default", "default")),
)
"""Where GitHub, GitLab and Forgejo look for it, in the order in which the first one counts."""
_FRONT = pattern(r"\A---\n.*?\n---\n", re.DOTALL)
_MARK = pattern(r"<!--(?=-?\s*(?:end of\s+)?mission\s*:)")
_HEADING = pattern(r"\s{0,3}#{1,6}\s+(?P<title>.*)")
_UNDERLINE = pattern(r"\s{0,3}(?:=+|-{2,})\s*\Z")
_FENCE = pattern(r"\s{0,3}(?:`{3,}|~{3,})")
_ASKS = pattern(r"\b(?:summary|overview|descri(?:be|ption)|what)\b", re.IGNORECASE)


def filled(template: str, ours: str, key: str) -> str:
    """Return a template with our text below the heading that asks for it, otherwise above everything."""
    part = f"{_begin(key)}\n{ours}\n\n{_end(key)}"
    plain = _FRONT.sub("", template.replace("\r\n", "\n").lstrip("\ufeff"), count=1)
    lines = _MARK.sub("&lt;!--", plain).strip("\n").split("\n")
    at = _place(lines)
    above, below = "\n".join(lines[:at]).rstrip("\n"), "\n".join(lines[at:]).lstrip("\n")
    return "\n\n".join(filter(None, (above, part, below))) + "\n"


def refreshed(body: str, ours: str, key: str) -> str | None:
    """Return a description with our part replaced, and everything else as people left it; None without our part."""
    plain = body.replace("\r\n", "\n")
    above, begin, rest = plain.partition(_begin(key))
    inner, end, below = rest.partition(_end(key))
    del inner
    return f"{above}{begin}\n{ours}\n\n{end}{below}" if begin and end else None


def _begin(key: str) -> str:
    """Return the marker of our texts (`adapters/forges/marks.py` reads it)."""
    return f"<!-- mission:{key} -->"


def _end(key: str) -> str:
    return f"<!-- end of mission:{key} -->"


def _place(lines: Sequence[str]) -> int:
    """Return the line number below the first heading that asks what the pull request is about; 0: there is none."""
    hidden = fence = False
    for at, line in enumerate(lines):
        fence ^= not hidden and bool(_FENCE.match(line))
        shown = not hidden and not fence
        heading = _HEADING.match(line) if shown else None
        if heading is not None and _ASKS.search(heading["title"]):
            return at + 1
        if shown and line.strip() and _ASKS.search(line) and at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1]):
            return at + 2
        if not fence:
            opens, closes = line.rfind("<!--"), line.rfind("-->")
            hidden = opens > closes if opens != closes else hidden
    return 0
