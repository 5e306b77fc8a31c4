"""The first steps in a repository, done as the person: create it, make its first commit, commit one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.command import plain_git

if TYPE_CHECKING:
    from pathlib import Path


def make_repository(place: Path) -> None:
    """Create a git repository in a folder, with the person's defaults."""
    plain_git(place, "init", "--quiet")


def has_commit(place: Path) -> bool:
    """Whether the checked-out branch has a commit."""
    return bool(plain_git(place, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", ok=(0, 1, 128)))


def first_commit(place: Path) -> None:
    """Make an empty first commit; staged files stay staged. Raises ToolError if git does not know who commits."""
    plain_git(place, "commit", "--quiet", "--allow-empty", "--only", "--message", "Begin")


def commit_file(place: Path, name: str, message: str) -> None:
    """Commit one file and nothing else. Raises ToolError if git refuses."""
    plain_git(place, "add", "--", name)
    plain_git(place, "commit", "--quiet", "--only", "--message", message, "--", name)


def is_changed(place: Path, name: str) -> bool:
    """Whether a file is new or differs from the last commit."""
    return bool(plain_git(place, "status", "--porcelain", "--", name))


def is_empty(place: Path) -> bool:
    """Whether there is nothing in a folder, or only a repository without files and what this program keeps in it."""
    names = {path.name for path in place.iterdir()} if place.is_dir() else set()
    return not names or (".git" in names and names <= {".git", "missions"})


def head_of(place: Path) -> tuple[str, str]:
    """Return the checked-out branch and its commit."""
    return plain_git(place, "symbolic-ref", "--short", "HEAD"), plain_git(place, "rev-parse", "HEAD")


def remote_url(place: Path, name: str) -> str:
    """Return the address of a remote; empty if there is none of that name."""
    return plain_git(place, "remote", "get-url", "--", name, ok=(0, 2, 128))


def add_remote(place: Path, name: str, url: str) -> None:
    """Add a remote."""
    plain_git(place, "remote", "add", "--", name, url)
