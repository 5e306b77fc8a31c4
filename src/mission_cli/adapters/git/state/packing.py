"""Pack the state repository: each state commit adds loose objects, and no git command of a person packs them.

Only the separate state repository is packed. A person's own repository is packed by their git, as configured.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import try_lock

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git

_SAMPLE = "objects/17"
"""One of the 256 folders of loose objects; `git gc --auto` samples the same one."""
_MOST_IN_SAMPLE = 4
"""Corresponds to about a thousand loose objects in total."""
_DEAD_SECONDS = 24 * 3600
LOCK = "mission-pack.lock"


def pack_when_many(git: Git) -> bool:
    """Start a repack in the background if there are many loose objects and none is running; True if started.

    The repack itself holds the lock, so a killed one does not block the next. Unreferenced objects are packed as well:
    another process may be about to reference them.
    """
    if _loose(git.git_dir / _SAMPLE) < _MOST_IN_SAMPLE:
        return False
    handle = try_lock(git.git_dir / LOCK)
    if handle is None:
        return False
    try:
        _remove_dead(git.git_dir / "objects/pack")
        os.set_inheritable(handle, True)  # noqa: FBT003 - positional by its signature
        git.start("repack", "--geometric=2", "-d", "-l", "--quiet", keep=[handle])
    finally:
        os.close(handle)
    return True


def _loose(folder: Path) -> int:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return 0


def _remove_dead(folder: Path) -> None:
    """Remove unfinished files of a repack that was killed long ago."""
    for path in folder.glob("*tmp*pack*"):
        with suppress(OSError):
            if path.name.startswith((".tmp-", "tmp_")) and time.time() - path.stat().st_mtime > _DEAD_SECONDS:
                path.unlink()
