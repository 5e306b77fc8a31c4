"""Temporary files beside the repository during a state commit, and which of them a dead process left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.checkout import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

_NEXT_INDEX, _TOKEN = "index.mission-", "mission-lock-"


def next_index(git_dir: Path, nonce: str) -> Path:
    """Return the place of the index that will replace the present one."""
    return git_dir / f"{_NEXT_INDEX}{nonce}"


def token(git_dir: Path, nonce: str) -> Path:
    """Return the place of the lock's second name, which shows that this program holds the lock."""
    return git_dir / f"{_TOKEN}{nonce}"


def copies(git_dir: Path) -> Path:
    """Return the folder for copies of files that are being exchanged."""
    return git_dir / "mission-tmp"


def litter(git_dir: Path) -> list[Path]:
    """Return all of these files that exist now. Those of dead processes: only while no other process makes a commit."""
    places = (
        (git_dir, (_NEXT_INDEX, _TOKEN, f".{JOURNAL}.")),
        (copies(git_dir), (".",)),
    )
    return [
        path
        for folder, beginnings in places
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.name.startswith(beginnings)
    ]
