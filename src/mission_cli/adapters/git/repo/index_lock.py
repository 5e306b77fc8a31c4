"""The lock of an index, taken as git takes it, so that no git writes the index; own stale locks are recognized."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli._support.text import command_line
from mission_cli.adapters.fs.atomic import write_new
from mission_cli.domain.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.02


@contextmanager
def index_lock(git_dir: Path, token: Path) -> Iterator[None]:
    """Hold `index.lock` as a hard link to the file `token`; a lock that a dead process left with this token is reused.

    Raises BusyError if another git holds the lock.
    """
    lock = git_dir / "index.lock"
    taken = is_own_lock(git_dir, token)
    if not taken:
        token.unlink(missing_ok=True)
        write_new(token, b"")
    ends = time.monotonic() + _PATIENCE_SECONDS
    try:
        while not taken and not _link(token, lock):
            if time.monotonic() > ends:
                hint = f"if no git is running there: {command_line('rm', os.fspath(lock))}"
                raise BusyError("the index of the mission files is locked", hint=hint)
            time.sleep(_LOOK_SECONDS)  # git holds the lock for milliseconds and does not signal its release
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
    finally:
        token.unlink(missing_ok=True)


def is_own_lock(git_dir: Path, token: Path) -> bool:
    """Whether the index is locked by a process of this program with this token."""
    lock = git_dir / "index.lock"
    return token.exists() and lock.exists() and token.samefile(lock)


def free_own_lock(git_dir: Path, token: Path) -> None:
    """Remove the lock that a dead process of this program left, and no other."""
    if is_own_lock(git_dir, token):
        (git_dir / "index.lock").unlink()
    token.unlink(missing_ok=True)


def index_look(git_dir: Path) -> tuple[int, ...]:
    """Return a value that changes whenever the index is written, so that the lock is needed only for moving the ref."""
    try:
        facts = (git_dir / "index").stat()
    except FileNotFoundError:
        return ()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _link(token: Path, lock: Path) -> bool:
    try:
        os.link(token, lock)
    except FileExistsError:
        return False
    return True
