"""What an agent is allowed that asks: everything within its tree, and nothing that leaves it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATHS = ("path", "file_path", "filePath", "filepath", "absolute_path", "parentDir", "directory", "cwd")
"""Arguments of tools that name a file or a folder."""
_ALLOW, _REJECT = ("allow_once", "allow_always"), ("reject_once", "reject_always")
_OUTSIDE = "outside of the tree"


def answer(request: dict[str, Any], tree: str, more: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    """Return the outcome of a request for a permission, and why it is denied; empty if it is allowed.

    `more` are folders besides the tree that it may use. Without an option that fits, the request is cancelled.
    """
    call = request.get("toolCall")
    outside = next((path for path in _paths(call) if not _is_within(path, (tree, *more))), "")
    wanted = _REJECT if outside else _ALLOW
    options = request.get("options")
    kinds = {o.get("kind"): o.get("optionId") for o in reversed(options or []) if isinstance(o, dict)}
    chosen = next((kinds[kind] for kind in wanted if kinds.get(kind)), None)
    why = f"{outside} is {_OUTSIDE}" if outside else "" if chosen else "there is no option to allow it once"
    if chosen is None:
        return {"outcome": "cancelled"}, why
    return {"outcome": "selected", "optionId": chosen}, why


def _paths(call: object) -> Iterator[str]:
    """Yield what a tool call says it is about."""
    if not isinstance(call, dict):
        return
    for place in call.get("locations") or []:
        if isinstance(place, dict) and isinstance(place.get("path"), str):
            yield place["path"]
    found = call.get("rawInput")
    given: dict[str, Any] = found if isinstance(found, dict) else {}
    for name in _PATHS:
        if isinstance(given.get(name), str):
            yield given[name]


def _is_within(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path, relative to the first folder, is in one of them, with links followed."""
    place = os.path.realpath(os.path.join(folders[0], path))  # noqa: PTH118 - of text, on any machine
    roots = [os.path.realpath(folder) for folder in folders]
    return any(place == root or place.startswith(f"{root.rstrip('/')}/") for root in roots)
