"""Wait without polling: for signals, ended children and readable descriptors."""

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
    """Receives the signals of this process from its creation on; create one per process."""

    def __init__(self) -> None:
        self._ear, mouth = os.pipe()
        self.terminated = False
        """Whether this process was told to end."""
        for end in (self._ear, mouth):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # noqa: ARG005 - it only interrupts the wait

    def rest(self, seconds: float, more: Sequence[int] = ()) -> None:
        """Sleep until a signal arrives, a child ends, one of the descriptors becomes readable, or the time is over."""
        ready, _, _ = select.select([self._ear, *more], [], [], seconds)
        if self._ear in ready:
            with suppress(BlockingIOError):
                os.read(self._ear, _MOST)

    def _note(self, number: int, frame: object) -> None:
        del number, frame
        self.terminated = True


def end_of(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends; None if the system has no such thing."""
    opener: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
    if opener is None:
        return None
    try:
        return opener(pid)
    except OSError:
        return None
