"""Read the log of Claude Code for people."""

from __future__ import annotations

from typing import Any

from mission_cli.adapters.agents.claude.reader import tokens_of
from mission_cli.adapters.agents.log_entries import arguments, edited, result
from mission_cli.adapters.agents.stream import as_dict, as_list, parse_line
from mission_cli.ports.agents import LogEntry, LogKind

_EDITS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})


class ClaudeLog:
    """A tool and its result are two events. The tokens of a step are told after its results."""

    def __init__(self) -> None:
        self._tools: dict[str, str] = {}
        """The names of tools by the id of their use."""
        self._model = ""
        self._step: list[LogEntry] = []
        """The step whose results are still to come."""

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        message = as_dict(event.get("message"))
        blocks = [as_dict(block) for block in as_list(message.get("content"))]
        match event.get("type"):
            case "assistant":
                return [entry for block in blocks for entry in self._said(block)]
            case "user":
                return [entry for block in blocks for entry in self._answered(block)]
            case "stream_event":
                return self._part(as_dict(event.get("event")))
            case "result":
                words = str(event.get("result") or event.get("subtype"))
                return [*self._told(), *([LogEntry(LogKind.ERROR, words)] if event.get("is_error") else [])]
        return [LogEntry(LogKind.OTHER, text)] if not event and text.strip() else []

    def _said(self, block: dict[str, Any]) -> list[LogEntry]:
        if block.get("type") == "text":
            return [LogEntry(LogKind.TEXT, str(block.get("text", "")))]
        if block.get("type") != "tool_use":
            return []
        name, given = str(block.get("name", "")), as_dict(block.get("input"))
        self._tools[str(block.get("id"))] = name
        if name in _EDITS:
            return [edited(str(given.get("file_path") or given.get("notebook_path") or ""), given)]
        return [LogEntry(LogKind.TOOL, arguments(given), name.lower())]

    def _answered(self, block: dict[str, Any]) -> list[LogEntry]:
        if block.get("type") != "tool_result":
            return []
        name, failed = self._tools.pop(str(block.get("tool_use_id")), ""), bool(block.get("is_error"))
        if name in _EDITS and not failed:
            return []
        content = block.get("content")
        texts = [str(as_dict(part).get("text", "")) for part in as_list(content)]
        return result(content if isinstance(content, str) else "\n".join(texts), failed=failed, tool=name.lower())

    def _part(self, event: dict[str, Any]) -> list[LogEntry]:
        if event.get("type") == "message_start":
            self._model = str(as_dict(event.get("message")).get("model") or "")
            return self._told()
        if event.get("type") == "message_delta":
            self._step = [LogEntry(LogKind.STEP, tokens=tokens_of(as_dict(event.get("usage"))), model=self._model)]
        return []

    def _told(self) -> list[LogEntry]:
        told, self._step = self._step, []
        return told
