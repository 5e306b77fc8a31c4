"""Signals, and the two prctl calls that a supervisor needs."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper(*, on: bool) -> None:
    """Adopt orphaned descendants, or stop doing so. Does nothing outside Linux."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(on))


def close_memory() -> None:
    """Keep processes of the same user from reading or changing the memory of this one. Does nothing outside Linux."""
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent() -> Callable[[], None]:
    """Return a function for a child to call before exec: it dies with its parent. Does nothing outside Linux."""
    library = _library()
    parent = os.getpid()

    def prepare() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(125)

    return prepare


def reap() -> None:
    """Collect every child that has ended."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return


def end_all(find: Callable[[], Iterable[int]], *, grace: float, patience: float = 0.0) -> int:
    """Terminate, then kill, the processes that `find` returns until it returns none; return how many there were.

    Those that end by themselves within `patience` seconds do not count, such as the first process of a sandbox.
    """
    until = time.monotonic() + patience
    while time.monotonic() < until:
        reap()
        if not list(find()):
            return 0
        time.sleep(0.02)  # poll: they are not child processes, so wait does not work
    seen: set[int] = set()
    terminated_at = time.monotonic()
    while True:
        reap()
        alive = list(find())
        if not alive:
            return len(seen)
        late = time.monotonic() - terminated_at > grace
        for pid in alive:
            if late or pid not in seen:
                tell(pid, signal.SIGKILL if late else signal.SIGTERM)
        seen.update(alive)
        time.sleep(0.02)  # poll: they are not child processes, so wait does not work


def end_group(pid: int, sig: int) -> None:
    """Send a signal to a process group; do nothing if it is gone."""
    try:
        os.killpg(pid, sig)
    except (ProcessLookupError, PermissionError):
        return


def tell(pid: int, sig: int) -> None:
    """Send a signal to a process; do nothing if it is gone or belongs to another user."""
    try:
        os.kill(pid, sig)
    except (ProcessLookupError, PermissionError):
        return


def _library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _prctl(option: int, value: int) -> None:
    library = _library()
    if library is not None:
        library.prctl(option, value, 0, 0, 0)
