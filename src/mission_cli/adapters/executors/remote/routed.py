"""Send each job to where it runs: this machine, or the host that its folder names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.executors.jobs.folder import JobFolder
from mission_cli.adapters.executors.remote.host_state import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.executors.local.executor import LocalExecutor
    from mission_cli.adapters.executors.remote.executor import RemoteExecutor
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.domain.runs.usage import Tally
    from mission_cli.ports.executor import Executor, JobSpec, LogPart, Standing


class RoutedExecutor:
    """Both executors behind one; that of the hosts is made when the first job needs it."""

    def __init__(self, local: LocalExecutor, remote: Callable[[], RemoteExecutor], *, runtime: Path) -> None:
        self._local, self._make_remote, self._runtime = local, remote, runtime
        self._made: RemoteExecutor | None = None

    def submit(self, spec: JobSpec) -> None:
        """Start a job where its folder says, or else where its specification says."""
        folder = JobFolder(self._runtime / "jobs" / spec.key)
        there = place_of(folder.path) or ("" if folder.spec.exists() else spec.place)
        (self._remote if there else self._local).submit(spec)

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """Return the states of jobs."""
        away = {key for key in keys if self._is_away(key)}
        found = dict(self._local.poll([key for key in keys if key not in away]))
        if away:
            found.update(self._remote.poll([key for key in keys if key in away]))
        return {key: found[key] for key in keys}

    def cancel(self, key: str) -> None:
        """Ask for the end of a job."""
        self._of(key).cancel(key)

    def wait(self, key: str) -> None:
        """Wait until a job has no supervisor."""
        self._of(key).wait(key)

    def standing(self, key: str) -> Standing | None:
        """Return the state of its tree; None if it is gone, or on a host."""
        return self._of(key).standing(key)

    def hand_back(self, key: str) -> None:
        """End a manual attempt."""
        self._of(key).hand_back(key)

    def kept_files(self, key: str) -> Mapping[str, bytes]:
        """Return the files that a check has left."""
        return self._local.kept_files(key)

    def logs(self, key: str, tail: int) -> str:
        """Return the end of the output of a job."""
        return self._local.logs(key, tail)

    def read_log(self, key: str, offset: int) -> LogPart:
        """Return a part of the output of a job."""
        return self._local.read_log(key, offset)

    def tally(self, key: str) -> Tally | None:
        """Return what a running job has used so far."""
        return self._local.tally(key)

    def tree(self, key: str) -> str:
        """Return the tree of a job; empty if it is gone, or on a host."""
        return self._of(key).tree(key)

    def running(self) -> list[str]:
        """Return the keys of all jobs that run, here or on hosts."""
        here = self._local.running()
        if not (self._runtime / "hosts").is_dir():
            return here
        return sorted({*here, *self._remote.running()})

    def watch(self, keys: Sequence[str]) -> list[str]:
        """Return the folders of jobs."""
        return self._local.watch(keys)

    def results(self, keys: Sequence[str]) -> list[str]:
        """Return the exit files of jobs."""
        return self._local.results(keys)

    def forget(self, folder: Path) -> None:
        """Have a host forget an ended job."""
        self._remote.forget(folder)

    def _is_away(self, key: str) -> bool:
        return bool(place_of(self._runtime / "jobs" / key))

    def _of(self, key: str) -> Executor:
        return self._remote if self._is_away(key) else self._local

    @property
    def _remote(self) -> RemoteExecutor:
        if self._made is None:
            self._made = self._make_remote()
        return self._made
