"""Read the log of Codex for people."""

from __future__ import annotations

from typing import Any

from mission_cli.adapters.agents.codex.reader import SHELL, message_of, tokens_of
from mission_cli.adapters.agents.log_entries import result
from mission_cli.adapters.agents.stream import as_dict, as_list, count, parse_line
from mission_cli.ports.agents.logs import LogEntry, LogKind


class CodexLog:
    """An item is an event when it begins and when it ends; a whole turn has one report of its tokens."""

    def __init__(self) -> None:
        self._begun: set[str] = set()

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        item = as_dict(event.get("item"))
        match event.get("type"):
            case "item.started":
                return self._begins(item)
            case "item.completed":
                return [*self._begins(item), *_ends(item)]
            case "turn.completed":
                return [LogEntry(LogKind.STEP, tokens=tokens_of(as_dict(event.get("usage"))))]
            case "turn.failed" | "error":
                return [LogEntry(LogKind.ERROR, message_of(event))]
        return [LogEntry(LogKind.OTHER, text)] if not event and text.strip() else []

    def _begins(self, item: dict[str, Any]) -> list[LogEntry]:
        """Return what a tool is used on, once."""
        name = str(item.get("id"))
        found = [] if name in self._begun else _used(item)
        self._begun.add(name)
        return found


def _used(item: dict[str, Any]) -> list[LogEntry]:
    match item.get("type"):
        case "command_execution":
            return [LogEntry(LogKind.TOOL, SHELL.sub(r"\g<words>", str(item.get("command", ""))), "bash")]
        case "file_change":
            return [LogEntry(LogKind.EDIT, str(as_dict(c).get("path", ""))) for c in as_list(item.get("changes"))]
        case "mcp_tool_call":
            return [LogEntry(LogKind.TOOL, str(item.get("arguments") or ""), str(item.get("tool", "")))]
        case "web_search":
            return [LogEntry(LogKind.TOOL, str(item.get("query", "")), "search")]
    return []


def _ends(item: dict[str, Any]) -> list[LogEntry]:
    match item.get("type"):
        case "agent_message":
            return [LogEntry(LogKind.TEXT, str(item.get("text", "")))]
        case "command_execution":
            return result(item.get("aggregated_output"), failed=count(item.get("exit_code")) > 0, tool="bash")
        case "file_change" | "mcp_tool_call" if item.get("status") == "failed":
            return result(item.get("error") or "it failed", failed=True)
        case "error":  # only a warning: Codex continues
            return [LogEntry(LogKind.OTHER, str(item.get("message", "")))]
    return []
