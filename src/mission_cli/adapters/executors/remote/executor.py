"""Run jobs on hosts: a job has the same folder here as a local one, and the follower of its host keeps it.

Nothing here touches a network. What is known of a job is what its follower wrote last.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import asdict, replace
from mission_cli.adapters.executors.jobs.folder import PLACE, JobFolder
from mission_cli.adapters.executors.remote.followed import mark_open, mark_to_clean, open_marks
from mission_cli.adapters.executors.remote.follower import LOCK
from mission_cli.adapters.executors.remote.host_state import (
    HOST,
    hosts_folder,
    is_used,
    place_of,
    read_state,
    write_place,
)
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.adapters.fs.locks import try_lock, unlock, wait_for
from mission_cli.adapters.proc.run import start_detached
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.host import Host, HostKind, Needed
from mission_cli.domain.notice import do
from mission_cli.domain.runs.jobs import Job
from mission_cli.domain.status import JobKind, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.executors.jobs.folder import Surroundings
    from mission_cli.adapters.executors.local.executor import LocalExecutor
    from mission_cli.domain.runs.usage import Tally
    from mission_cli.ports.executor import JobSpec, LogPart, Standing

_PAUSE = 0.02
_FOLLOWERS = 50
"""How many followers are started while one process waits for a job."""


class RemoteExecutor:
    """The jobs of hosts, in the same folder as those of this machine, which `local` reads."""

    def __init__(
        self,
        local: LocalExecutor,
        *,
        runtime: Path,
        hosts: Callable[[], Mapping[str, Host]],
        surroundings: Callable[[], Surroundings],
        follower: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        """`follower`: the command that follows a host; its name and the descriptor of its lock are added."""
        self._local, self._runtime, self._hosts = local, runtime, hosts
        self._surroundings, self._follower, self._environment = surroundings, [*follower], dict(environment)

    def submit(self, spec: JobSpec) -> None:
        """Write the request and see to it that the host has a follower. Only workers run on hosts."""
        folder = self._folder(spec.key)
        place = place_of(folder.path) or spec.place
        if spec.kind is not JobKind.WORKER:
            raise ToolError(f"{spec.key}: only workers run on a host")
        if folder.read_exit() is not None:
            return
        try:
            self._keep_host(place)
            if not (folder.path / PLACE).exists():
                make_folder(folder.path)
                write_place(folder.path, place)
            if folder.read_request() is None:
                folder.write_request(spec, replace(self._surroundings(), environment={}, tick=()))
            mark_open(self._of(place), spec.key)
        except OSError as error:
            raise ToolError(f"cannot start the job {spec.key}: {error}") from error
        self._follow(place)

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """Return what followers wrote last; a host whose follower died gets another one."""
        places = {key: place_of(self._folder(key).path) for key in keys if self._is_open(key)}
        away = {place: not read_state(self._of(place)).reachable for place in set(places.values())}
        for place in away:
            self._follow(place)
        return {key: self._look(key, away=away[places[key]] if key in places else None) for key in keys}

    def cancel(self, key: str) -> None:
        """Ask for the end of a job; its follower passes that on as soon as the host can be reached."""
        self._local.cancel(key)
        if self._is_open(key):
            with suppress(ToolError):  # the next pulse starts the follower
                self._follow(place_of(self._folder(key).path))

    def wait(self, key: str) -> None:
        """Wait until the job has ended; a host whose follower dies gets another one."""
        folder = self._folder(key)
        for _ in range(_FOLLOWERS):
            if not self._is_open(key):
                return
            place = place_of(folder.path)
            self._follow(place)
            wait_for(folder.lock if self._is_taken(key) else self._of(place) / LOCK)

    def standing(self, key: str) -> Standing | None:
        """Return None: the tree is on the host."""
        del key
        return None

    def hand_back(self, key: str) -> None:
        """Do nothing: manual attempts are made on this machine."""

    def kept_files(self, key: str) -> Mapping[str, bytes]:
        """Return the files that a job has left, as for a local one."""
        return self._local.kept_files(key)

    def logs(self, key: str, tail: int) -> str:
        """Return the end of the output, as far as it has arrived."""
        return self._local.logs(key, tail)

    def read_log(self, key: str, offset: int) -> LogPart:
        """Return a part of the output, as far as it has arrived."""
        return self._local.read_log(key, offset)

    def tally(self, key: str) -> Tally | None:
        """Return what has arrived last about a running job."""
        return self._local.tally(key)

    def tree(self, key: str) -> str:
        """Return nothing: the tree is on the host."""
        del key
        return ""

    def running(self) -> list[str]:
        """Return the keys of all jobs on hosts that have not ended."""
        try:
            names = sorted(entry.name for entry in hosts_folder(self._runtime).iterdir())
        except FileNotFoundError:
            return []
        return [key for name in names for key in open_marks(self._of(name)) if self._is_open(key)]

    def watch(self, keys: Sequence[str]) -> list[str]:
        """Return the folders of jobs."""
        return self._local.watch(keys)

    def results(self, keys: Sequence[str]) -> list[str]:
        """Return the exit files of jobs."""
        return self._local.results(keys)

    def _folder(self, key: str) -> JobFolder:
        return JobFolder(self._runtime / "jobs" / key)

    def _of(self, place: str) -> Path:
        return hosts_folder(self._runtime) / place

    def _is_open(self, key: str) -> bool:
        folder = self._folder(key)
        return folder.spec.exists() and folder.read_exit() is None

    def _look(self, key: str, *, away: bool | None) -> Job:
        """Return the state of a job; `away`: whether its host cannot be reached, None if the job is not open."""
        if away is None or not self._is_open(key):
            return self._local.poll([key])[key]
        if away:
            return Job(JobState.UNREACHABLE)
        started = read_json(self._folder(key).started)
        began = str(started.get("at", "")) if isinstance(started, dict) else ""
        return Job(JobState.RUNNING if began else JobState.WAITING, started=began)

    def forget(self, folder: Path) -> None:
        """Have everything removed that says at the exchange that a job was started; `folder`: that of an ended job."""
        place, key = place_of(folder), folder.relative_to(self._runtime / "jobs").as_posix()
        if not is_used(self._of(place)):
            return  # it was cleaned
        mark_to_clean(self._of(place), key, purge=True)
        self._follow(place)

    # Followers

    def _is_taken(self, key: str) -> bool:
        """Wait a moment for the follower to take the job; whether it has."""
        folder = self._folder(key)
        ends = time.monotonic() + 100 * _PAUSE
        while self._is_open(key) and time.monotonic() < ends:
            handle = try_lock(folder.lock)
            if handle is None:
                return True
            unlock(handle)
            time.sleep(_PAUSE)  # poll: a lock that is not held yet cannot be waited for
        return False

    def _keep_host(self, place: str) -> None:
        """Record the host as the settings describe it: its jobs go on if it is removed from them."""
        host = self._hosts().get(place)
        note = self._of(place) / HOST
        if host is None:
            if not note.exists():
                raise ToolError(f"there is no host `{place}`", hint=do("hosts", "list"))
            return
        facts = asdict(host)
        if read_json(note) != facts:
            make_folder(note.parent)
            write_json(note, facts, mode=0o600)

    def _follow(self, place: str) -> None:
        """Start the follower of a host, unless one is running."""
        folder = self._of(place)
        handle = try_lock(folder / LOCK)
        if handle is None:
            return
        try:
            os.set_inheritable(handle, True)  # noqa: FBT003 - positional by its signature
            start_detached(
                [*self._follower, place, str(handle)],
                cwd=self._runtime,
                env=self._environment,
                log=folder / "follower.log",
                keep=[handle],
            )
        except OSError as error:
            raise ToolError(f"cannot follow the host {place}: {error}") from error
        finally:
            unlock(handle)


def kept_host(folder: Path) -> Host | None:
    """Return the host that was recorded in its folder; None if there is none."""
    raw = read_json(folder / HOST)
    try:
        lists = {name: tuple(raw[name]) for name in ("labels", "runners")}
        return Host(**{**raw, **lists, "kind": HostKind(raw["kind"]), "needed": Needed(**raw["needed"])})
    except (TypeError, KeyError, ValueError):
        return None
