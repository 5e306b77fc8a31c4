"""Locks of refs that a killed git of this program left. Other locks are reported and stay.

A git that dies while it moves a ref leaves `<ref>.lock` with the new value in it, and an empty `HEAD.lock` if HEAD
names that ref. From then on no git can move the ref.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_json
from mission_cli.adapters.proc.scan import own_git_at_work
from mission_cli.domain.branches.refs import ONLY_OURS

if TYPE_CHECKING:
    from pathlib import Path


def only_ours(ref: str) -> bool:
    """Whether only this program writes a ref."""
    return ref.startswith(ONLY_OURS)


def free_dead_lock(git_dir: Path, ref: str) -> bool:
    """Remove the lock of a ref that only this program writes, if none of its gits is running there; True if removed."""
    lock, _ = _places(git_dir, ref)
    if not only_ours(ref) or not lock.exists() or own_git_at_work([git_dir]):
        return False
    lock.unlink(missing_ok=True)
    return True


def free_locks_of(git_dir: Path, journal: Path) -> None:
    """Remove the locks left by the move of a ref that a journal describes.

    A lock with the new value in it belongs to this program: no one else knows that commit. An empty lock does if it is
    newer than the journal. While a git of this program is still running, both stay.
    """
    entry = read_json(journal)
    if not isinstance(entry, dict) or own_git_at_work([git_dir]):
        return
    since = journal.stat().st_mtime
    for lock in _places(git_dir, str(entry.get("branch", ""))):
        try:
            content, at = lock.read_text().strip(), lock.stat().st_mtime
        except OSError:
            continue
        if content == entry.get("new") or (not content and at >= since):
            lock.unlink(missing_ok=True)


def _places(git_dir: Path, ref: str) -> tuple[Path, Path]:
    return git_dir / f"{ref}.lock", git_dir / "HEAD.lock"
