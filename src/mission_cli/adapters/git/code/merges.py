"""Merges made without a work tree: of attempts, of the base, and of what lands; with the same id each time."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.carried_config import as_checked_out, identities
from mission_cli.adapters.git.repo.command import (
    Git,
    refusal,
)
from mission_cli.domain.branches.landing import Merge
from mission_cli.domain.host import Person
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from pathlib import Path


_MOST_GAINED = 1000
_NEW_REPOSITORY = ("README", "LICENSE", ".GITIGNORE", ".GITATTRIBUTES", ".EDITORCONFIG", ".MISSION.TOML", "MISSIONS")
_LATEST = 4_102_444_799
"""The last second of 2099; git accepts no later date."""


class Merges:
    """Makes merge commits in one repository."""

    def __init__(self, git: Git, runtime: Path, program: Person) -> None:
        self._git, self._runtime, self._program = git, runtime, program

    def of_attempt(self, author: str, message: str, work: Sha, tip: Sha) -> Merge:
        """Return the merge of an attempt into the finished work."""
        tree, conflicts = self.tree(work, tip)
        if tree is None:
            return Merge(None, conflicts)
        return Merge(self.commit(tree, [work, tip], message, tip, author=author))

    def made(self, tip: Sha, work: Sha) -> Sha | None:
        """Return the commit that merged `tip` into `work`."""
        line = self._git.text("rev-list", "--first-parent", "--ancestry-path", "--reverse", f"{tip}..{work}")
        first = line.splitlines()[:1]
        return Sha(first[0]) if first else None

    def tree(self, ours: Sha, theirs: Sha) -> tuple[str | None, tuple[str, ...]]:
        """Return the tree of a merge made without a work tree; or None with the conflicting paths.

        None without paths: the histories have nothing in common. Merging them anyway would bring back what one side has
        removed, for example a secret for which someone rewrote the history.
        """
        flags = ("--write-tree", "-z", "--name-only", "--no-messages")
        with as_checked_out(self._git, self._runtime, ours) as git:
            done = git.run("merge-tree", *flags, ours, theirs, ok=(0, 1, 128))
        if done.code > 1:
            if not self._git.succeeds("merge-base", ours, theirs):
                return None, ()
            raise refusal("merge-tree", done)
        words = [w for w in done.out.decode("utf-8", "surrogateescape").split("\0") if w]
        return (None, tuple(dict.fromkeys(words[1:]))) if done.code else (words[0], ())

    def commit(self, tree: str, parents: list[Sha], message: str, dated_like: Sha, *, author: str = "") -> Sha:
        """Make a commit whose id is the same each time it is made.

        `author` names another author, such as an agent, who is reached through the person.
        """
        said = self._git.text("show", "-s", "--format=%cd", "--date=raw", dated_like)
        person, committer = self.identities
        by = Person(_name(author), person.email) if _name(author) else person
        return self._git.commit_tree(tree, parents, message, author=by, committer=committer, at=_date(said))

    @cached_property
    def identities(self) -> tuple[Person, Person]:
        """Author and committer of what lands: those of the person's own commits in this repository."""
        return identities(self._git.git_dir) or (self._program, self._program)


def _name(author: str) -> str:
    """Return a name without the characters that git does not allow in one."""
    return "".join(c for c in author if c not in "<>\n").strip(" .,:;\"'")


def _date(raw: str) -> str:
    """Convert a commit's date (`seconds zone`) to one that git accepts for a new commit, even from an invalid one."""
    seconds, _, zone = raw.partition(" ")
    number = int(seconds) if re.fullmatch(r"[0-9]+", seconds) else 0
    return f"@{min(number, _LATEST)} {zone if re.fullmatch(r'[+-][0-9]{4}', zone) else '+0000'}"
