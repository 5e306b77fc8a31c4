"""Read the log of any program: each line as it was printed."""

from __future__ import annotations

from mission_cli.ports.agents.logs import LogEntry, LogKind


class CommandLog:
    """A program has no events."""

    def line(self, text: str) -> list[LogEntry]:
        """Return the line."""
        return [LogEntry(LogKind.OTHER, text)]
