"""How long a mission lives without a person who does something with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

BY_TYPE: Mapping[str, timedelta] = {
    "quick": timedelta(hours=24),
    "meeting": timedelta(days=7),
    "project": timedelta(days=14),
    "research": timedelta(days=30),
}
_ALWAYS = frozenset({"quick", "meeting", "project"})
"""Types of missions that have a lifetime even if their file does not ask for one."""
AS_TYPE, ENDLESS = "type", "none"
"""Values of `lifetime`: that of the type, and none at all."""


def lifetime_of(kind: str, text: str) -> timedelta | None:
    """Return the lifetime of a mission from its keys `type` and `lifetime`; None: it has none."""
    word = text.strip().casefold()
    if word == AS_TYPE or (not word and kind in _ALWAYS):
        return BY_TYPE.get(kind)
    return parse_duration(text) or None if word and word != ENDLESS else None
