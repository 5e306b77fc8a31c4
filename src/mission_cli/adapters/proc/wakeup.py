"""Waiting without looking again and again: for signals, children that end, descriptors that have something to say."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST = 512


class Bell:
    """Takes the signals of this process from the moment that it is made; there is one in a process."""

    def __init__(self) -> None:
        self._ear, mouth = os.pipe()
        self.terminated = False
        """Whether somebody told this process to end."""
        for end in (self._ear, mouth):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # noqa: ARG005 - it only wakes us

    def rest(self, seconds: float, more: Sequence[int] = ()) -> None:
        """Sleep until a signal comes, a child ends, one of these descriptors can be read, or the time is over."""
        ready, _, _ = select.select([self._ear, *more], [], [], seconds)
        if self._ear in ready:
            with suppress(BlockingIOError):
                os.read(self._ear, _MOST)

    def _note(self, number: int, frame: object) -> None:
        del number, frame
        self.terminated = True


def end_of(pid: int) -> int | None:
    """A descriptor that can be read when the process has ended, where the system has that."""
    opener: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
    if opener is None:
        return None
    try:
        return opener(pid)
    except OSError:
        return None
