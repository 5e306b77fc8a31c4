"""The log of one job: the first and the last part of its output, and a note about what was left out between them."""

from __future__ import annotations

import codecs
import os
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD = 8_000_000
_TAIL = 4_000_000
"""Bytes that are kept at least after the head; at twice as many the older half is dropped."""
_GAP = b"\n[%d bytes were left out here: the log is at its limit]\n"
_GAP_READ = pattern(rb"\n\[(\d{1,18}) bytes were left out here: the log is at its limit\]\n")
_LONGEST_GAP = 100
_PART = 1 << 18
_TRIES = 3


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a log; none if there is no log."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace", newline="\n") as source:
            yield from (line.rstrip("\n") for line in source)


def read_part(path: Path, offset: int) -> tuple[str, int]:
    """Return a part of a log that may be written meanwhile, and the offset where the next part begins.

    Offsets count what was printed, also what the log has dropped since: one that lies in there gets the note about it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return "", offset
    try:
        gap, part = _gap(handle), ("", offset)
        for _ in range(_TRIES):  # again if the log was shortened between the two looks
            before, part = gap, _part(handle, max(0, offset), *gap)
            gap = _gap(handle)
            if gap == before:
                break
        return part
    finally:
        os.close(handle)


def _gap(handle: int) -> tuple[int, int]:
    """Return how many bytes were dropped behind the head, and the length of the note about it; zeros: none were."""
    found = _GAP_READ.match(os.pread(handle, _LONGEST_GAP, _HEAD))
    return (int(found[1]), len(found[0])) if found else (0, 0)


def _part(handle: int, offset: int, dropped: int, note: int) -> tuple[str, int]:
    """Return a part and the offset behind it; a character that is not whole yet belongs to the next part."""
    place = min(offset, _HEAD) if offset < _HEAD + dropped else offset - dropped + note
    in_head = bool(note) and place < _HEAD
    raw = os.pread(handle, min(_HEAD - place, _PART) if in_head else _PART, place)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(raw, in_head and place + len(raw) == _HEAD)
    end = place + len(raw) - len(decoder.getstate()[0])
    return text, end if end <= _HEAD else end - note + dropped


class Log:
    """Appends to a file that never grows beyond its head and twice its tail."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("ab+")
        self._size = self._out.seek(0, os.SEEK_END)
        dropped, note = _gap(self._out.fileno())
        self._left_out = dropped - note
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
        words = _GAP % self._left_out
        self._out.write(words + kept)
        self._out.flush()
        self._size = _HEAD + len(words) + len(kept)
        self._left_out -= len(words)
