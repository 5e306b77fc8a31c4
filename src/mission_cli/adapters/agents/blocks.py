"""Read events whose messages have blocks of text, uses of tools and their results, as several agents write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.adapters.agents.log_entries import arguments, edited, result
from mission_cli.adapters.agents.stream import action, as_dict, as_list
from mission_cli.ports.agents.logs import LogEntry, LogKind

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


def blocks_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of an event's message."""
    return [as_dict(block) for block in as_list(as_dict(event.get("message")).get("content"))]


def text_of(blocks: list[dict[str, Any]]) -> str:
    """Return what a message says."""
    return "\n".join(str(block.get("text")) for block in blocks if block.get("type") == "text")


def action_of(block: dict[str, Any]) -> str:
    """Return a tool with what it is used on; empty for other blocks."""
    if block.get("type") != "tool_use":
        return ""
    wanted = as_dict(block.get("input"))
    used_on = wanted.get("command") or wanted.get("file_path") or wanted.get("description") or ""
    return action(str(block.get("name", "")).lower(), str(used_on))


class Blocks:
    """What blocks tell people. A tool and its result are two blocks, in two events."""

    def __init__(self, edits: AbstractSet[str]) -> None:
        """`edits` are the names of tools that change a file."""
        self._edits = edits
        self._tools: dict[str, str] = {}
        """The names of tools by the id of their use."""

    def said(self, event: dict[str, Any]) -> list[LogEntry]:
        """Return what a message of the model tells."""
        return [entry for block in blocks_of(event) for entry in self._said(block)]

    def answered(self, event: dict[str, Any]) -> list[LogEntry]:
        """Return what results of tools tell."""
        return [entry for block in blocks_of(event) for entry in self._answered(block)]

    def _said(self, block: dict[str, Any]) -> list[LogEntry]:
        if block.get("type") == "text":
            return [LogEntry(LogKind.TEXT, str(block.get("text", "")))]
        if block.get("type") != "tool_use":
            return []
        name, given = str(block.get("name", "")), as_dict(block.get("input"))
        self._tools[str(block.get("id"))] = name
        if name in self._edits:
            return [edited(str(given.get("file_path") or given.get("notebook_path") or ""), given)]
        return [LogEntry(LogKind.TOOL, arguments(given), name.lower())]

    def _answered(self, block: dict[str, Any]) -> list[LogEntry]:
        if block.get("type") != "tool_result":
            return []
        name, failed = self._tools.pop(str(block.get("tool_use_id")), ""), bool(block.get("is_error"))
        if name in self._edits and not failed:
            return []
        content = block.get("content")
        texts = [str(as_dict(part).get("text", "")) for part in as_list(content)]
        return result(content if isinstance(content, str) else "\n".join(texts), failed=failed, tool=name.lower())
