"""File locks that the kernel releases when their holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli.domain.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIRST_POLL_SECONDS, _POLL_SECONDS = 0.001, 0.02


def try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock, or None if it is taken. Children do not inherit it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    """Whether the lock is held now."""
    try:
        handle = _open_lock(path)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _open_lock(path: Path) -> int:
    """Open for writing, which locks on network file systems need; on a read-only disk, open for reading."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def share_lock(path: Path) -> int:
    """Return a descriptor that holds the lock together with others; wait while one process holds it alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def is_same_file(path: Path, handle: int) -> bool:
    """Whether the descriptor belongs to the file that is at this path now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def wait_for(path: Path) -> None:
    """Return when the lock is free; at once if there is no such file."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)


def unlock(handle: int) -> None:
    """Release the lock."""
    os.close(handle)


@contextmanager
def locked(path: Path, *, patience: float = 30.0) -> Iterator[None]:
    """Hold the lock; wait for it up to `patience` seconds. Raises BusyError."""
    ends, pause = time.monotonic() + patience, _FIRST_POLL_SECONDS
    while (handle := try_lock(path)) is None:
        if time.monotonic() > ends:
            raise BusyError(f"{path.name} is locked by another mission process", hint="try again in a moment")
        time.sleep(pause)  # flock has no timeout, and a signal would affect the whole process
        pause = min(2 * pause, _POLL_SECONDS)
    try:
        yield
    finally:
        unlock(handle)
