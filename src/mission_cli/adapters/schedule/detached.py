"""A schedule without cron: one detached process per machine that starts a pulse whenever one has something to do.

It needs no other program, and lives until the machine is switched off, until nothing is left to do in any repository,
or until a person ends it. It decides nothing: every pulse is a process of its own, as cron would start it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli import __version__
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.locks import is_locked, try_lock, unlock
from mission_cli.adapters.proc.run import outside_of_git, run, start_detached
from mission_cli.adapters.proc.scan import command_of
from mission_cli.domain.errors import ToolError
from mission_cli.fastpath import busy_repositories, known_repositories, may_act_again
from mission_cli.ports.schedule import Detached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOOK_SECONDS = 1.0
_START_SECONDS = 10.0
_PATIENCE_S = 60.0
"""What no file reports is checked as often as cron would; the longest pause after pulses that leave something to do."""
_RENEW_AFTER = 8
"""After so many of them in a row the process replaces itself, because the program may have been upgraded."""


class DetachedPulses:
    """The process that starts pulses; `state` is the program's folder in the user's state folder."""

    def __init__(self, state: Path, *, log: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._state, self._log, self._command = state, log, tuple(command)
        self._environment = outside_of_git(environment)
        self._lock, self._note = state / "detached.lock", state / "detached.json"

    def running(self) -> Detached | None:
        """Return the process, or None if none is running."""
        if not is_locked(self._lock):
            return None
        note = read_json(self._note)
        known = note if isinstance(note, dict) else {}
        pid, since = known.get("pid"), known.get("since")
        if not isinstance(pid, int) or not isinstance(since, int | float) or not self._is_ours(pid):
            return None  # it is just starting; a note of one that was killed may still be there
        return Detached(pid, datetime.fromtimestamp(since, UTC))

    def start(self) -> Detached:
        """Start the process, unless it is running. Raises ToolError if it does not come up."""
        self._state.mkdir(parents=True, exist_ok=True)
        ends = time.monotonic() + _START_SECONDS
        if not is_locked(self._lock):
            start_detached(self._command, cwd=self._environment.get("HOME", "/"), env=self._environment, log=self._log)
        while (found := self.running()) is None:
            if time.monotonic() > ends:
                raise ToolError("the detached run did not start", hint=f"its output: {self._log}")
            time.sleep(0.02)  # polled: a detached process sends no notification
        return found

    def end(self) -> bool:
        """End the process; return whether one was running. Pulses and workers that are running go on."""
        found = self.running()
        if found is None:
            return False
        try:
            os.kill(found.pid, signal.SIGTERM)
        except ProcessLookupError:
            return False
        ends = time.monotonic() + _START_SECONDS
        while self.running() == found and time.monotonic() < ends:
            time.sleep(0.02)  # polled, as above; it ends after the pulse that it has just started
        return True

    def keep(self, pulse: Sequence[str]) -> None:
        """Be that process: start pulses until nothing is left to do. Returns at once if another one is running."""
        handle = try_lock(self._lock)
        if handle is None:
            return
        done = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: done.set())
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        write_json(self._note, {"pid": os.getpid(), "since": time.time()})
        try:
            renew = self._keep(pulse, done)
        finally:
            self._note.unlink(missing_ok=True)
            unlock(handle)
        if renew:
            os.execv(self._command[0], self._command)  # noqa: S606 - this program again, no shell

    def _is_ours(self, pid: int) -> bool:
        """Whether a process is a detached run; without a `/proc`, whether it exists."""
        words = command_of(pid)
        if words:
            return words[-1] == self._command[-1]
        with suppress(OSError):
            os.kill(pid, 0)
            return not Path("/proc/self").exists()
        return False

    def _keep(self, pulse: Sequence[str], done: threading.Event) -> bool:
        """Start pulses; return whether this process should start anew, because the program may have been upgraded."""
        state, failures = os.fspath(self._state), 0
        while not done.is_set():
            if not busy_repositories(state, __version__, patience=_PATIENCE_S):
                failures = 0
                if not any(map(may_act_again, known_repositories(state))):
                    return False
            elif not self._pulse(pulse):
                failures += 1
            done.wait(min(_LOOK_SECONDS * 2**failures, _PATIENCE_S))
            if failures == _RENEW_AFTER:
                return not done.is_set()
        return False

    def _pulse(self, pulse: Sequence[str]) -> bool:
        """Run a pulse as cron does, with its output in the log; return whether it left nothing to do at once."""
        try:
            result = run(pulse, cwd=self._environment.get("HOME", "/"), env=self._environment, timeout=None)
        except ToolError as error:
            sys.stderr.write(f"{error.message}\n")
            return False
        if result.out or result.err:
            with self._log.open("ab") as log:
                log.write(result.out + result.err)
        return result.code == 0 and not busy_repositories(os.fspath(self._state), __version__, patience=_PATIENCE_S)
