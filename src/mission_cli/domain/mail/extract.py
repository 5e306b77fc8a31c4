"""What people and programs look for in a mail: the text above the quoted one, codes and links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTES = pattern(
    r"(?:On|Am|Le|El|Il|Op|Den) .{0,200}(?:wrote|schrieb|écrit|escribió|scritto|schreef|skrev)[^\n]{0,100}:\s*\Z"
    r"|-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Forwarded message) ?-{2,}\s*\Z"
    r"|_{10,}\s*\Z"
    r"|From: .{1,200}\Z",
    re.IGNORECASE,
)
_SIGNATURE = "-- "
_MOST_WRAPPED = 3
_LINK = pattern(r"https?://[^\s<>\"'`\x00-\x1f\u00a0]{1,2000}")
_NEAR = pattern(
    r"(?:code|kode|código|pin|otp|token|passcode|password|kennwort|verif\w*|confirm\w*|bestätig\w*)",
    re.IGNORECASE,
)
_CODE = pattern(
    r"(?<![\w/=&?.#-])(?:[0-9]{4,8}|[0-9]{3}[- ][0-9]{3}|[A-Z0-9]{3,5}-[A-Z0-9]{3,5}|[A-Z0-9]{6,10})(?![\w-])"
)
_NEAR_CHARACTERS = 120
_MOST = 20


def reply_text(text: str) -> str:
    """Return what the sender wrote in a reply: without the quoted text below it, quoted lines and a signature."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    for place, line in enumerate(lines):
        if line == _SIGNATURE or _begins_quote(lines, place):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def _begins_quote(lines: list[str], place: int) -> bool:
    """Whether the quoted mail begins here; the line that says who wrote it may be wrapped."""
    joined = ""
    for line in lines[place : place + _MOST_WRAPPED]:
        joined = f"{joined} {line.strip()}".strip()
        if _QUOTES.match(joined):
            return True
    return False


def links(text: str) -> tuple[str, ...]:
    """Return the web addresses in a text, each once."""
    found = (one[0].rstrip(".,;:!?)]}") for one in _LINK.finditer(text))
    return tuple(dict.fromkeys(found))[:_MOST]


def codes(text: str) -> tuple[str, ...]:
    """Return what may be a code for a sign-up: digits or capitals near a word such as `code`, the nearest first."""
    plain = _LINK.sub(" ", text)
    near = [found.start() for found in _NEAR.finditer(plain)]
    found = sorted(_placed(plain, near))
    return tuple(dict.fromkeys(code for _, code in found))[:_MOST]


def _placed(text: str, near: list[int]) -> Iterator[tuple[int, str]]:
    for one in _CODE.finditer(text):
        code = one[0]
        if not any(char.isdigit() for char in code):
            continue
        distance = min((abs(one.start() - place) for place in near), default=_NEAR_CHARACTERS + 1)
        if distance <= _NEAR_CHARACTERS:
            yield distance, code
