"""Common parts of the readers of agents' logs: tools with their arguments, numbers of changed lines."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.stream import as_dict, as_list
from mission_cli.ports.agents.logs import LogEntry, LogKind

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARGUMENTS = ("command", "cmd", "pattern", "query", "url", "filePath", "file_path", "path", "description", "prompt")
"""The arguments of tools that tell people what they do, the most telling one first."""
_PLACE = ("path", "glob", "include")
_NOTHING = pattern(r"\((?:Bash completed with )?no output\)")
"""How agents tell a model that there was no output."""
_LONGEST_DIFF = 2000
"""Lines; the numbers of changed lines in longer texts are not computed."""


def arguments(given: dict[str, Any]) -> str:
    """Return what a tool is used on, from its arguments."""
    for name in _ARGUMENTS:
        if given.get(name):
            place = next((str(given[p]) for p in _PLACE if name == "pattern" and given.get(p)), "")
            return f"{given[name]} in {place}" if place else str(given[name])
    return json.dumps(given, ensure_ascii=False, default=str) if given else ""


def written(path: str, content: object) -> LogEntry:
    """Return the entry of a file that was written whole."""
    return LogEntry(LogKind.EDIT, path, added=len(str(content or "").splitlines()))


def replaced(path: str, old: object, new: object) -> LogEntry:
    """Return the entry of a text that was replaced by another in a file."""
    before, after = str(old or "").splitlines(), str(new or "").splitlines()
    if len(before) + len(after) > _LONGEST_DIFF:
        return LogEntry(LogKind.EDIT, path)
    lines = [*difflib.ndiff(before, after)]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in ("+ ", "- "))
    return LogEntry(LogKind.EDIT, path, added=added, removed=removed)


def edited(path: str, given: dict[str, Any]) -> LogEntry:
    """Return the entry of a tool that changes a file: with a content, a replacement, or several of them."""
    if "content" in given:
        return written(path, given["content"])
    parts = [replaced(path, *pair) for pair in _replacements(given)]
    return LogEntry(LogKind.EDIT, path, added=sum(p.added for p in parts), removed=sum(p.removed for p in parts))


def result(text: object, *, failed: bool = False, tool: str = "") -> list[LogEntry]:
    """Return the entry of what a tool answered; none for nothing."""
    said = str(text or "").strip("\n")
    said = "" if _NOTHING.fullmatch(said) else said
    return [LogEntry(LogKind.RESULT, said, tool, failed=failed)] if said.strip() or failed else []


def _replacements(given: dict[str, Any]) -> Iterator[tuple[object, object]]:
    for one in (given, *map(as_dict, as_list(given.get("edits")))):
        old, new = one.get("oldString", one.get("old_string")), one.get("newString", one.get("new_string"))
        if old is not None or new is not None:
            yield old, new
