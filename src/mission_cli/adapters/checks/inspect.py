"""The inspector: examines the files of a clean tree. Runs as a separate job, so that no pattern can block a pulse."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mission_cli._support.text import counted

if TYPE_CHECKING:
    from pathlib import Path

PASSED, FAILED, CANNOT = 0, 1, 2
_MOST_BYTES = 20_000_000


def inspect(request: str, root: Path) -> tuple[int, str]:
    """Return (exit code, message) for one `file` or `grep` criterion, given as JSON."""
    wanted = json.loads(request)
    paths = [str(p) for p in wanted["paths"]]
    if wanted["kind"] == "file":
        return _files(root, paths)
    try:
        pattern = re.compile(str(wanted["pattern"]), re.MULTILINE)
    except re.error as error:
        return CANNOT, f"invalid pattern: {error}"
    return _grep(root, paths, pattern, negated=bool(wanted["negated"]))


def _files(root: Path, paths: list[str]) -> tuple[int, str]:
    for name in paths:
        found = [p for p in _expand(root, name) if p.is_file()]
        if not found:
            return FAILED, f"{name} does not exist"
        empty = [p for p in found if not p.stat().st_size]
        if len(empty) == len(found):
            return FAILED, f"{name} is empty"
    return PASSED, f"{', '.join(paths)}: exists and is not empty"


def _grep(root: Path, paths: list[str], pattern: re.Pattern[str], *, negated: bool) -> tuple[int, str]:
    searched = [p for name in (paths or ["."]) for p in _expand(root, name)]
    below = {f for p in searched for f in (_below(p) if p.is_dir() else [p])}
    files = sorted(f for f in below if _is_inside(root, f) and f.is_file())
    if not files:
        return FAILED, f"no file to search: {', '.join(paths)}"
    for file in files:
        text = file.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
        found = pattern.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            where = f"{file.relative_to(root)}:{line}: {found[0][:200]}"
            return (FAILED if negated else PASSED), where
    words = f"no match in {counted(len(files), 'file')}"
    return (PASSED if negated else FAILED), words


def _expand(root: Path, name: str) -> list[Path]:
    """Return the files that a name or glob matches in the tree. An existing path is itself, whatever its characters."""
    if (root / name).exists():
        found = [root / name]
    else:
        found = sorted(root.glob(name)) if any(c in name for c in "*?[") and not name.startswith("/") else []
    return [p for p in found if _is_inside(root, p)]


def _below(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if ".git" not in p.relative_to(folder).parts]


def _is_inside(root: Path, path: Path) -> bool:
    """Whether a path leads to something in the tree, also through links, and not into `.git`."""
    try:
        inside = path.resolve().relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):
        return False
    return ".git" not in inside.parts
