"""Yearly archives of run records: `runs/2026.md` contains unchanged records, one after another.

The first line names a word that appears in no record; a line with that word and an attempt's name precedes each record.
So every record can be read back byte for byte, even if it contains text in this format.
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
    """Whether the name of a file of `runs/`, without `.md`, is that of a yearly archive."""
    return bool(_NAME.match(name))


def year_of(stamp: str) -> str:
    """Return the year of a record's end, which is the name of its archive."""
    return stamp[:4] if _NAME.match(stamp[:4]) else "0000"


def year_in(text: str) -> str:
    """Return the year in an archive's first line; empty if that line is missing."""
    first = _FIRST.match(text)
    return first[1] if first else ""


def join_roll(year: str, records: Mapping[str, str]) -> str:
    """Return the archive of a year; it does not depend on the order of the records."""
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
    """Return the records of an archive by attempt; empty if its first line is missing."""
    first = _FIRST.match(text)
    if first is None:
        return {}
    parts = re.split(rf"<!-- {first['word']} (\S+) -->\n", text[first.end() :])
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _order(name: str) -> tuple[int, int, int, str]:
    found = _ATTEMPT.match(name)
    return (int(found[1] or 0), int(found[2] or 0), int(found[3]), "") if found else (0, 0, 0, name)
