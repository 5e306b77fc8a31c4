"""Answers that stay true while certain files look the same: a question that is asked again starts no process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from mission_cli.fastpath import digest, look

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
        glance: Glance | None = None,
    ) -> T:
        """Return the kept answer, or call `ask` if it is too old, about something else, or a file has changed.

        `glance`: the looks that the caller has taken already.
        """
        kept = self._place(question)
        with kept.lock:
            now = self._clock()
            if now < kept.until and kept.about == about and _is_same(kept.looks, files, glance or Glance()):
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


class Glance:
    """The looks of files at one moment: each file is looked at once, however many answers depend on it."""

    def __init__(self) -> None:
        self._taken: dict[str, Look] = {}

    def holds(self, path: str, kept: Look) -> bool:
        """Whether a file is as it was; its content is read only if times are not precise enough."""
        now = self._taken.get(path)
        if now is None:
            now = self._taken[path] = look(path)
        if now == kept:
            return True
        if len(kept) > len(now) > 0:
            now.append(digest(path))
        return now[: len(kept)] == kept if kept else not now


class AtOneMoment:
    """What is kept, as one request sees it: it looks at each file once."""

    def __init__(self, views: ByLook) -> None:
        self._views, self._glance, self.on = views, Glance(), views.on

    def of(
        self,
        question: Hashable,
        files: Sequence[str],
        ask: Callable[[], T],
        seconds: float = float("inf"),
        about: Hashable = None,
    ) -> T:
        """Return the kept answer, or ask."""
        return self._views.of(question, files, ask, seconds, about, self._glance)


def _is_same(looks: dict[str, Look], files: Sequence[str], glance: Glance) -> bool:
    return looks.keys() == set(files) and all(map(glance.holds, looks, looks.values()))
