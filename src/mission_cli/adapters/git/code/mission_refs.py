"""Refs of missions, and whether the commits they hold are also held by a branch that stays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.git.repo.checkout import worktrees
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.branches.refs import HEADS, Area, head_of, mission_of, run_of, work_branch
from mission_cli.ports.storage import Kind, Leftover

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_PLACES = {
    Area.BRANCHES: Kind.BRANCH,
    Area.WIP: Kind.WIP,
    Area.TIPS: Kind.TIP,
    Area.PINS: Kind.PIN,
    Area.CLAIMS: Kind.CLAIM,
    Area.KNOWN: Kind.MARK,
    Area.OURS: Kind.MARK,
    Area.BASES: Kind.MARK,
    Area.PROPOSED: Kind.MARK,
}


class KeptRefs:
    """The refs of one code repository."""

    def __init__(self, code: Path) -> None:
        self._git = Git(code, durable=True)

    def things(self) -> list[Leftover]:
        """Return branches of attempts, saved work, tips, pins, claims and marks; not the branches of finished work."""
        found = []
        for place, kind in _PLACES.items():
            for ref in self._git.text("for-each-ref", "--format=%(refname)", place).splitlines():
                run = run_of(ref, place)
                if kind is Kind.BRANCH and run is None:
                    continue
                found.append(Leftover(kind, ref, mission_of(ref, place), run))
        return found

    def obstacle(self, thing: Leftover, base: str, gone: Collection[Leftover]) -> str:
        """Return why a ref must stay, or the empty string."""
        if thing.kind in {Kind.CLAIM, Kind.PIN}:
            return ""
        tip = self._git.commit_of(thing.name)
        if tip is None:
            return "it does not point to a commit, so the program did not make it"
        if any(tree.branch == thing.name for tree in worktrees(self._git)):
            return "it is checked out"
        if thing.kind is Kind.WIP:
            return "" if self._landed(tip, base, thing) else "its content has not landed"
        return "" if self.is_kept(tip, thing.name, gone) else "its commits are on no other branch"

    def is_kept(self, commit: str, but: str, gone: Collection[Leftover]) -> bool:
        """Whether a branch that stays contains a commit; False if the commit is not here."""
        done = self._git.run("for-each-ref", "--format=%(refname)", f"--contains={commit}", HEADS, ok=(0, 1, 128, 129))
        leaving = {but, *(thing.name for thing in gone)}
        return done.code == 0 and any(ref not in leaving for ref in done.out.decode("utf-8", "replace").splitlines())

    def remove(self, thing: Leftover) -> str:
        """Delete a ref at its present value. Returns why that was not possible, or the empty string."""
        now = self._git.run("rev-parse", "--verify", "--quiet", thing.name, ok=(0, 1, 128)).out.decode().strip()
        if not now:
            return ""
        done = self._git.run("update-ref", "--no-deref", "-d", thing.name, now, ok=(0, 1, 128))
        return "" if done.code == 0 else "it has moved meanwhile"

    def refs_of(self, tree: Path) -> dict[str, str]:
        """Return the refs of a worker's tree by name: HEAD, its branches, its stash."""
        done = self._git.run("ls-remote", "--quiet", os.fspath(tree), ok=(0, 128))
        lines = done.out.decode("utf-8", "replace").splitlines()
        return {ref: oid for oid, _, ref in (line.partition("\t") for line in lines)}

    def _landed(self, commit: str, base: str, thing: Leftover) -> bool:
        """Whether merging a commit into the base or the work branch would change nothing there."""
        for name in (base, work_branch(thing.mission or "")):
            there = self._git.commit_of(head_of(name)) if name else None
            if there is None:
                continue
            merged = self._git.run("merge-tree", "--write-tree", "--no-messages", there, commit, ok=(0, 1, 128))
            tree = self._git.text("rev-parse", f"{there}^{{tree}}")
            if merged.code == 0 and merged.out.decode().strip() == tree:
                return True
        return False
