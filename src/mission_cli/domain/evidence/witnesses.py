"""Who else knows the history: signatures of commits, and places that remember where the branch was."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha


class Signature(StrEnum):
    """What git says about the signature of a commit."""

    GOOD = "good"
    NONE = "none"
    BAD = "bad"
    """Wrong, or made with a revoked key."""
    UNKNOWN = "unknown key"


@dataclass(frozen=True, slots=True)
class Witness:
    """A commit that the history must contain, because something has seen it there."""

    by: str
    """Who has seen it, in words."""
    commit: Sha
    gone: tuple[str, ...]
    """The commits up to it that the history does not contain, newest first: short id and subject."""
