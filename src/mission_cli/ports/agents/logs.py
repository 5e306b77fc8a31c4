"""The log of an agent, read for people."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal


_LONGEST_ARGUMENTS, _LONGEST_ERROR = 160, 400


class LogKind(StrEnum):
    """What an entry of an agent's log is."""

    TEXT = "text"
    """What the model said."""
    TOOL = "tool"
    """A tool that it uses."""
    EDIT = "edit"
    """A file that it changed; `text` is its path."""
    RESULT = "result"
    """What a tool answered."""
    ERROR = "error"
    STEP = "step"
    """The end of a request to the model."""
    OTHER = "other"
    """A line that is not an event."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that an agent did, read from its output."""

    kind: LogKind
    text: str = ""
    """What was said or answered; of a tool what it is used on."""
    tool: str = ""
    """The name of the tool, as the agent writes it."""
    failed: bool = False
    """Whether a result is that of a tool that failed."""
    added: int = 0
    """Lines that an edit added, and those that it removed; both 0: not known."""
    removed: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    """What a step used, by kind."""
    usd: Decimal | None = None
    """What a step cost, in dollars; None: not known."""
    listed: bool = False
    """Whether the cost was computed from list prices, because the agent does not report it."""
    model: str = ""
    """The model of a step, if the agent says it."""

    def __str__(self) -> str:
        """Return it as plain text; empty for a step, and for a result that is not a failure."""
        match self.kind:
            case LogKind.TOOL:
                return f"● {self.tool} {one_line(self.text, _LONGEST_ARGUMENTS)}".rstrip()
            case LogKind.EDIT:
                return f"✎ {one_line(self.text, _LONGEST_ARGUMENTS)}{self.changed}"
            case LogKind.RESULT:
                return f"✗ {one_line(self.text, _LONGEST_ARGUMENTS)}" if self.failed else ""
            case LogKind.ERROR:
                return f"error: {one_line(self.text, _LONGEST_ERROR)}"
        return "" if self.kind is LogKind.STEP else self.text

    @property
    def changed(self) -> str:
        """Return the numbers of lines that an edit added and removed, as ` +12` and so on; empty if not known."""
        added, removed = f" +{self.added}" if self.added else "", f" −{self.removed}" if self.removed else ""  # noqa: RUF001 - a minus sign
        return added + removed


class LogReader(Protocol):
    """Reads the log of one run, in which both outputs are mixed."""

    def line(self, text: str) -> Sequence[LogEntry]:
        """Return what a line tells; nothing for one that tells people nothing."""
        ...
