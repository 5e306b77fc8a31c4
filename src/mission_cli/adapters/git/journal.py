"""History from the trailers of state commits, as far as they remain."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.domain.host import Person
from mission_cli.domain.ids import Sha
from mission_cli.ports.state import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_history(work_tree: Path, branch: str, *, paths: Sequence[str], since: Sha | None, limit: int) -> list[Event]:
    """Commits of a branch that touched the paths, newest first, `since` excluded."""
    from git import Repo

    with Repo(os.fspath(work_tree)) as repo:
        revisions = f"{since}..{branch}" if since else branch
        found = []
        for commit in repo.iter_commits(revisions, paths=list(paths) or "", max_count=limit, first_parent=True):
            trailers: dict[str, list[str]] = {}
            for key, value in commit.trailers_list:
                trailers.setdefault(key, []).append(value)
            message = commit.message if isinstance(commit.message, str) else commit.message.decode("utf-8", "replace")
            found.append(
                Event(
                    commit=Sha(commit.hexsha),
                    at=commit.committed_datetime,
                    author=Person(commit.author.name or "", commit.author.email or ""),
                    subject=message.partition("\n")[0],
                    events=tuple(trailers.get("Mission-Event", ())),
                    missions=tuple(trailers.get("Mission-Id", ())),
                    why=tuple(trailers.get("Mission-Why", ())),
                )
            )
        return found
