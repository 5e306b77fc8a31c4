"""The output of a running child: into the log, and line by line to its reader.

Nothing here waits, and no look takes long: a child may print without end, without a pause and without a newline. What
comes faster than it can be scrubbed is left out of the log, which says so; its reader gets every line.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

    from mission_cli.adapters.executors.jobs.log import Log
    from mission_cli.adapters.secrets.screen import Scrubber

_COLOURS = pattern(r"\x1b\[[0-9;?]*[A-Za-z]")
_CHUNK = 65536
_LOOK_SECONDS = 0.02
"""For so long a pipe is read before the limits are looked at."""
_LAST_LOOKS = 16
_LONGEST_LINE = 1_000_000
_LONGEST_LOGGED = 32_000
_SHARE, _BURST = 0.25, 0.25
"""Of all time this share goes into scrubbing and logging, and so many seconds at once: then output is held back."""
_HELD = 65_536
"""Bytes of what was held back that are kept: the last."""
_KEY = b"PRIVATE KEY"
_MARK = 64
"""Bytes that the mark of a private key takes at most."""
_TRANSCRIPT_LINES = 200
_TRANSCRIPT_LINE = 400


class _Lines:
    """Cuts a stream into lines; of a very long one the beginning is kept."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._cut = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, int]]:
        """Each line that is complete now, and how many bytes of it are missing."""
        first, *more = chunk.split(b"\n")
        self._append(first)
        for piece in more:
            yield bytes(self._rest), self._cut
            self._rest, self._cut = bytearray(), 0
            self._append(piece)

    def end(self) -> Iterator[tuple[bytes, int]]:
        """The line that was never completed, if there is one."""
        if self._rest:
            yield from self.feed(b"\n")

    def _append(self, piece: bytes) -> None:
        kept = piece[: _LONGEST_LINE - len(self._rest)]
        self._rest += kept
        self._cut += len(piece) - len(kept)


class _Pipe:
    """One pipe of the child. `whole` are the lines of a reader from which none may be kept."""

    def __init__(self, whole: _Lines | None = None) -> None:
        self.whole, self.lines = whole, _Lines()
        self.held = bytearray()
        self.left_out = 0


class Output:
    """Two pipes of a child. Leftovers of the child may hold a pipe open for ever."""

    def __init__(
        self,
        child: Popen[bytes],
        log: Log,
        scrubber: Scrubber,
        *,
        describe: Callable[[str], str] | None = None,
        reads_all: bool = False,
    ) -> None:
        """`describe` tells a line to people; with `reads_all` no line of standard output is kept from its reader."""
        assert child.stdout is not None  # noqa: S101 - it was started with pipes
        assert child.stderr is not None  # noqa: S101 - see above
        self._out, self._child = child.stdout.fileno(), child
        self._pipes = {self._out: _Pipe(_Lines() if reads_all else None), child.stderr.fileno(): _Pipe()}
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
        self._log, self._scrubber, self._describe = log, scrubber, describe
        self._told: deque[str] = deque(maxlen=_TRANSCRIPT_LINES)
        self._allowed, self._since = _BURST, time.monotonic()
        self.lines: list[str] = []
        """Complete lines of standard output since they were taken last, as they were printed."""
        self.notes: list[str] = []
        """The same of standard error."""

    @property
    def open_pipes(self) -> list[int]:
        """Descriptors that may still have something to say."""
        return list(self._pipes)

    def read(self) -> bool:
        """Take what is there, up to a limit; True when there was something."""
        now = time.monotonic()
        self._allowed = min(_BURST, self._allowed + (now - self._since) * _SHARE)
        self._since = now
        found = False
        for number, pipe in list(self._pipes.items()):
            if pipe.held and self._allowed >= _BURST:
                self._release(number, pipe)
                found = True
            until = time.monotonic() + _LOOK_SECONDS
            while chunk := self._chunk(number):
                found = True
                self._take(number, pipe, chunk)
                if time.monotonic() >= until:
                    break
        self._log.flush()
        return found

    def sync(self) -> None:
        """What is in the log outlives a power cut."""
        self._log.sync()

    def drain(self) -> None:
        """Take the rest, an unfinished last line included."""
        for _ in range(_LAST_LOOKS):
            if not self.read():
                break
        for number, pipe in list(self._pipes.items()):
            self._finish(number, pipe)
        self._pipes = {}

    def close(self) -> None:
        """Nothing comes any more."""
        self._log.close()
        for stream in (self._child.stdout, self._child.stderr):
            if stream is not None:
                stream.close()

    def transcript(self) -> str:
        """The end of what it said and did, as people read it."""
        return "\n".join(self._told)

    def _chunk(self, number: int) -> bytes:
        try:
            chunk = os.read(number, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            chunk = b""
        if not chunk:
            self._finish(number, self._pipes.pop(number))
        return chunk

    def _finish(self, number: int, pipe: _Pipe) -> None:
        """The pipe is at its end: what was held back is the last that there is."""
        self._release(number, pipe)
        self.lines += [_text(raw) for raw, _ in pipe.whole.end()] if pipe.whole else []
        self._tell(number, pipe, [*pipe.lines.end()])

    def _take(self, number: int, pipe: _Pipe, chunk: bytes) -> None:
        self.lines += [_text(raw) for raw, _ in pipe.whole.feed(chunk)] if pipe.whole else []
        if not pipe.held and self._allowed > 0:
            self._print(number, pipe, chunk)
            return
        pipe.held += chunk
        extra = len(pipe.held) - _HELD
        if extra > 0:
            if _KEY in pipe.held[: extra + _MARK]:
                self._scrubber.skip(pipe.held[: extra + _MARK].decode("utf-8", "replace"))
            del pipe.held[:extra]
            pipe.left_out += extra

    def _release(self, number: int, pipe: _Pipe) -> None:
        """Let go on what was held back."""
        held, pipe.held = bytes(pipe.held), bytearray()
        if pipe.left_out:
            self._tell(number, pipe, [*pipe.lines.end()])
            self._log.leave_out(pipe.left_out)
            pipe.left_out = 0
        self._print(number, pipe, held)

    def _print(self, number: int, pipe: _Pipe, chunk: bytes) -> None:
        began = time.monotonic()
        self._tell(number, pipe, [*pipe.lines.feed(chunk)])
        self._allowed -= time.monotonic() - began

    def _tell(self, number: int, pipe: _Pipe, found: list[tuple[bytes, int]]) -> None:
        """Hand complete lines on: all at once, for a flood has many short ones."""
        if not found:
            return
        texts = [_text(raw) for raw, _ in found]
        if pipe.whole is None:
            (self.lines if number == self._out else self.notes).extend(texts)
        kept = self._scrubber.lines([_shortened(text, cut) for text, (_, cut) in zip(texts, found, strict=True)])
        self._log.write("\n".join(kept).encode("utf-8", "replace"))
        if self._describe is not None and number == self._out:
            told = [self._describe(text)[:_LONGEST_LOGGED] for text in texts[-_TRANSCRIPT_LINES:]]
            kept = self._scrubber.text("\n".join(told)).splitlines()
        self._told.extend(line[:_TRANSCRIPT_LINE] for line in kept[-_TRANSCRIPT_LINES:] if line.strip())


def _text(raw: bytes) -> str:
    return _COLOURS.sub("", raw.decode("utf-8", "replace").rstrip("\r"))


def _shortened(text: str, cut: int) -> str:
    """A line as the log keeps it: of a very long one its beginning, and how much is missing."""
    if len(text) <= _LONGEST_LOGGED and not cut:
        return text
    missing = max(0, len(text) - _LONGEST_LOGGED) + cut
    return f"{text[:_LONGEST_LOGGED]} [{missing} characters of this line are left out]"
