"""Problems of a file, as values that are shown and counted, never raised."""

from __future__ import annotations

from enum import StrEnum

from mission_cli._support.dataclass import dataclass


class Severity(StrEnum):
    """Whether the part with the problem still runs."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem at `line`:`column` (both from 1), and what to do about it."""

    line: int
    column: int
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def at(self, path: str) -> str:
        """Return `path:line:column: severity: message (hint)`, the form that editors can jump to."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{path}:{self.line}:{self.column}: {self.severity}: {self.message}{hint}"
