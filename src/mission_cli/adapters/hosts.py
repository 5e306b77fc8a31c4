"""The hosts that the settings name: what is known of them from files, and how one is tested."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, stamp
from mission_cli.adapters.executors.hosts import LAUNCHERS
from mission_cli.adapters.executors.remote.host_state import (
    hosts_folder,
    is_drained,
    is_used,
    note_reached,
    note_tested,
    note_unreachable,
    placed_jobs,
    problem_in,
    read_state,
    set_drained,
)
from mission_cli.adapters.executors.remote.launcher import UnreachableError
from mission_cli.adapters.fs.atomic import make_folder
from mission_cli.adapters.fs.locks import is_locked, try_lock
from mission_cli.adapters.proc.run import start_detached
from mission_cli.adapters.user import own_environment
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import clone_id
from mission_cli.domain.hosts.cleaning import Cleaned, Cleaning
from mission_cli.domain.hosts.host import NAME
from mission_cli.domain.hosts.look import HostLook
from mission_cli.domain.notice import do
from mission_cli.ports.outside.hosts import HostFinding, no_such_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from mission_cli.domain.hosts.host import Host


_PROBE = "mission-probe"
"""An id that no job has: a host that says so can be reached."""


class LocalHosts:
    """The hosts as files of the runtime folder describe them.

    `runners`: the program of each that the settings name. `tester`: the command that tests a host, without its name.
    `me`: returns the id of this machine and clone.
    """

    def __init__(
        self,
        hosts: Mapping[str, Host],
        runtime: Path,
        *,
        environment: Mapping[str, str],
        runners: Mapping[str, str],
        now: Callable[[], datetime],
        tester: Sequence[str] = (),
        me: Callable[[], str] = str,
    ) -> None:
        self._hosts, self._runtime, self._environment = hosts, runtime, environment
        self._runners, self._now, self._tester, self._me = runners, now, tester, me

    def looks(self) -> Sequence[HostLook]:
        """Return every host, with the jobs that are there."""
        if not self._hosts:
            return ()
        placed = placed_jobs(self._runtime / "jobs")
        return [self._look(host, placed.get(name, ())) for name, host in self._hosts.items()]

    def _look(self, host: Host, jobs: Sequence[str]) -> HostLook:
        folder = self._folder(host.name)
        state = read_state(folder)
        return HostLook(
            name=host.name,
            kind=host.kind,
            where=host.address,
            labels=host.labels,
            runners=host.runners,
            workers=host.workers,
            jobs=tuple(jobs),
            free=state.free,
            problem="" if state.reachable else one_line(state.problem) or "it did not answer",
            since=state.since,
            checked=state.checked,
            skew_s=state.skew_s,
            found=state.found,
            missing=state.missing,
            drained=is_drained(folder),
            used=is_used(folder),
        )

    def drain(self, name: str, *, on: bool) -> None:
        """Write or remove the file that keeps new attempts away."""
        set_drained(self._folder(self._host(name).name), on=on)

    def test(self, name: str, *, whole: bool = True) -> Sequence[HostFinding]:
        """Ask the launcher of the host, and note whether it could be reached."""
        host, folder = self._host(name), self._folder(name)
        make_folder(folder)
        lock = try_lock(folder / "asking")  # freed with this process; without it, two tests say the same
        try:
            return self._tested(host, folder, whole=whole)
        finally:
            if lock is not None:
                os.close(lock)

    def _tested(self, host: Host, folder: Path, *, whole: bool) -> Sequence[HostFinding]:
        look = self._look(host, ())
        runners = {name: program for name, program in self._runners.items() if look.runs(name)}
        try:
            launcher = LAUNCHERS[host.kind](host, environment=self._environment, folder=folder)
            try:
                if whole:
                    tested = launcher.test(runners)
                    found = [HostFinding(one.name, one.ok, one.words, one.hint) for one in tested]
                else:
                    launcher.look([_PROBE])
                    tested = ()
                    found = [HostFinding("reachable", ok=True, words="it answers")]
                free = launcher.free()
            finally:
                launcher.close()
        except UnreachableError as error:
            words = problem_in(str(error), host.name)
            note_unreachable(folder, stamp(self._now()), words)
            hint = error.hint or str(do("help", "hosts"))
            return [HostFinding("reachable", False, words, hint)]  # noqa: FBT003 - a finding
        except ToolError as error:
            return [HostFinding(str(host.kind), False, one_line(error.message), str(error.hint))]  # noqa: FBT003 - see above
        note_reached(folder, stamp(self._now()), free=free)
        if whole:
            there = {one.name: one.ok for one in tested if one.name in runners}
            note_tested(
                folder,
                skew_s=next((one.skew_s for one in tested if one.skew_s is not None), None),
                found=[name for name, ok in there.items() if ok],
                missing=[name for name, ok in there.items() if not ok],
            )
        return found

    def clean(self, name: str, *, everything: bool, discard: bool, dry_run: bool) -> Cleaned:
        """Have the launcher of the host remove what is there; of one that was removed from the settings, too."""
        from mission_cli.adapters.executors.remote.cleaning import clean_host
        from mission_cli.adapters.executors.remote.executor import kept_host

        folder = self._folder(name)
        host = self._hosts.get(name) or (kept_host(folder) if NAME.fullmatch(name) else None) or self._host(name)
        placed = placed_jobs(self._runtime / "jobs").get(host.name, ())
        if placed:
            return Cleaned(busy=tuple(placed))
        wanted = Cleaning((clone_id(self._me()),), everything=everything, discard=discard, dry_run=dry_run)
        launcher = LAUNCHERS[host.kind](host, environment=self._environment, folder=folder)
        try:
            return clean_host(host, launcher, wanted, folder=folder, code=self._runtime.parent)
        except UnreachableError as error:
            words = f"{name} cannot be reached: {problem_in(str(error), name)}"
            raise ToolError(words, hint=error.hint) from error
        finally:
            launcher.close()

    def ask(self, name: str) -> None:
        """Start a detached test of the host, unless one is going on. If it cannot start, a later pulse tries again."""
        folder = self._folder(name)
        with suppress(OSError):
            make_folder(folder)
            if name in self._hosts and not is_locked(folder / "asking"):
                start_detached(
                    [*self._tester, name], cwd=self._runtime, env=own_environment(), log=folder / "asked.log"
                )

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            raise no_such_host(name, [*self._hosts])
        return self._hosts[name]

    def _folder(self, name: str) -> Path:
        return hosts_folder(self._runtime) / name
