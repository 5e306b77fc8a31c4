"""The output of a running child: into the log, and line by line to its reader."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import sync_folder
from mission_cli.domain.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

_COLOURS = pattern(r"\x1b\[[0-9;?]*[A-Za-z]")
_CHUNK = 65536
_LONGEST_LINE = 8_000_000
_LARGEST_LOG = 64_000_000
_TRANSCRIPT_LINES = 200
_TRANSCRIPT_LINE = 400


class Output:
    """Two pipes of a child. Nothing here waits: leftovers of the child may hold a pipe open for ever."""

    def __init__(
        self, child: Popen[bytes], log: Path, describe: Callable[[str], str] | None, scrub: Callable[[str], str]
    ) -> None:
        assert child.stdout is not None  # noqa: S101 - it was started with pipes
        assert child.stderr is not None  # noqa: S101 - see above
        self._pipes = {child.stdout.fileno(): b"", child.stderr.fileno(): b""}
        self._out, self._child = child.stdout.fileno(), child
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
        self._log = log.open("ab")
        sync_folder(log.parent)
        self._scrub = scrub
        self._describe = describe
        self._told: deque[str] = deque(maxlen=_TRANSCRIPT_LINES)
        self.lines: list[str] = []
        """Complete lines of standard output since they were taken last."""
        self.notes: list[str] = []
        """The same of standard error."""

    @property
    def open_pipes(self) -> list[int]:
        """Descriptors that may still have something to say."""
        return list(self._pipes)

    def read(self) -> bool:
        """Take what is there; True when there was something."""
        found = False
        for pipe in list(self._pipes):
            while (chunk := self._chunk(pipe)) is not None:
                found = True
                self._split(pipe, chunk)
        self._log.flush()
        return found

    def sync(self) -> None:
        """What is in the log outlives a power cut."""
        os.fsync(self._log.fileno())

    def close(self) -> None:
        """Take the rest, an unfinished last line included."""
        self.read()
        for pipe, rest in list(self._pipes.items()):
            if rest:
                self._line(pipe, rest)
        self._log.close()
        for stream in (self._child.stdout, self._child.stderr):
            if stream is not None:
                stream.close()
        self._pipes = {}

    def transcript(self) -> str:
        """The end of what it said and did, as people read it."""
        return "\n".join(self._told)

    def _chunk(self, pipe: int) -> bytes | None:
        try:
            chunk = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            chunk = b""
        if not chunk:
            rest = self._pipes.pop(pipe, b"")
            if rest:
                self._line(pipe, rest)
            return None
        return chunk

    def _keep(self, line: bytes) -> None:
        size = self._log.tell()
        if size < _LARGEST_LOG:
            self._log.write(line)
            if size + len(line) >= _LARGEST_LOG:
                self._log.write(b"\n[the log is cut here]\n")

    def _split(self, pipe: int, chunk: bytes) -> None:
        *whole, rest = (self._pipes[pipe] + chunk).split(b"\n")
        for line in whole:
            self._line(pipe, line)
        self._pipes[pipe] = rest if len(rest) < _LONGEST_LINE else b""

    def _line(self, pipe: int, raw: bytes) -> None:
        text = self._scrub(_COLOURS.sub("", raw.decode("utf-8", "replace").rstrip("\r")))
        self._keep(text.encode() + b"\n")
        (self.lines if pipe == self._out else self.notes).append(text)
        told = self._describe(text) if self._describe is not None and pipe == self._out else text
        self._told.extend(line[:_TRANSCRIPT_LINE] for line in told.splitlines() if line.strip())
