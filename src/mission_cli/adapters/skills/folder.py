"""Write skills as folders with a `SKILL.md`, which coding agents read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_bytes, write_whole
from mission_cli.domain.errors import BlockedError, ToolError, UsageError
from mission_cli.domain.skills.skill import is_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FILE = "SKILL.md"


def write_skills(folder: Path, files: Mapping[str, str], mark: str) -> tuple[list[str], list[str]]:
    """Write the files by the names of their folders; return the paths that were written, and those that were kept.

    A file without the mark is kept. Raises UsageError for a name that cannot be a folder, BlockedError if a link is in
    the way, ToolError if nothing can be written.
    """
    written: list[str] = []
    kept: list[str] = []
    for name, text in files.items():
        if not is_name(name):
            raise UsageError("a skill has a name that cannot be a folder", hint="correct its row in the mission file")
        place = folder / name / _FILE
        if place.parent.is_symlink() or place.is_symlink():
            raise BlockedError(f"{place.parent} is a link", hint="remove it, or choose another folder with --output")
        try:
            before = read_bytes(place)
            if before is not None and mark.encode() not in before:
                kept.append(os.fspath(place))
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, text.encode("utf-8", "replace"))
        except OSError as error:
            raise ToolError(f"{place} cannot be written: {error.strerror}") from error
        written.append(os.fspath(place))
    return written, kept
