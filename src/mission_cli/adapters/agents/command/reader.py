"""Read the output of any program."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.adapters.agents.stream import LAST_WORDS, LONGEST_ANSWER, LONGEST_NOTE, report
from mission_cli.ports.agents.usage import StreamTally

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport

_LAST_LINES = 60


class CommandReader:
    """Keeps the last lines of a program's output as its last words, and standard output as its answer."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._answer: deque[str] = deque()
        self._size = 0
        self._last = ""

    def line(self, text: str) -> None:
        """Process one line of standard output."""
        self._lines.append(text[-LAST_WORDS:])
        self._answer.append(text)
        self._last = text[:LONGEST_NOTE] if text.strip() else self._last
        self._size += len(text) + 1
        while self._size > LONGEST_ANSWER and len(self._answer) > 1:
            self._size -= len(self._answer.popleft()) + 1

    def note(self, text: str) -> None:
        """Process one line of standard error."""
        self._lines.append(text[-LAST_WORDS:])

    def tally(self) -> StreamTally:
        """Return the last line as the action: a program has no steps, and its cost is not in its output."""
        return StreamTally(action=self._last)

    def report(self, code: int | None) -> AgentReport:
        """Return the program's last words and its answer."""
        del code
        words = "\n".join(self._lines).strip()
        found = report(words=words, usage=None, session="", steps=0, cause=None, detail="")
        return replace(found, answer="\n".join(self._answer))
