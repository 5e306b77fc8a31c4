"""Read the log of Gemini CLI for people."""

from __future__ import annotations

from typing import Any

from mission_cli.adapters.agents.gemini.reader import tokens_of
from mission_cli.adapters.agents.log_entries import arguments, edited, result
from mission_cli.adapters.agents.stream import as_dict, parse_line
from mission_cli.ports.agents.logs import LogEntry, LogKind

_EDITS = frozenset({"write_file", "replace"})


class GeminiLog:
    """A message comes in pieces, each of which is told; a tool and its result are two events."""

    def __init__(self) -> None:
        self._tools: dict[str, str] = {}

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        match event.get("type"):
            case "message" if event.get("role") == "assistant":
                return [LogEntry(LogKind.TEXT, str(event.get("content", "")))]
            case "tool_use":
                return self._used(event)
            case "tool_result":
                return self._answered(event)
            case "error":
                return [LogEntry(LogKind.ERROR, str(event.get("message", "")))]
            case "result":
                told = as_dict(event.get("error")).get("message")
                step = LogEntry(LogKind.STEP, tokens=tokens_of(as_dict(event.get("stats"))))
                return [*([LogEntry(LogKind.ERROR, str(told))] if told else []), step]
        return [LogEntry(LogKind.OTHER, text)] if not event and text.strip() else []

    def _used(self, event: dict[str, Any]) -> list[LogEntry]:
        name, given = str(event.get("tool_name", "")), as_dict(event.get("parameters"))
        self._tools[str(event.get("tool_id"))] = name
        if name in _EDITS:
            return [edited(str(given.get("file_path") or ""), given)]
        return [LogEntry(LogKind.TOOL, arguments(given), name)]

    def _answered(self, event: dict[str, Any]) -> list[LogEntry]:
        name, failure = self._tools.pop(str(event.get("tool_id")), ""), as_dict(event.get("error"))
        if name in _EDITS and not failure:
            return []
        return result(failure.get("message") or event.get("output"), failed=bool(failure), tool=name)
