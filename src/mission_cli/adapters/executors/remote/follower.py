"""Follow the jobs on one host: everything that touches its network happens here, outside pulses.

One process for each host, from the first job to the last. It holds the lock of each job that it follows, as a
supervisor does, and may be killed at any time: the next one continues from the files of the jobs and from what exchange
and host say.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.adapters.executors.remote.asking import Asking
from mission_cli.adapters.executors.remote.followed import mark_ended, open_marks, take, to_clean
from mission_cli.adapters.executors.remote.host_state import (
    hosts_folder,
    note_reached,
    note_unreachable,
    problem_in,
    read_state,
)
from mission_cli.adapters.executors.remote.launcher import UnreachableError
from mission_cli.adapters.fs.locks import is_same_file, try_lock, unlock
from mission_cli.adapters.git.remote.far_refs import NoAnswerError
from mission_cli.adapters.proc.wakeup import Bell
from mission_cli.domain.errors import ToolError
from mission_cli.domain.paths import STOP_FILE
from mission_cli.domain.runs.jobs import Exit
from mission_cli.domain.status import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mission_cli.adapters.executors.remote.exchange.request import Terms
    from mission_cli.adapters.executors.remote.followed import Followed
    from mission_cli.adapters.executors.remote.launcher import Launcher
    from mission_cli.adapters.git.code.collect import Screen
    from mission_cli.domain.hosts.host import Host
    from mission_cli.ports.executor import JobSpec

LOCK = "follower.lock"
_SLICE = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_PAUSE_OF_MANY = 0.1, 1.0, 3.0
_MANY = 20
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
"""Seconds between two tries while the host cannot be reached."""
_GIVE_UP = 20.0
"""After so many seconds, a request of which nothing has left this machine is given back."""
_FRESH = 60.0
"""How old what is known of a host may get while it answers, in seconds."""


class Follower:
    """Follows the jobs of one clone on one host. `lock` is the descriptor of its lock, already held."""

    def __init__(
        self,
        host: Host,
        launcher: Callable[[], Launcher],
        *,
        runtime: Path,
        clone: str,
        terms: Callable[[JobSpec], Terms],
        screen: Screen,
        pulse: Callable[[], None],
        lock: int,
    ) -> None:
        self._folder = hosts_folder(runtime) / host.name
        self._runtime, self._clone, self._lock, self._pulse = runtime, clone, lock, pulse
        self._jobs: dict[str, Followed] = {}
        self._asking = Asking(
            host,
            launcher,
            code=runtime.parent,
            folder=self._folder,
            clone=clone,
            terms=terms,
            screen=screen,
            end=self._end,
        )
        self._host, self._screen = host, screen
        self._bell = Bell()
        self._away_since: float | None = None
        self._noted = 0.0
        self._free: int | None = None

    def run(self) -> None:
        """Follow until no job is left."""
        pause, wait = _FIRST_PAUSE, _FIRST_WAIT
        while not self._bell.terminated and is_same_file(self._folder / LOCK, self._lock):
            self._adopt()
            self._stop_what_never_left()
            if not self._jobs and self._is_over():
                break
            try:
                busy = self._asking.round(self._jobs)
                self._reached()
                wait = _FIRST_WAIT
                longest = _LONGEST_PAUSE if len(self._jobs) < _MANY else _LONGEST_PAUSE_OF_MANY
                pause = _FIRST_PAUSE if busy else min(1.5 * pause, longest)
                self._rest(pause)
            except (UnreachableError, NoAnswerError) as error:
                self._away(str(error))
                self._rest(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
            except ToolError as error:
                self._give_back(error.message)
                self._away(error.message)
                self._rest(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
        self._asking.close()
        for one in self._jobs.values():
            one.release()

    # Which jobs

    def _adopt(self) -> None:
        """Take the jobs that were submitted meanwhile; leave those whose folder was replaced."""
        for key in open_marks(self._folder):
            if key not in self._jobs:
                self._take(key)
        for key, one in list(self._jobs.items()):
            if not one.is_ours():
                del self._jobs[key]
                one.release()

    def _take(self, key: str) -> None:
        one = take(self._runtime / "jobs", self._clone, key)
        if one is None:
            return
        if one.job.read_exit() is not None:
            mark_ended(self._folder, key)
            one.release()
            return
        self._jobs[key] = one

    def _is_over(self) -> bool:
        """Whether there is nothing to do; then the lock is released, and checked again what came meanwhile."""
        if to_clean(self._folder) and self._away_since is None:
            return False
        if open_marks(self._folder):
            return False
        unlock(self._lock)
        if not open_marks(self._folder):
            self._lock = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            return True
        again = try_lock(self._folder / LOCK)
        self._lock = again if again is not None else os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        return again is None

    def _stop_what_never_left(self) -> None:
        for one in list(self._jobs.values()):
            if self._wants_end(one) and self._asking.never_left(one):
                self._end(one, Exit(EndReason.CANCELLED))

    def _wants_end(self, one: Followed) -> bool:
        return one.job.cancel.exists() or (self._runtime / STOP_FILE).exists()

    def _end(self, one: Followed, end: Exit) -> None:
        """Write the exit file of a job, and let a pulse see it."""
        one.job.write_exit(end)
        one.job.forget_environment()
        mark_ended(self._folder, one.key)
        self._jobs.pop(one.key, None)
        one.release()
        self._pulse()

    # What is known of the host

    def _reached(self) -> None:
        now = time.monotonic()
        for one in self._jobs.values():
            one.job.heartbeat.touch()
        before, self._away_since = self._away_since, None
        if before is None and self._noted and now - self._noted < _FRESH and not self._asking.has_started:
            return
        self._noted, self._asking.has_started = now, False
        free = self._asking.free()
        changed = not read_state(self._folder).reachable
        note_reached(self._folder, _now(), free=free)
        if changed:
            self._pulse()

    def _away(self, words: str) -> None:
        words = problem_in(self._screen.rules.scrub(words), self._host.name)
        if self._away_since is None:
            self._away_since = time.monotonic()
        if read_state(self._folder).reachable or read_state(self._folder).problem != words:
            note_unreachable(self._folder, _now(), words)
            self._pulse()
        if time.monotonic() - self._away_since > _GIVE_UP:
            self._give_back(f"it cannot be reached: {words}")

    def _give_back(self, words: str) -> None:
        """End jobs as not started of which nothing has left this machine."""
        words = problem_in(words, self._host.name)
        for one in list(self._jobs.values()):
            if self._asking.never_left(one):
                self._end(one, Exit(EndReason.NOT_STARTED, detail=f"host {self._host.name}: {words}"))

    # Waiting

    def _rest(self, seconds: float) -> None:
        """Wait, but not longer than until a job comes or is to end."""
        ends = time.monotonic() + seconds
        while not self._bell.terminated and (left := ends - time.monotonic()) > 0:
            self._bell.rest(min(_SLICE, left))
            if self._has_news():
                return

    def _has_news(self) -> bool:
        new = (key for key in open_marks(self._folder) if key not in self._jobs)
        if any((self._runtime / "jobs" / key / "spec.json").exists() for key in new):
            return True
        if self._away_since is not None:
            return any(self._wants_end(one) and self._asking.never_left(one) for one in self._jobs.values())
        return any(self._wants_end(one) and not one.progress.cancelled for one in self._jobs.values())


def _now() -> str:
    return stamp(datetime.now(UTC))
