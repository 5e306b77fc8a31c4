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
        self._known: dict[Hashable, tuple[dict[str, Look], float, Any]] = {}
        self._locks = [threading.RLock() for _ in range(16)]

    def of(self, question: Hashable, files: Sequence[str], ask: Callable[[], T], seconds: float = float("inf")) -> T:
        """Return the kept answer, or call `ask` if it is too old or one of the files has changed since."""
        with self._locks[hash(question) % len(self._locks)]:
            kept, now = self._known.get(question), self._clock()
            if kept is not None and now < kept[1] and _is_same(kept[0], files):
                known: T = kept[2]
                return known
            looks = {path: look(path) for path in files}  # before asking: a change meanwhile is seen the next time
            answer = ask()
            self._known.pop(question, None)
            while len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)), None)
            self._known[question] = (looks, now + seconds, answer)
            return answer


def _is_same(looks: dict[str, Look], files: Sequence[str]) -> bool:
    return [*looks] == [*dict.fromkeys(files)] and all(map(holds, looks, looks.values()))
