"""Build the index for after a state commit: the person's entries, and new ones where the person staged nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import write_new
from mission_cli.adapters.git.repo.staged import parsed_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Objects
    from mission_cli.domain.ids import Sha


_LONGEST = 1000
"""Characters of a path whose entry is written without git."""


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
        held = index.read_bytes()
        changed = _changed(held, objects, change) if known is None else None
        write_new(scratch, changed or held)
        if changed is not None:
            return
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


def _changed(index: bytes, objects: Objects, change: tuple[str | None, str, Sequence[str]]) -> bytes | None:
    """Return the new index; None if an entry is removed, or differs from the head before, or is an unusual one."""
    head, new, paths = change
    entries = {path: objects.entry(new, path) for path in paths}
    before = {path: objects.entry(head, path) if head else None for path in paths}
    held = parsed_index(index)
    if held is None or any(held.entry(path) != before[path] or len(path) > _LONGEST for path in paths):
        return None
    there = {path: entry for path, entry in entries.items() if entry is not None}
    return held.with_entries(there) if len(there) == len(entries) else None


def _staged(git: Git, env: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    out = git.run("ls-files", "-z", "--stage", "--", *paths, env=env).out.decode("utf-8", "surrogateescape")
    found = {}
    for line in out.split("\0"):
        facts, _, path = line.partition("\t")
        if path:
            found[path] = facts.split(" ")[1]
    return found
