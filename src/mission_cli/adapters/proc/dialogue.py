"""A program that keeps running and answers several requests: one process instead of one for each answer."""

from __future__ import annotations

import os
import select
import subprocess
import weakref
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_CHUNK = 1 << 16


class Dialogue:
    """One such process. It ends with this object or this process, because its standard input is closed."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str],
        patience: float = 300,
        log: Path | None = None,
        keep: Sequence[int] = (),
        before_exec: Callable[[], None] | None = None,
    ) -> None:
        """Start the program. Raises ToolError if it is missing; all calls do if it ends or does not answer in time.

        Its error output is appended to `log`, or is the message of an error. `keep` are file descriptors that it
        inherits under the same numbers.
        """
        self._name, self._patience = argv[0], patience
        try:
            with log.open("ab") if log is not None else nullcontext(subprocess.PIPE) as errors:
                process = subprocess.Popen(  # noqa: S603 - the door: argv is a list, no shell
                    list(argv),
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    pass_fds=tuple(keep),
                    preexec_fn=before_exec,  # noqa: PLW1509 - only a supervisor names one, and it has one thread
                    bufsize=0,
                )
        except OSError as error:
            raise ToolError(f"`{argv[0]}` cannot be started: {error.strerror}") from error
        self._process, self._rest = process, b""
        self.close = weakref.finalize(self, _end, process)

    def say(self, words: bytes) -> None:
        """Send a request; the program must read all of it before it answers."""
        pipe, left = self._process.stdin, memoryview(words)
        try:
            while pipe is not None and left:
                left = left[pipe.write(left) or 0 :]
        except OSError:
            self._fail()

    def line(self) -> bytes:
        """Return the next line of the answer, without its line end."""
        while b"\n" not in self._rest:
            self._rest += self._more()
        found, _, self._rest = self._rest.partition(b"\n")
        return found

    def exactly(self, size: int) -> bytes:
        """Return exactly `size` bytes of the answer."""
        parts, have = [self._rest], len(self._rest)
        while have < size:
            parts.append(self._more())
            have += len(parts[-1])
        found = b"".join(parts)
        self._rest = found[size:]
        return found[:size]

    def kill(self) -> None:
        """End the program at once."""
        self._process.kill()
        self.close()

    def _more(self) -> bytes:
        out = self._process.stdout
        if out is None or not select.select([out], [], [], self._patience)[0]:
            raise ToolError(f"`{self._name}` did not answer within {self._patience:.0f} s")
        found = os.read(out.fileno(), _CHUNK)
        if not found:
            self._fail()
        return found

    def _fail(self) -> None:
        words = self._process.stderr.read() if self._process.stderr is not None else b""
        raise ToolError(words.decode("utf-8", "replace").strip() or f"`{self._name}` ended without an answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the program's input, which ends it, and wait for its end."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()
