"""What a commit of ours makes beside the repository while it is made, by name; and what of it a dead process left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.checkout import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

_NEXT_INDEX, _TOKEN = "index.mission-", "mission-lock-"


def next_index(git_dir: Path, nonce: str) -> Path:
    """The index that will be."""
    return git_dir / f"{_NEXT_INDEX}{nonce}"


def token(git_dir: Path, nonce: str) -> Path:
    """Another name of the lock, which says that it is ours."""
    return git_dir / f"{_TOKEN}{nonce}"


def copies(git_dir: Path) -> Path:
    """The folder for copies of files that are being exchanged."""
    return git_dir / "mission-tmp"


def litter(git_dir: Path) -> list[Path]:
    """All of these that are there now; of the dead only for who knows that nobody else makes a commit."""
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
