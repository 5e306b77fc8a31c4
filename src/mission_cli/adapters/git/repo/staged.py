"""Look up one path in git's index without a git process. What is stored in an unusual way is not found."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.adapters.git.repo.objects import Entry

_HEADER, _PADDED = 12, 8
_MODE_AT, _ID_AT = 24, 40
_FLAGS = 2
_VERSIONS = (2, 3)
"""In version 4, paths are shortened."""


def staged_entry(index: bytes, path: str, id_size: int) -> Entry | None:
    """Return the entry of a path, as in a tree; None if there is none without a conflict and without special flags.

    `index` is the content of the file, `id_size` the number of bytes of an object id.
    """
    if index[:4] != b"DIRC" or int.from_bytes(index[4:8], "big") not in _VERSIONS:
        return None
    name = os.fsencode(path)
    before = _ID_AT + id_size + _FLAGS
    at = index.find(name + b"\0")
    while at >= 0:
        start = at - before
        flags = int.from_bytes(index[at - _FLAGS : at], "big")
        if start >= _HEADER and not (start - _HEADER) % _PADDED and flags == len(name):  # all other bits are 0
            mode = int.from_bytes(index[start + _MODE_AT : start + _MODE_AT + 4], "big")
            return f"{mode:o}", index[start + _ID_AT : start + _ID_AT + id_size].hex()
        at = index.find(name + b"\0", at + 1)
    return None


def is_as(place: Path, mode: str, content: bytes) -> bool:
    """Whether a file is a plain one with this mode and content."""
    try:
        facts = os.lstat(place)
        plain = stat.S_ISREG(facts.st_mode) and bool(facts.st_mode & stat.S_IXUSR) == (mode == "100755")
        return plain and facts.st_size == len(content) and place.read_bytes() == content
    except OSError:
        return False
