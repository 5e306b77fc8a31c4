"""Files in a person's checkout that a clone of a commit does not have."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.command import Git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.domain.ids import Sha

_OPTIONS = ("-c", "core.quotePath=false")


def missing_at(common_dir: Path, checkout: Path | None, commit: Sha, paths: Sequence[str]) -> Mapping[str, bool]:
    """Return those relative paths that are files of the checkout but not in git at a commit.

    The value is whether git ignores the file. Without a checkout nothing is missing.
    """
    if checkout is None:
        return {}
    there = {path: name for path in dict.fromkeys(paths) if (name := _file_in(checkout, path))}
    if not there:
        return {}
    git = Git(common_dir, checkout)
    asked = ("ls-tree", "-r", "-z", "--name-only", commit, "--", *(f":(literal){name}" for name in there.values()))
    known = set(git.words(*_OPTIONS, *asked))
    gone = {path: name for path, name in there.items() if name not in known}
    return {path: name in _ignored(git, sorted(gone.values())) for path, name in gone.items()}


def _file_in(checkout: Path, path: str) -> str:
    """Return the path from the root of the checkout if it is a file there and not in `.git`; otherwise empty."""
    if not path or PurePosixPath(path).is_absolute() or "\0" in path:
        return ""
    name = os.path.normpath(path)
    inside = not name.startswith(("../", ".git/")) and name != ".."
    try:
        return name if inside and (checkout / name).is_file() else ""
    except OSError:
        return ""


def _ignored(git: Git, names: Sequence[str]) -> frozenset[str]:
    if not names:
        return frozenset()
    stdin = "\0".join(names).encode("utf-8", "surrogateescape")
    done = git.run("check-ignore", "-z", "--stdin", "--no-index", stdin=stdin, ok=(0, 1))
    return frozenset(filter(None, done.out.decode("utf-8", "surrogateescape").split("\0")))
