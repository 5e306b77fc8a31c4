"""Read the log of `mission _acp` for people."""

from __future__ import annotations

from typing import Any

from mission_cli.adapters.agents.log_entries import arguments, result
from mission_cli.adapters.agents.stream import as_dict, parse_line
from mission_cli.ports.agents.logs import LogEntry, LogKind


class AcpLog:
    """A tool has several events: the first with a title begins it, one with a status ends it."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        match event.get("type"):
            case "acp.text":
                return [LogEntry(LogKind.TEXT, str(event.get("text", "")))]
            case "acp.tool":
                return self._tool(str(event.get("id")), event)
            case "acp.denied":
                return [LogEntry(LogKind.ERROR, f"denied: {event.get('title')}: {event.get('why')}")]
            case "acp.error":
                return [LogEntry(LogKind.ERROR, str(event.get("message", "")))]
        return [LogEntry(LogKind.OTHER, text)] if not event and text.strip() else []

    def _tool(self, name: str, event: dict[str, Any]) -> list[LogEntry]:
        given, status = as_dict(event.get("input")), event.get("status")
        ended = status in {"completed", "failed"}
        title = arguments(given)
        if title.startswith("{"):  # not the arguments that matter, which may come later
            title = title if ended else ""
        title = title or (str(event.get("title") or "") if ended else "")
        tool = str(event.get("kind") or "tool")
        found = []
        if title and name not in self._titles:
            self._titles[name] = tool
            found.append(LogEntry(LogKind.TOOL, title, tool))
        if ended:
            found += result(event.get("output"), failed=status == "failed", tool=self._titles.get(name, tool))
        return found
