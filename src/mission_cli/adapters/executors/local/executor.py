"""Run jobs on this machine: one detached supervisor process each, which outlives the pulse that started it."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings, specs_below, tree_path
from mission_cli.adapters.executors.jobs.kept_files import read_files
from mission_cli.adapters.executors.jobs.log import read_part
from mission_cli.adapters.executors.local import manual
from mission_cli.adapters.fs.atomic import make_folder, read_json, read_tail
from mission_cli.adapters.fs.locks import is_locked, locked, try_lock, unlock, wait_for
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.code.save_work import uncommitted
from mission_cli.adapters.proc import control, scan
from mission_cli.adapters.proc.run import start_detached
from mission_cli.domain.errors import ToolError
from mission_cli.domain.runs.jobs import Exit, Job
from mission_cli.domain.status import EndReason, JobKind, JobState
from mission_cli.ports.executor import LogPart, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.domain.runs.usage import Tally
    from mission_cli.ports.executor import JobSpec

_TAIL = 8000
_STARTS = 6
"""How many supervisors are started for a job before it counts as not startable."""
_LAST_WORDS = 300


class LocalExecutor:
    """Keeps one folder per job below `jobs`; the lock in it is held while a supervisor runs."""

    def __init__(
        self,
        *,
        jobs: Path,
        surroundings: Callable[[], Surroundings],
        supervisor: Sequence[str],
        environment: Mapping[str, str],
        rules: SecretRules,
    ) -> None:
        self._jobs = jobs
        self._surroundings = surroundings
        self._supervisor = list(supervisor)
        self._environment = dict(environment)
        self._rules = rules

    def submit(self, spec: JobSpec) -> None:
        """Start a supervisor, unless one is running or the job has ended. A manual attempt needs none."""
        folder = self._folder(spec.key)
        make_folder(folder.path)
        handle = try_lock(folder.lock)
        if handle is None:
            return
        try:
            if folder.read_exit() is not None:
                return
            if folder.read_request() is None:
                folder.write_request(spec, self._around(spec))
            if folder.count_start() > _STARTS:
                folder.write_exit(Exit(EndReason.NOT_STARTED, detail=_never_began(folder)))
                return
            if spec.kind is JobKind.MANUAL:
                manual.take(folder, *(folder.read_request() or (spec, self._around(spec))))
                return
            os.set_inheritable(handle, True)  # noqa: FBT003 - positional by its signature
            start_detached(
                [*self._supervisor, os.fspath(folder.path), str(handle)],
                cwd=self._jobs,
                env=self._environment,
                log=folder.supervisor_log,
                keep=[handle],
            )
        except OSError as error:
            raise ToolError(f"cannot start the job {spec.key}: {error}") from error
        finally:
            unlock(handle)

    def poll(self, keys: Sequence[str]) -> Mapping[str, Job]:
        """Return the states of jobs, from their folders."""
        return {key: self._look(self._folder(key)) for key in keys}

    def cancel(self, key: str) -> None:
        """Ask the supervisor to stop the job; it checks every second. A manual attempt ends at once.

        If not even an empty file can be written, the supervisor gets a signal.
        """
        folder = self._folder(key)
        if folder.by_hand.exists():
            self._end_by_hand(folder, EndReason.CANCELLED)
            return
        try:
            make_folder(folder.path)  # a job that is submitted later starts as cancelled
            folder.cancel.touch()
        except OSError:
            told = scan.commanded("_supervise", os.fspath(folder.path))
            for pid in told:
                control.tell(pid, signal.SIGTERM)
            if not told and is_locked(folder.lock):
                raise

    def wait(self, key: str) -> None:
        """Wait until the job's lock is free."""
        wait_for(self._folder(key).lock)

    def standing(self, key: str) -> Standing | None:
        """Return the state of a job's tree, read with a separate git dir; None if there is no tree."""
        request, place = self._folder(key).read_request(), self.tree(key)
        if request is None or not place:
            return None
        tree = Path(place)
        files = uncommitted(Path(request[1].code), tree)
        return Standing(place, trees.branch_of(tree), tuple(files))

    def hand_back(self, key: str) -> None:
        """Write the exit file of a manual attempt, as a supervisor would."""
        self._end_by_hand(self._folder(key), EndReason.EXIT)

    def logs(self, key: str, tail: int) -> str:
        """Return the end of the job's output."""
        return read_tail(self._folder(key).log, tail)

    def read_log(self, key: str, offset: int) -> LogPart:
        """Return a part of the job's output; whether the job has ended is asked before it is read."""
        folder = self._folder(key)
        ended = not folder.spec.exists() or folder.read_exit() is not None
        text, next_offset = read_part(folder.log, offset)
        return LogPart(text, next_offset, ended)

    def kept_files(self, key: str) -> Mapping[str, bytes]:
        """Return the files that a check has left for its mission, by name."""
        return read_files(self._folder(key).kept)

    def tally(self, key: str) -> Tally | None:
        """Return what the supervisor has written last about a running job."""
        folder = self._folder(key)
        return folder.read_tally() if folder.read_exit() is None else None

    def tree(self, key: str) -> str:
        """Return the tree of the job, empty if it is gone."""
        request = self._folder(key).read_request()
        place = tree_path(Path(request[1].trees), request[0].tree.name or key) if request else None
        return os.fspath(place.resolve()) if place is not None and place.is_dir() else ""

    def watch(self, keys: Sequence[str]) -> list[str]:
        """Return the folders of jobs."""
        return [os.fspath(self._folder(key).path) for key in keys]

    def results(self, keys: Sequence[str]) -> list[str]:
        """Return the exit files of jobs."""
        return [os.fspath(self._folder(key).exit) for key in keys]

    def running(self) -> list[str]:
        """Return the keys of all jobs with a running supervisor."""
        found = []
        for spec in specs_below(self._jobs):
            folder = JobFolder(spec.parent)
            if not folder.exit.exists() and is_locked(folder.lock):
                found.append(spec.parent.relative_to(self._jobs).as_posix())
        return found

    def _folder(self, key: str) -> JobFolder:
        return JobFolder(self._jobs / key)

    def _around(self, spec: JobSpec) -> Surroundings:
        around = self._surroundings()
        return replace(around, environment={}) if spec.kind is JobKind.MANUAL else around

    def _end_by_hand(self, folder: JobFolder, reason: EndReason) -> None:
        request = folder.read_request()
        if request is None:
            return
        with locked(folder.lock):
            manual.end(folder, *request, reason=reason, rules=self._rules)

    def _look(self, folder: JobFolder) -> Job:
        try:
            if not folder.spec.exists():
                return Job(JobState.UNKNOWN)
            end = folder.read_exit()
            if end is not None:
                return Job(JobState.ENDED, exit=end, tail=read_tail(folder.log, _TAIL), started=end.started)
            started = read_json(folder.started)
            began = str(started.get("at", "")) if isinstance(started, dict) else ""
            if is_locked(folder.lock):
                return Job(JobState.RUNNING if began else JobState.WAITING, started=began, port=folder.read_port())
            end = folder.read_exit()
            if end is not None:
                return Job(JobState.ENDED, exit=end, tail=read_tail(folder.log, _TAIL), started=end.started)
            if not began:
                return Job(JobState.UNKNOWN)
            if folder.by_hand.exists():
                return Job(JobState.RUNNING, started=began)
            sign = folder.heartbeat if folder.heartbeat.exists() else folder.started
            quiet = datetime.fromtimestamp(sign.stat().st_mtime, UTC)
            return Job(JobState.GONE, started=began, quiet_since=quiet)
        except PermissionError:
            return Job(JobState.UNREACHABLE)


def _never_began(folder: JobFolder) -> str:
    said = read_tail(folder.supervisor_log, _LAST_WORDS).strip().splitlines()
    return f"its supervisor ended {_STARTS} times before the job began: {said[-1] if said else 'it printed nothing'}"
