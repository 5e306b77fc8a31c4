"""Answers about commits that are asked for again in every round of a pulse."""

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
    """Answers that follow from ids alone, for as long as the rounds of a pulse take: each asks for all of them again.

    Not for longer: a person's `git gc` may take away a merge that nothing holds yet, and asking makes it anew.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], Any] = {}
        self._until = 0.0

    def of(self, name: str, *ids: str, ask: Callable[..., T]) -> T:
        """The answer to a question about these ids."""
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
    """When something was last put into a folder or file, in nanoseconds; 0 where it is not there."""
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0
