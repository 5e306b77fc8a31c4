"""The log of one job: the first and the last part of its output, and a note about what was left out between them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD = 8_000_000
_TAIL = 4_000_000
"""Bytes that are kept at least after the head; at twice as many the older half is dropped."""


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a log; none if there is no log."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace", newline="\n") as source:
            yield from (line.rstrip("\n") for line in source)


class Log:
    """Appends to a file that never grows beyond its head and twice its tail."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("ab+")
        self._size = self._out.seek(0, os.SEEK_END)
        self._left_out = 0
        sync_folder(path.parent)

    def write(self, line: bytes) -> None:
        """Append a line, without its end."""
        self._out.write(line + b"\n")
        self._size += len(line) + 1
        if self._size > _HEAD + 2 * _TAIL:
            self._shorten()

    def leave_out(self, size: int) -> None:
        """Write a note that so many bytes of the output are missing here."""
        self.write(b"[%d bytes were left out: they were printed faster than they can be logged]" % size)

    def flush(self) -> None:
        """Make what was written visible to readers."""
        self._out.flush()

    def sync(self) -> None:
        """Sync the log to disk."""
        os.fsync(self._out.fileno())

    def close(self) -> None:
        """Write the rest, and close the file."""
        self._out.close()

    def _shorten(self) -> None:
        """Remove the older half of the tail; if the process dies here, the log is just shorter."""
        self._out.flush()
        handle = self._out.fileno()
        kept = os.pread(handle, _TAIL, self._size - _TAIL).partition(b"\n")[2]
        self._left_out += self._size - _HEAD - len(kept)
        os.ftruncate(handle, _HEAD)
        words = b"\n[%d bytes were left out here: the log is at its limit]\n" % self._left_out
        self._out.write(words + kept)
        self._out.flush()
        self._size = _HEAD + len(words) + len(kept)
        self._left_out -= len(words)
