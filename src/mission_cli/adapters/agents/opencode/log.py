"""Read the log of opencode for people."""

from __future__ import annotations

from typing import Any

from mission_cli.adapters.agents.log_entries import arguments, edited, result
from mission_cli.adapters.agents.opencode.reader import LOGGED, message_of, step_tokens
from mission_cli.adapters.agents.stream import LONGEST_NOTE, as_dict, count, money, parse_line
from mission_cli.ports.agents.logs import LogEntry, LogKind

_EDITS = frozenset({"write", "edit", "multiedit", "patch", "apply_patch"})


class OpencodeLog:
    """A tool is an event when it has ended, with its result."""

    def line(self, text: str) -> list[LogEntry]:
        """Return what a line tells."""
        event = parse_line(text)
        part = as_dict(event.get("part"))
        match event.get("type"):
            case "text":
                return [LogEntry(LogKind.TEXT, str(part.get("text", "")))]
            case "tool_use":
                return _tool(str(part.get("tool", "")), as_dict(part.get("state")))
            case "step_finish":
                return [LogEntry(LogKind.STEP, tokens=step_tokens(part), usd=money(part.get("cost")))]
            case "error":
                return [LogEntry(LogKind.ERROR, message_of(as_dict(event.get("error"))))]
        return _note(text) if not event and text.strip() else []


def _tool(name: str, state: dict[str, Any]) -> list[LogEntry]:
    given, facts = as_dict(state.get("input")), as_dict(state.get("metadata"))
    failed = bool(state.get("error")) or count(facts.get("exit")) > 0
    answer = state.get("error") or facts.get("preview") or state.get("output")
    if name not in _EDITS:
        title = arguments(given) or str(state.get("title") or "")
        return [LogEntry(LogKind.TOOL, title, name), *result(answer, failed=failed, tool=name)]
    change = as_dict(facts.get("filediff"))
    path = str(state.get("title") or arguments(given))
    added, removed = count(change.get("additions")), count(change.get("deletions"))
    made = LogEntry(LogKind.EDIT, path, added=added, removed=removed)
    return [made if change else edited(path, given), *(result(answer, failed=True, tool=name) if failed else [])]


def _note(text: str) -> list[LogEntry]:
    """Return the error in a line of its log, or another line of standard error."""
    logged = LOGGED.match(text[:LONGEST_NOTE])
    if logged is not None:
        return [LogEntry(LogKind.ERROR, logged["words"])]
    return [] if text.startswith("timestamp=") else [LogEntry(LogKind.OTHER, text)]
