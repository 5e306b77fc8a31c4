"""A lock beside a tree: only one process works in it, and is visible even if the job's folder is gone.

`.git/mission` may be deleted at any time, but trees are elsewhere. The lock contains the mark of the last process that
took it and is removed when the work is over. A lock file with a mark that is free means that its process died.
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
        """The mark of a process that died in the tree; empty if there was none."""
        self.since_before = ""
        """When that process took the lock."""

    def take(self, mark: str) -> bool:
        """Take the lock; False if another process holds it."""
        handle = try_lock(self._path)
        if handle is None:
            return False
        if not is_same_file(self._path, handle):  # it was released between opening and locking
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
        """Remove and release the lock."""
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            unlock(self._handle)
            self._handle = None
