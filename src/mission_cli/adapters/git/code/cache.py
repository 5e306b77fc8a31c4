"""Cached answers about commits that every round of a pulse asks for again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    T = TypeVar("T")

_KNOWN_SECONDS = 5.0


class Known:
    """A cache of answers that depend only on object ids, for the few seconds that the rounds of a pulse take.

    Not for longer: a person's `git gc` may delete a merge commit that no ref holds yet. Asking again recreates it.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], Any] = {}
        self._until = 0.0

    def of(self, name: str, *ids: str, ask: Callable[..., T]) -> T:
        """Return the cached answer for these ids, or call `ask` with them."""
        now = time.monotonic()
        if now > self._until:
            self._answers.clear()
            self._until = now + _KNOWN_SECONDS
        key = (name, *ids)
        if key not in self._answers:
            self._answers[key] = ask(*ids)
        answer: T = self._answers[key]
        return answer


def changed_at(place: Path) -> int:
    """When a folder or file was last modified, in nanoseconds; 0 if it does not exist."""
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0
