"""Build the index for after a state commit: the person's entries, and new ones where the person staged nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import write_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Objects
    from mission_cli.domain.ids import Sha


def build_index(
    git: Git,
    objects: Objects,
    scratch: Path,
    *,
    change: tuple[str | None, str, Sequence[str]],
    known: Sha | None = None,
) -> None:
    """Write the new index to `scratch`. `change` is the head before, the commit, and the paths that differ.

    `known` is the head that the index may still show if another program moved the branch without updating it.
    """
    head, new, paths = change
    index = git.git_dir / "index"
    scratch.unlink(missing_ok=True)
    if index.exists():
        write_new(scratch, index.read_bytes())
    env = {"GIT_INDEX_FILE": os.fspath(scratch)}
    staged = _staged(git, env, paths)
    lines = []
    for path in paths:
        before, after = (objects.entry(head, path) if head else None), objects.entry(new, path)
        there = objects.entry(known, path) if known else None
        if staged.get(path) in {before[1] if before else None, *([there[1]] if there else [])}:
            lines.append(f"{after[0]} {after[1]}\t{path}\0" if after else f"0 {'0' * len(new)}\t{path}\0")
    data = "".join(lines).encode("utf-8", "surrogateescape")
    git.run("update-index", "-z", "--index-info", stdin=data, env=env)


def _staged(git: Git, env: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    out = git.run("ls-files", "-z", "--stage", "--", *paths, env=env).out.decode("utf-8", "surrogateescape")
    found = {}
    for line in out.split("\0"):
        facts, _, path = line.partition("\t")
        if path:
            found[path] = facts.split(" ")[1]
    return found
