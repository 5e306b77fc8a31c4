"""One replacement in a text, with the hash of the replaced text and what will be read there afterwards."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.editing.field_meaning import Key
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Table

_HASH = "sha256:"


class CannotPlaceError(Exception):
    """The change has no place; `may_come` if an earlier change of the same batch may create it."""

    def __init__(self, reason: str, *, line: int = 0, hint: str = "", may_come: bool = False) -> None:
        super().__init__(reason)
        self.line = line
        self.hint = hint
        self.may_come = may_come


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement. `meant` are the fields that `fields_of` must find changed in the new text, and no others."""

    start: int
    end: int
    text: str
    meant: Mapping[Key, str | None] = field(default_factory=dict)
    """None for a place that does not exist any more."""
    replaces: str = ""
    """`text_hash` of the text between `start` and `end` when the edit was made."""


def text_hash(text: str) -> str:
    """Return the hash that a change may have as `was` instead of the expected text: `sha256:` and 16 hex digits."""
    return _HASH + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def is_expected(was: str | None, now: str) -> bool:
    """Whether a change that expects `was` (a text, its hash, or None for anything) may replace `now`."""
    return was is None or was == now or (was.startswith(_HASH) and was == text_hash(now))


def width(text: str) -> int:
    """Return how many columns of a terminal or a fixed-width font `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def name_of(layout: Layout, table: Table) -> str:
    """Return the name of a table in the keys of `fields_of`."""
    return next(name for name, found in layout.named_tables.items() if found is table)
