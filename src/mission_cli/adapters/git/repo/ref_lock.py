"""Locks of refs that a git of ours left when it was killed; those of others are told of and left alone.

A git that dies while it swaps a ref leaves `<ref>.lock` with the new value in it, and `HEAD.lock`, empty, when HEAD
stands for that ref. From then on no git can move the ref.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import read_json
from mission_cli.adapters.proc.scan import own_git_at_work

if TYPE_CHECKING:
    from pathlib import Path

_ONLY_OURS = ("refs/mission/", "refs/heads/mission/")


def only_ours(ref: str) -> bool:
    """Whether nobody but us writes a ref."""
    return ref.startswith(_ONLY_OURS)


def free_dead_lock(git_dir: Path, ref: str) -> bool:
    """Take the lock of a ref away that nobody but us writes, when no git of ours is at work there; True when it was."""
    lock, _ = _places(git_dir, ref)
    if not only_ours(ref) or not lock.exists() or own_git_at_work([git_dir]):
        return False
    lock.unlink(missing_ok=True)
    return True


def free_locks_of(git_dir: Path, journal: Path) -> None:
    """Take the locks away that the swap which a journal tells of left.

    One with the new value in it is ours: nobody else knows that commit. An empty one is when it is younger than the
    journal; while a git of ours is still at work both stay.
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
