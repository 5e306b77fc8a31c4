"""The server of one check: start it in its tree, wait until it listens, and stop it with all its descendants."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.adapters.checks.outcome import missing_tool
from mission_cli.adapters.checks.shell import shell_argv
from mission_cli.adapters.judges.findings import cannot, failed, quoted_log
from mission_cli.adapters.judges.ports import listeners, sockets_of
from mission_cli.adapters.proc import control, scan
from mission_cli.adapters.proc.run import start_child

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

    from mission_cli.adapters.judges.findings import Judged

_KEPT_LINES, _LONGEST_LINE = 20, 2000
_GRACE = 3.0
_PAUSE = 0.03


class Server:
    """A server that a shell command starts. All its descendants end with it, even outside its process group."""

    def __init__(self, command: str, *, shell: str, cwd: str, port: int, env: Mapping[str, str]) -> None:
        self._command, self._port = command, port
        self._log: deque[str] = deque(maxlen=_KEPT_LINES)
        if listeners(port):
            raise cannot(f"another program listens on port {port} already: ask http://localhost:$MISSION_PORT instead")
        control.become_subreaper(on=True)
        self._child = start_child(
            shell_argv(shell, command, cwd),
            cwd=Path.cwd(),
            env=env,
            stdin=Path(os.devnull),
            before_exec=control.die_with_parent(),
            merged=True,
        )
        if self._child.stdout is not None:
            threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Return when the server listens. Raises Judged if it ends or takes too long, or if another program listens."""
        until = time.monotonic() + seconds
        while not self._listens():
            self.refuse_ended("before it was ready")
            if time.monotonic() > until:
                words = f"`{self._command}` did not listen on port {self._port} within {seconds:g} s"
                raise failed(f"the server was never ready: {words}")
            time.sleep(_PAUSE)  # poll until the time above

    def refuse_ended(self, when: str) -> None:
        """Raise Judged if the server has ended."""
        code = self._child.poll()
        if code is None or (code == 0 and scan.descendants(os.getpid())):
            return
        time.sleep(_PAUSE)  # let the reader get the last lines of its output
        words = f"the server `{self._command}` ended with {code} {when}"
        if missing_tool(self._command, code, "\n".join(self._log)):
            raise cannot(words)
        raise failed(words)

    @property
    def log(self) -> str:
        """The last lines of its output, for a message."""
        lines = list(self._log)
        return f"the last lines of `{self._command}`:\n{quoted_log(lines)}" if lines else ""

    def stop(self) -> str:
        """Stop the server and all its descendants; return a message if SIGTERM did not end all of them."""
        control.end_group(self._child.pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        while self._child.poll() is None and time.monotonic() < until:
            time.sleep(_PAUSE)  # poll until the time above
        stubborn = self._child.poll() is None
        control.end_group(self._child.pid, signal.SIGKILL)
        time.sleep(_PAUSE)  # give the kernel a moment to report the dead
        left = control.end_all(lambda: scan.descendants(os.getpid()), grace=1.0)
        control.become_subreaper(on=False)
        if stubborn:
            return "the server ignored SIGTERM and was killed"
        return f"stopped after the server had ended: {counted(left, 'process', 'processes')}" if left else ""

    def _listens(self) -> bool:
        if sys.platform != "linux":  # the program that listens cannot be identified
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self._port)) == 0
        found = listeners(self._port)
        if not found:
            return False
        for _ in range(2):  # a socket may open between the two reads
            if found <= sockets_of(scan.descendants(os.getpid())):
                return True
        raise self._not_ours()

    def _not_ours(self) -> Judged:
        return cannot(f"a program that `{self._command}` did not start listens on port {self._port}")

    def _read(self, source: IO[bytes]) -> None:
        for line in iter(lambda: source.readline(_LONGEST_LINE), b""):
            self._log.append(line.decode("utf-8", "replace").rstrip())
