"""What missions left on this machine: trees, job folders and refs; removed one by one, each under its lock.

A folder is renamed before it is deleted: the new name marks it as approved for removal, so a later cleanup can finish.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.jobs.folder import PLACE, JobFolder
from mission_cli.adapters.fs.locks import is_locked, try_lock, unlock
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.code.mission_refs import KeptRefs
from mission_cli.adapters.git.code.save_work import uncommitted
from mission_cli.domain.errors import ToolError
from mission_cli.domain.ids import MissionId, RunId, split_run_id
from mission_cli.ports.storage import Kind, Leftover

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

_GONE = ".gone"
_CHECKS, _JOBS = "checks", "jobs"
_SCRATCH = ("saving-*.git", "index-*", "attributes-*", ".*.????????", "new-state.git")
_OLD_S = 24 * 3600
"""After so many seconds, a temporary file belongs to a dead process."""


class LocalStorage:
    """What missions left in one checkout. `forget` gets the folder of a job on a host before it is removed."""

    def __init__(
        self, *, code: Path, runtime: Path, trees_folder: Path, forget: Callable[[Path], None] | None = None
    ) -> None:
        self._code, self._runtime, self._trees, self._forget = code, runtime, trees_folder, forget
        self._refs = KeptRefs(code)

    def things(self) -> Sequence[Leftover]:
        """Return trees, job folders, refs and temporary files."""
        order = list(Kind)
        found = [*self._tree_things(), *self._job_things(), *self._refs.things(), *self._scratch()]
        return sorted(found, key=lambda thing: order.index(thing.kind))

    def obstacle(self, thing: Leftover, *, base: str, gone: Collection[Leftover]) -> str:
        """Return why something must stay, or the empty string."""
        if thing.judged or thing.kind is Kind.SCRATCH:
            return ""
        if thing.kind is Kind.TREE:
            return self._tree_obstacle(Path(thing.name), thing, gone)
        if thing.kind is Kind.JOB:
            return _job_obstacle(JobFolder(Path(thing.name)))
        return self._refs.obstacle(thing, base, gone)

    def remove(self, thing: Leftover) -> str:
        """Remove something. Returns why that was not possible, or the empty string."""
        if thing.kind is Kind.JOB and self._forget is not None and _is_away(Path(thing.name)):
            self._forget(Path(thing.name))
        if thing.kind in {Kind.TREE, Kind.JOB, Kind.SCRATCH}:
            return self._remove_folder(Path(thing.name), _lock_of(thing))
        return self._refs.remove(thing)

    def size(self, thing: Leftover) -> int:
        """Return the disk space that removing it would free, in bytes; 0 for refs."""
        if thing.kind not in {Kind.TREE, Kind.JOB, Kind.SCRATCH}:
            return 0
        places = [Path(thing.name)]
        for folder, _, files in os.walk(thing.name):
            places += [Path(folder), *(Path(folder) / name for name in files)]
        total = 0
        for place in dict.fromkeys(places):
            with suppress(OSError):
                total += place.lstat().st_blocks * 512
        return total

    # Trees

    def _tree_things(self) -> Iterator[Leftover]:
        for mission in _folders(self._trees):
            for place in _folders(mission):
                inner = _folders(place) if place.name == _CHECKS else [place]
                yield from (_thing(Kind.TREE, mission.name, tree) for tree in inner)

    def _tree_obstacle(self, tree: Path, thing: Leftover, gone: Collection[Leftover]) -> str:
        if tree.is_symlink():
            return ""
        if is_locked(tree.with_name(f"{tree.name}.lock")):
            return "a process is working in it"
        if thing.run is None:
            return ""  # the tree of a check: its content is never needed
        if not trees.can_go_on(tree):
            return "it is no longer a repository: check its content yourself"
        try:
            files = uncommitted(self._code, tree)
        except ToolError as error:
            return f"it cannot be read: {error.message}"
        return f"uncommitted changes: {', '.join(files[:3])}" if files else self._unkept(tree, gone)

    def _unkept(self, tree: Path, gone: Collection[Leftover]) -> str:
        """Return what a tree holds that exists nowhere else, as a message, or the empty string."""
        for ref, commit in self._refs.refs_of(tree).items():
            if ref == "refs/stash":
                return "it has a stash"
            if not self._refs.is_kept(commit, "", gone):
                return f"commits of its {ref.removeprefix('refs/heads/')} are on no branch of the repository"
        return ""

    # Jobs and scratch

    def _job_things(self) -> Iterator[Leftover]:
        for mission in _folders(self._runtime / _JOBS):
            for place in _folders(mission):
                inner = _folders(place) if place.name == _CHECKS else [place]
                yield from (_thing(Kind.JOB, mission.name, job) for job in inner)

    def _scratch(self) -> Iterator[Leftover]:
        """Yield old temporary files of dead processes in the runtime folder."""
        for pattern in _SCRATCH:
            for place in sorted(self._runtime.glob(pattern)):
                with suppress(OSError):
                    if time.time() - place.lstat().st_mtime > _OLD_S:
                        yield Leftover(Kind.SCRATCH, os.fspath(place))

    def _remove_folder(self, place: Path, lock: Path | None) -> str:
        if lock is not None and place.is_dir():
            handle = try_lock(lock)
            if handle is None:
                return "a process is working there"
            try:
                return _delete(place)
            finally:
                if lock.parent == place.parent:
                    lock.unlink(missing_ok=True)
                unlock(handle)
        return _delete(place)


def _is_away(job: Path) -> bool:
    return (job / PLACE).exists()


def _job_obstacle(job: JobFolder) -> str:
    if is_locked(job.lock):
        return "its supervisor is running"
    return "it may still run on its host" if _is_away(job.path) and not job.exit.exists() else ""


def _lock_of(thing: Leftover) -> Path | None:
    place = Path(thing.name)
    if thing.judged or thing.kind is Kind.SCRATCH or place.is_symlink():
        return None
    return place / "lock" if thing.kind is Kind.JOB else place.with_name(f"{place.name}.lock")


def _delete(place: Path) -> str:
    if place.is_symlink() or place.is_file():
        place.unlink(missing_ok=True)
        return ""
    if place.is_dir() and not place.name.endswith(_GONE):
        gone = place.with_name(f"{place.name}{_GONE}")
        trees.remove_tree(gone)
        place.rename(gone)
        place = gone
    try:
        trees.remove_tree(place)
    except OSError as error:
        return f"it cannot be removed: {error.strerror}"
    with suppress(OSError):  # remove the folders around it if they are empty
        place.parent.rmdir()
        if place.parent.name == _CHECKS:
            place.parent.parent.rmdir()
    return ""


def _thing(kind: Kind, mission: str, place: Path) -> Leftover:
    run = f"{mission}/{place.name.removesuffix(_GONE)}"
    known = RunId(run) if split_run_id(run) else None
    return Leftover(kind, os.fspath(place), MissionId(mission), known, judged=place.name.endswith(_GONE))


def _folders(place: Path) -> list[Path]:
    try:
        return sorted(entry for entry in place.iterdir() if entry.is_dir())
    except OSError:
        return []
