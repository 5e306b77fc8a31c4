"""Read the log of Claude Code for people."""

from __future__ import annotations

from typing import Any

from mission_cli.adapters.agents.blocks import Blocks
from mission_cli.adapters.agents.claude.reader import tokens_of
from mission_cli.adapters.agents.stream import as_dict, parse_line
from mission_cli.ports.agents.logs import LogEntry, LogKind

_EDITS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})


class ClaudeLog:
    """A tool and its result are two events. The tokens of a step are told after its results."""

    def __init__(self) -> None:
        self._blocks = Blocks(_EDITS)
        self._model = ""
        self._step: list[LogEntry] = []
        """The step whose results are still to come."""

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        match event.get("type"):
            case "assistant":
                return self._blocks.said(event)
            case "user":
                return self._blocks.answered(event)
            case "stream_event":
                return self._part(as_dict(event.get("event")))
            case "result":
                words = str(event.get("result") or event.get("subtype"))
                return [*self._told(), *([LogEntry(LogKind.ERROR, words)] if event.get("is_error") else [])]
        return [LogEntry(LogKind.OTHER, text)] if not event and text.strip() else []

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
