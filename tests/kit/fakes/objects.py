"""Commits by their names, as git has them: the same content has the same name everywhere, and never goes away."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.evidence.chain import Links
    from mission_cli.domain.host import Person


@dataclass(frozen=True)
class Commit:
    """Files by path, and how they came there."""

    files: Mapping[str, str]
    parents: tuple[Sha, ...]
    message: str
    author: Person
    at: datetime


@dataclass
class Objects:
    """All commits that anybody made. Stands for the object stores of all repositories."""

    _commits: dict[Sha, Commit] = field(default_factory=dict)
    links: dict[str, Links] = field(default_factory=dict)
    """The last links of the chains of missions at commits that were looked at."""

    def add(self, commit: Commit) -> Sha:
        """Keep a commit; return its name."""
        said = hashlib.sha1(usedforsecurity=False)
        for part in (*commit.parents, commit.message, str(commit.author), commit.at.isoformat()):
            said.update(part.encode() + b"\0")
        said.update(tree_of(commit.files).encode())
        name = Sha(said.hexdigest())
        self._commits[name] = commit
        return name

    def get(self, name: Sha) -> Commit:
        """A commit that is there."""
        return self._commits[name]

    def all(self) -> Sequence[Commit]:
        """Every commit that was ever made, published or not."""
        return list(self._commits.values())

    def find(self, short: str) -> Sha | None:
        """The full name of the one commit that begins like this."""
        found = [name for name in self._commits if name.startswith(short)]
        return found[0] if len(found) == 1 else None

    def ancestry(self, name: Sha) -> Iterator[Sha]:
        """A commit and everything before it, nearest first."""
        seen: set[Sha] = set()
        waiting = [name]
        while waiting:
            now = waiting.pop(0)
            if now not in seen:
                seen.add(now)
                yield now
                waiting += self._commits[now].parents

    def contains(self, name: Sha, older: Sha) -> bool:
        """Whether `older` is `name`, or came before it."""
        return any(one == older for one in self.ancestry(name))

    def line(self, name: Sha) -> Iterator[Sha]:
        """A commit and its first parents."""
        now: Sha | None = name
        while now is not None:
            yield now
            now = next(iter(self._commits[now].parents), None)

    def base_of(self, one: Sha, other: Sha) -> Sha | None:
        """The newest commit that both contain."""
        mine, others = list(self.ancestry(one)), set(self.ancestry(other))
        if other in mine:
            return other
        return next((name for name in mine if name in others), None)


def tree_of(files: Mapping[str, str]) -> str:
    """One name for the contents of files."""
    said = hashlib.sha1(usedforsecurity=False)
    for path in sorted(files):
        said.update(f"{path}\0{len(files[path])}\0{files[path]}\0".encode("utf-8", "surrogateescape"))
    return said.hexdigest()


def merge_files(
    base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Three trees in one, file by file, and the paths that both sides changed."""
    merged, conflicts = dict(ours), []
    for path in dict.fromkeys([*base, *theirs]):
        was, mine, other = base.get(path), ours.get(path), theirs.get(path)
        if other in (was, mine):
            continue
        if mine != was:
            conflicts.append(path)
        elif other is None:
            merged.pop(path, None)
        else:
            merged[path] = other
    return merged, tuple(sorted(conflicts))


def changed_between(before: Mapping[str, str], after: Mapping[str, str]) -> Sequence[str]:
    """Paths whose contents differ."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
