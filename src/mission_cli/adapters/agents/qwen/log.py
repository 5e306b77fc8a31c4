"""Read the log of Qwen Code for people."""

from __future__ import annotations

from mission_cli.adapters.agents.blocks import Blocks
from mission_cli.adapters.agents.qwen.reader import tokens_of
from mission_cli.adapters.agents.stream import as_dict, parse_line
from mission_cli.ports.agents.logs import LogEntry, LogKind

_EDITS = frozenset({"write_file", "edit", "notebook_edit"})


class QwenLog:
    """A tool and its result are two events; the event of a message with usage ends a step."""

    def __init__(self) -> None:
        self._blocks = Blocks(_EDITS)

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        match event.get("type"):
            case "assistant":
                message = as_dict(event.get("message"))
                tokens = tokens_of(as_dict(message.get("usage")))
                step = LogEntry(LogKind.STEP, tokens=tokens, model=str(message.get("model") or ""))
                return [*self._blocks.said(event), *([step] if any(tokens.values()) else [])]
            case "user":
                return self._blocks.answered(event)
            case "result" if event.get("is_error"):
                return [LogEntry(LogKind.ERROR, str(as_dict(event.get("error")).get("message") or "error"))]
        return [LogEntry(LogKind.OTHER, text)] if not event and text.strip() else []
