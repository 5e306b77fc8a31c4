"""One at a time in a tree: a lock beside it, so that whoever works there is seen even when the job's folder is gone.

`.git/mission` may be deleted at any time; trees lie elsewhere. The lock holds the mark of whoever took it last, and is
taken away when the work in the tree is over: what is left of it tells of somebody who died.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import is_same_file, try_lock, unlock

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 200


class TreeLock:
    """The lock of one tree."""

    def __init__(self, tree: Path) -> None:
        self._path = tree.with_name(f"{tree.name}.lock")
        self._handle: int | None = None
        self.mark_before = ""
        """The mark of somebody who died in the tree; empty when nobody did."""
        self.since_before = ""
        """When they began."""

    def take(self, mark: str) -> bool:
        """Take it, unless somebody is at work."""
        handle = try_lock(self._path)
        if handle is None:
            return False
        if not is_same_file(self._path, handle):  # it was given back between opening and locking
            unlock(handle)
            return False
        self.mark_before = os.pread(handle, _LONGEST, 0).decode("ascii", "replace")
        if self.mark_before:
            from datetime import UTC, datetime

            from mission_cli._support.text import stamp

            self.since_before = stamp(datetime.fromtimestamp(os.fstat(handle).st_mtime, UTC))
        os.ftruncate(handle, 0)
        os.pwrite(handle, mark.encode("ascii"), 0)
        self._handle = handle
        return True

    def give_back(self) -> None:
        """Nobody is at work in the tree any more."""
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            unlock(self._handle)
            self._handle = None
