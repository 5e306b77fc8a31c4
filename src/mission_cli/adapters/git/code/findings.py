"""Findings: files in the mission's folder `research/` of a worker's tree. They go to the state, not to the code."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import random_hex
from mission_cli.domain.paths import findings_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.domain.ids import MissionId, Sha

_FILE = "100644"


class Findings:
    """Removes findings from commits, and adds them to trees on which criteria are judged."""

    def __init__(self, git: Git, scratch: Path, commit: Callable[[str, list[Sha], str, Sha], Sha]) -> None:
        self._git, self._scratch, self._commit = git, scratch, commit

    def changed(self, mission: MissionId, start: str, tip: str) -> tuple[str, ...]:
        """Return the paths of findings that are new or changed at `tip`; removed ones are not included."""
        asked = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--diff-filter=AM", start, tip, "--")
        return tuple(self._git.words(*asked, *findings_folders(mission)))

    def code_of(self, mission: MissionId, start: Sha, tip: Sha) -> Sha:
        """Return the work of an attempt as one commit without its findings; `start` if nothing else was changed."""
        tree = self.without(mission, start, tip)
        if tree == self._git.text("rev-parse", f"{start}^{{tree}}"):
            return start
        message = self._git.text("show", "-s", "--format=%B", tip)
        return self._commit(tree, [start], f"{message.rstrip()}\n", tip)

    def commit_with(self, candidate: Sha, tip: Sha, found: tuple[str, ...]) -> Sha:
        """Return a commit with the findings of `tip` beside the files of a candidate."""
        tree = self.within(candidate, self.blobs_at(tip, found))
        return self._commit(tree, [candidate], "Add findings for judging\n", candidate)

    def without(self, mission: MissionId, start: str, tip: str) -> str:
        """Write the tree of `tip` with the findings as they are at `start`. Returns its id."""
        folders = findings_folders(mission)
        with self._index(tip) as env:
            self._git.run("rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", *folders, env=env)
            before = self._git.run("ls-tree", "-r", "-z", start, "--", *folders).out
            self._git.run("update-index", "-z", "--index-info", stdin=before, env=env)
            return self._git.text("write-tree", env=env)

    def within(self, commit: str, files: Mapping[str, str]) -> str:
        """Write the tree of a commit with these files (blobs by path) added; existing files stay. Returns its id."""
        there = set(self._git.words("ls-tree", "-r", "-z", "--name-only", commit, "--", *files)) if files else set()
        lines = "".join(f"{_FILE} {oid}\t{path}\0" for path, oid in files.items() if path not in there)
        with self._index(commit) as env:
            self._git.run("update-index", "-z", "--index-info", stdin=lines.encode("utf-8", "surrogateescape"), env=env)
            return self._git.text("write-tree", env=env)

    def blobs_at(self, commit: str, paths: Sequence[str]) -> dict[str, str]:
        """Return the blob ids of files, by path."""
        found = {}
        for entry in self._git.words("ls-tree", "-r", "-z", commit, "--", *paths) if paths else ():
            facts, _, path = entry.partition("\t")
            found[path] = facts.split(" ")[2]
        return found

    @contextmanager
    def _index(self, commit: str) -> Iterator[dict[str, str]]:
        index = self._scratch / f"index-{random_hex(4)}"
        index.parent.mkdir(parents=True, exist_ok=True)
        env = {"GIT_INDEX_FILE": os.fspath(index)}
        try:
            self._git.run("read-tree", commit, env=env)
            yield env
        finally:
            index.unlink(missing_ok=True)
