"""Describes a repository to a person, with GitPython: its branch and its remotes.

For a command that a person types once. Everything that a pulse does runs git itself, see ADR 53.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from pathlib import Path

_LOGIN = pattern(r"(?<=://)[^/@]*@")


@dataclass(frozen=True, slots=True)
class Described:
    """What a person recognizes a repository by."""

    branch: str = ""
    """The checked-out branch; empty for a detached HEAD."""
    remotes: tuple[tuple[str, str], ...] = ()
    """Name and URL of each, without login."""


def describe(place: Path) -> Described:
    """Describe the repository at `place`; nothing of it if GitPython cannot read its format."""
    from git import Repo
    from git.exc import GitError

    try:
        with Repo(place) as repo:
            branch = "" if repo.head.is_detached else repo.active_branch.name
            return Described(branch, tuple((r.name, _LOGIN.sub("", next(r.urls, ""))) for r in repo.remotes))
    except (GitError, OSError, ValueError, TypeError, KeyError):
        return Described()
