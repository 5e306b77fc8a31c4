"""Answers that stay true while certain files look the same: a question that is asked again starts no process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from mission_cli.fastpath import holds, look

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import TypeVar

    from mission_cli.ports.runtime import Look

    T = TypeVar("T")


class ByLook:
    """Keeps the last answer to each question, with the looks of the files that it depends on.

    Threads may share it: several that ask the same at once get one answer.
    """

    on = True

    def __init__(self, most: int = 256, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._known: dict[Hashable, _Kept] = {}
        self._changing = threading.Lock()

    def of(
        self,
        question: Hashable,
        files: Sequence[str],
        ask: Callable[[], T],
        seconds: float = float("inf"),
        about: Hashable = None,
    ) -> T:
        """Return the kept answer, or call `ask` if it is too old, about something else, or a file has changed."""
        kept = self._place(question)
        with kept.lock:
            now = self._clock()
            if now < kept.until and kept.about == about and _is_same(kept.looks, files):
                known: T = kept.answer
                return known
            looks = {path: look(path) for path in files}  # before asking: a change meanwhile is seen the next time
            kept.until = float("-inf")
            answer = ask()
            kept.looks, kept.about, kept.answer, kept.until = looks, about, answer, now + seconds
            return answer

    def _place(self, question: Hashable) -> _Kept:
        """Return where the answer to a question is kept; questions that were not asked for long lose theirs."""
        with self._changing:
            kept = self._known.pop(question, None) or _Kept()
            self._known[question] = kept
            if len(self._known) > self._most:
                self._known.pop(next(iter(self._known)))
            return kept


class _Kept:
    """One answer; none at first. Threads that ask for it wait for each other."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.looks: dict[str, Look] = {}
        self.about: Hashable = None
        self.answer: Any = None
        self.until = float("-inf")


def _is_same(looks: dict[str, Look], files: Sequence[str]) -> bool:
    return [*looks] == [*dict.fromkeys(files)] and all(map(holds, looks, looks.values()))
