"""Pass the output of a running child to its log, and line by line to its reader.

No call waits or takes long: a child may print without end, without a pause and without a newline. Output that comes
faster than it can be scrubbed is left out of the log, with a note; its reader gets every line.
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
"""How long a pipe is read before the limits are checked."""
_LAST_LOOKS = 16
_LONGEST_LINE = 1_000_000
_LONGEST_EVENT = 16_000_000
"""An agent's last event may contain its whole answer, and its cost behind that."""
_LONGEST_LOGGED = 32_000
_SHARE, _BURST = 0.25, 0.25
"""The share of time that scrubbing and logging may take, and the seconds at a stretch; more output is held back."""
_HELD = 65_536
"""How many bytes of held-back output are kept: the last ones."""
_KEY = b"PRIVATE KEY"
_MARK = 64
"""The most bytes in the header line of a private key."""
_TRANSCRIPT_LINES = 200
_TRANSCRIPT_LINE = 400


class _Lines:
    """Cuts a stream into lines; of a very long line the beginning is kept."""

    def __init__(self, longest: int = _LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._cut = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield each line that is now complete, with the number of bytes that it lacks."""
        first, *more = chunk.split(b"\n")
        self._append(first)
        for piece in more:
            yield bytes(self._rest), self._cut
            self._rest, self._cut = bytearray(), 0
            self._append(piece)

    def end(self) -> Iterator[tuple[bytes, int]]:
        """Yield the last line if it has no line end."""
        if self._rest:
            yield from self.feed(b"\n")

    def _append(self, piece: bytes) -> None:
        kept = piece[: self._longest - len(self._rest)]
        self._rest += kept
        self._cut += len(piece) - len(kept)


class _Pipe:
    """One pipe of the child. `whole` collects the lines for a reader that must get all of them."""

    def __init__(self, whole: _Lines | None = None) -> None:
        self.whole, self.lines = whole, _Lines()
        self.held = bytearray()
        self.left_out = 0


class Output:
    """The two output pipes of a child. Processes that the child left behind may hold a pipe open forever."""

    def __init__(
        self,
        child: Popen[bytes],
        log: Log,
        scrubber: Scrubber,
        *,
        describe: Callable[[str], str] | None = None,
        reads_all: bool = False,
    ) -> None:
        """`describe` renders a line for people. With `reads_all`, the reader gets every line of standard output."""
        assert child.stdout is not None  # noqa: S101 - it was started with pipes
        assert child.stderr is not None  # noqa: S101 - see above
        self._out, self._child = child.stdout.fileno(), child
        self._pipes = {self._out: _Pipe(_Lines(_LONGEST_EVENT) if reads_all else None), child.stderr.fileno(): _Pipe()}
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
        self._log, self._scrubber, self._describe = log, scrubber, describe
        self._told: deque[str] = deque(maxlen=_TRANSCRIPT_LINES)
        self._allowed, self._since = _BURST, time.monotonic()
        self.lines: list[str] = []
        """Complete lines of standard output since the last `take`, as they were printed."""
        self.notes: list[str] = []
        """Complete lines of standard error since then."""

    @property
    def open_pipes(self) -> list[int]:
        """File descriptors that may still deliver output."""
        return list(self._pipes)

    def read(self) -> bool:
        """Read what is available, up to a limit; True if there was something."""
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
        """Sync the log to disk."""
        self._log.sync()

    def drain(self) -> None:
        """Read the rest, including an unfinished last line."""
        for _ in range(_LAST_LOOKS):
            if not self.read():
                break
        for number, pipe in list(self._pipes.items()):
            self._finish(number, pipe)
        self._pipes = {}

    def close(self) -> None:
        """Close the log and the pipes."""
        self._log.close()
        for stream in (self._child.stdout, self._child.stderr):
            if stream is not None:
                stream.close()

    def transcript(self) -> str:
        """Return the end of the output as people read it."""
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
        """Handle the end of a pipe: release what was held back."""
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
        """Log what was held back."""
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
        """Pass complete lines on, all at once: a flood consists of many short lines."""
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
    """Return a line as it is logged: a very long one is cut, with a note about how much is missing."""
    if len(text) <= _LONGEST_LOGGED and not cut:
        return text
    missing = max(0, len(text) - _LONGEST_LOGGED) + cut
    return f"{text[:_LONGEST_LOGGED]} [{missing} characters of this line are left out]"
