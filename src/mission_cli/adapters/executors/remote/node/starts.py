"""Commands that were started on a host under an id and outlive the login that started them.

Each has a folder: `out`, `ended` with its exit status, and `lock`, which is held while it runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.executors.remote.launcher import LaunchLook, LaunchState
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.fs.locks import is_locked, locked, try_lock, unlock
from mission_cli.adapters.proc import control, scan
from mission_cli.adapters.proc.run import start_detached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ID = pattern(r"[a-z0-9][a-z0-9-]{0,62}")
_HOLD = """\
"$@" </dev/null >>out 2>&1 &
echo $! >pid
wait $!
echo $? >ended.new && mv ended.new ended
"""
"""It inherits the lock, as the command does, so that the lock is held while either of them lives."""
_MOST = 1 << 20


def start(root: Path, job: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Start a command, unless its id exists."""
    place = _place(root, job)
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.parent / "starts.lock"):
        if (place / "argv.json").exists():
            return
        place.mkdir(exist_ok=True)
        handle = try_lock(place / "lock")
        if handle is None:
            return
        write_json(place / "argv.json", list(argv))
        os.set_inheritable(handle, True)  # noqa: FBT003 - positional by its signature
        try:
            start_detached(
                ["/bin/sh", "-c", _HOLD, "sh", *argv],
                cwd=place,
                env={**os.environ, **env},
                log=Path(os.devnull),
                keep=[handle],
            )
        finally:
            unlock(handle)


def look(root: Path, job: str) -> LaunchLook:
    """Return what became of a command."""
    place = _place(root, job)
    if not (place / "argv.json").exists():
        return LaunchLook(LaunchState.UNKNOWN)
    if is_locked(place / "lock"):
        return LaunchLook(LaunchState.RUNNING)
    ended = _text(place / "ended")
    return LaunchLook(LaunchState.ENDED, f"exit {ended}") if ended else LaunchLook(LaunchState.GONE, "it was killed")


def output(root: Path, job: str, offset: int) -> bytes:
    """Return a part of what a command printed."""
    try:
        with (_place(root, job) / "out").open("rb") as source:
            source.seek(offset)
            return source.read(_MOST)
    except FileNotFoundError:
        return b""


def cancel(root: Path, job: str) -> None:
    """Send SIGTERM to a command that runs."""
    place = _place(root, job)
    if not is_locked(place / "lock"):
        return
    argv, pid = read_json(place / "argv.json"), _text(place / "pid")
    if pid.isdecimal() and isinstance(argv, list) and scan.command_of(int(pid))[-len(argv) :] == argv:
        control.tell(int(pid), signal.SIGTERM)


def forget(root: Path, job: str) -> None:
    """Remove the folder of a command that has ended."""
    place = _place(root, job)
    if place.is_dir() and not is_locked(place / "lock"):
        shutil.rmtree(place, ignore_errors=True)


def running(root: Path) -> int:
    """Return how many commands run."""
    with suppress(FileNotFoundError):
        return sum(is_locked(place / "lock") for place in (root / "starts").iterdir() if place.is_dir())
    return 0


def _place(root: Path, job: str) -> Path:
    if not _ID.fullmatch(job):
        raise ValueError(f"not an id: {json.dumps(job)}")
    return root / "starts" / job


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
