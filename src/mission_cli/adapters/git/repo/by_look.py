"""Answers of git that stay true while certain files look the same: a view that is asked again starts no process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.fastpath import holds, look

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import TypeVar

    from mission_cli.ports.runtime import Look

    T = TypeVar("T")

_MOST_KEPT = 256


class ByLook:
    """Keeps the last answer to each question, with the looks of the files that it depends on."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[dict[str, Look], Any]] = {}

    def of(self, question: Hashable, files: Sequence[str], ask: Callable[[], T]) -> T:
        """Return the kept answer, or call `ask` if one of the files has changed since."""
        kept = self._known.get(question)
        if kept is not None and [*kept[0]] == [*dict.fromkeys(files)] and all(map(holds, kept[0], kept[0].values())):
            known: T = kept[1]
            return known
        looks = {path: look(path) for path in files}  # before asking: a change meanwhile is seen the next time
        answer = ask()
        while len(self._known) >= _MOST_KEPT:
            self._known.pop(next(iter(self._known)), None)
        self._known[question] = (looks, answer)
        return answer
