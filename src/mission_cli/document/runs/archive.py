"""Run records put together by year: `runs/2026.md` holds records as they were, one behind the other.

The first line names a word that stands in no record; a line with that word and an attempt's name begins a record.
So whatever a record holds, a prompt about this very format among it, it comes out byte for byte as it went in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = pattern(r"[0-9]{4}\Z")
_FIRST = pattern(r"<!-- run records of ([0-9]{4}), each behind a line with the word (?P<word>[0-9a-f]{8}) -->\n")
_ATTEMPT = pattern(r"(?:plan|([0-9]+)\.([0-9]+))-a([0-9]+)\Z")


def is_roll(name: str) -> bool:
    """Whether a file of `runs/`, without `.md`, is that of a year."""
    return bool(_NAME.match(name))


def year_of(stamp: str) -> str:
    """The year of a record's end: what its file is called."""
    return stamp[:4] if _NAME.match(stamp[:4]) else "0000"


def year_in(text: str) -> str:
    """The year that a file says it is of; empty where its first line is gone."""
    first = _FIRST.match(text)
    return first[1] if first else ""


def join_roll(year: str, records: Mapping[str, str]) -> str:
    """Return the file of a year; the same for the same records, in whatever order they come."""
    from hashlib import sha256

    names = sorted(records, key=_order)
    everything = "\0".join(f"{name}\0{records[name]}" for name in names)
    word, count = "", 0
    while not word or word in everything:
        word = sha256(f"{count}\0{everything}".encode("utf-8", "surrogateescape")).hexdigest()[:8]
        count += 1
    first = f"<!-- run records of {year}, each behind a line with the word {word} -->\n"
    return first + "".join(f"<!-- {word} {name} -->\n{records[name]}" for name in names)


def split_roll(text: str) -> dict[str, str]:
    """Return the records of a year's file by attempt; none where its first line is gone."""
    first = _FIRST.match(text)
    if first is None:
        return {}
    parts = re.split(rf"<!-- {first['word']} (\S+) -->\n", text[first.end() :])
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _order(name: str) -> tuple[int, int, int, str]:
    found = _ATTEMPT.match(name)
    return (int(found[1] or 0), int(found[2] or 0), int(found[3]), "") if found else (0, 0, 0, name)
