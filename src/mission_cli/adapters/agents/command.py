"""Any program as a worker: the prompt on stdin, `MISSION_*` in the environment, usage in the file MISSION_USAGE."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.adapters.agents.stream import LAST_WORDS, LONGEST_ANSWER, LONGEST_NOTE, report
from mission_cli.ports.agents import Access, Bill, Invocation, StreamTally

if TYPE_CHECKING:
    from mission_cli.domain.runs import AgentReport
    from mission_cli.ports.agents import Prices, Request

_LAST_LINES = 60


class CommandAgent:
    """The adapter for any command in the settings; it costs nothing unless it reports usage."""

    bill = Bill.FILE
    access = Access()
    retry_window_s = 0
    resumes = False

    def invocation(self, request: Request) -> Invocation:
        """Run the command with the prompt on stdin, byte for byte."""
        return Invocation(tuple(request.command), request.prompt, dict(request.env))

    def reader(self, *, prompt_size: int, prices: Prices) -> CommandReader:
        """Return a reader that keeps the last lines; the cost is in the usage file."""
        del prompt_size, prices
        return CommandReader()

    def describe(self, line: str) -> str:
        """Return the line unchanged."""
        return line

    def open_command(
        self, command: tuple[str, ...], session: str, tree: str, *, project_settings: bool = False
    ) -> tuple[str, ...]:
        """Return an empty command: a program has no conversation to open."""
        del command, session, tree, project_settings
        return ()


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
