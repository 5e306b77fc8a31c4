"""One job on a host as its follower keeps it: how far it has come there, in a file of the job's folder."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.executors.jobs.folder import JobFolder
from mission_cli.adapters.executors.remote.exchange.names import Names
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json, write_whole
from mission_cli.adapters.fs.locks import is_same_file, try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mission_cli.ports.executor import JobSpec

_FILE = "remote.json"
_OPEN, _CLEAN = "open", "clean"


class Phase(StrEnum):
    """How far a job has come."""

    NEW = "new"
    """Nothing of it has left this machine."""
    PUSHING = "pushing"
    """Its request may be at the exchange."""
    REQUESTED = "requested"
    """Its request is there; the host may have started it."""
    STARTED = "started"


@dataclass(slots=True)
class Progress:
    """What a follower has to know if it continues another one's work."""

    phase: Phase = Phase.NEW
    generation: int = 1
    """How often its host was asked to start it under another id."""
    restarts: int = 0
    """How often it was started again because its host did not know it."""
    cancelled: bool = False
    """Its host was told to end it."""
    stream: int = 0
    """How much of what it printed is in the log."""
    log: int = 0
    """How long the log was then."""


class Followed:
    """A job whose lock this process holds."""

    def __init__(self, job: JobFolder, names: Names, spec: JobSpec, lock: int) -> None:
        self.job, self.names, self.spec = job, names, spec
        self.key = names.key
        self._lock = lock
        self.progress = _read(job.path / _FILE)
        self.detail = ""
        """What its host said last."""
        self.told_at = 0.0
        """When the host was told to end it, on the monotonic clock."""

    @property
    def id(self) -> str:
        """The id under which it runs now."""
        return self.names.id(self.progress.generation)

    @property
    def ids(self) -> list[str]:
        """Every id that it had."""
        return [self.names.id(number) for number in range(1, self.progress.generation + 1)]

    def save(self) -> None:
        """Write how far it has come."""
        facts = {name: getattr(self.progress, name) for name in Progress.__slots__}
        write_json(self.job.path / _FILE, facts)

    def advance(self, phase: Phase) -> None:
        """Write that it has come to a phase."""
        self.progress.phase = phase
        self.save()

    def is_ours(self) -> bool:
        """Whether the folder is still the one that was locked; `.git/mission` may be deleted at any time."""
        return is_same_file(self.job.lock, self._lock)

    def release(self) -> None:
        """Give back the lock."""
        unlock(self._lock)


def _read(path: Path) -> Progress:
    raw = read_json(path)
    try:
        return Progress(**{**raw, "phase": Phase(raw["phase"])})
    except (TypeError, KeyError, ValueError):
        return Progress()


def open_marks(folder: Path) -> list[str]:
    """Return the keys of the jobs that a host has to run; `folder`: that of the host."""
    return _names(folder / _OPEN)


def mark_open(folder: Path, key: str) -> None:
    """Record that a host has to run a job."""
    make_folder(folder / _OPEN)
    write_whole(folder / _OPEN / quote(key, safe=""), b"")


def mark_ended(folder: Path, key: str) -> None:
    """Record that a job has ended."""
    (folder / _OPEN / quote(key, safe="")).unlink(missing_ok=True)


def to_clean(folder: Path) -> dict[str, dict[str, object]]:
    """Return what is to be removed at the exchange and the host, by the key of the job."""
    found = {key: read_json(folder / _CLEAN / quote(key, safe="")) for key in _names(folder / _CLEAN)}
    return {key: told if isinstance(told, dict) else {} for key, told in found.items()}


def mark_to_clean(folder: Path, key: str, *, ids: Sequence[str] = (), result: str = "", purge: bool = False) -> None:
    """Record what is to be removed of a job; with `purge` also what keeps it from starting again."""
    make_folder(folder / _CLEAN)
    write_json(folder / _CLEAN / quote(key, safe=""), {"ids": list(ids), "result": result, "purge": purge})


def mark_clean(folder: Path, key: str) -> None:
    """Record that nothing is left of a job."""
    (folder / _CLEAN / quote(key, safe="")).unlink(missing_ok=True)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(unquote(entry.name) for entry in folder.iterdir() if not entry.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def take(jobs: Path, clone: str, key: str) -> Followed | None:
    """Lock a job and return it; None if another process has it, or if it has no request."""
    job = JobFolder(jobs / key)
    if not job.spec.exists():
        return None
    handle = try_lock(job.lock)
    request = job.read_request()
    if handle is None or request is None:
        if handle is not None:
            unlock(handle)
        return None
    return Followed(job, Names(clone, key), request[0], handle)
