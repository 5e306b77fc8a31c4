"""The rooms that a person and we share: `missions/`, a checkout that tracks mission files, and code that we land on."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.people.desk import Desk

from mission_cli.adapters.git.code.code import GitCodeRepo
from mission_cli.adapters.git.code.collect import Screen
from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.adapters.git.state.branch_home import find_state, make_state
from mission_cli.adapters.git.state.merging import reworking
from mission_cli.adapters.git.state.store import GitStateStore
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MISSION = """\
---
id: m
title: One mission
status: active
---
# One mission

> Two people write here.

Notes of mine.

### Milestone 1: Only

**Status:** active

| # | Feature | Status | Worker |
|---|---------|--------|--------|
| 1.1 | one | pending | |

## Progress Log

| Timestamp | Event | Details |
|-----------|-------|---------|
| 2026-11-20T10:00:00Z | mission.started | m is started |
"""
ID = MissionId("m")


def in_order(folder: Path, *lines: str) -> None:
    """Run git commands that must not fail."""
    for line in lines:
        subprocess.run(["git", *line.split(" ")], cwd=folder, check=True, capture_output=True)


def make_room(place: str, folder: Path) -> None:
    """A repository with a past, a second branch and a remote; with mission files where the place has them."""
    folder.mkdir(parents=True)
    in_order(folder, "init -q --bare -b main origin.git", "init -q -b main repo")
    repo = folder / "repo"
    for name in ("a.txt", "b.txt"):
        (repo / name).write_text(f"{name}\nmiddle\n")
    if place == "here":
        (repo / "missions/m").mkdir(parents=True)
        (repo / "missions/m/mission.md").write_text(MISSION)
    in_order(repo, "add -A", "commit -q -m Begin", "commit -q --allow-empty -m Second")
    tree = repo
    if place == "own":
        layout = make_state(find_checkout(repo))
        GitStateStore(layout).commit(
            [Write("m/mission.md", MISSION)], message="Add m\n", expect=GitStateStore(layout).snapshot().head
        )
        tree = layout.work_tree
        for name in ("a.txt", "b.txt"):
            (tree / name).write_text(f"{name}\nmiddle\n")
        in_order(tree, "add -A", "commit -q -m Mine")
    branch = "missions" if place == "own" else "main"
    origin = os.path.relpath(folder / "origin.git", tree)
    in_order(tree, "branch side", f"remote add origin {origin}", f"push -q -u origin {branch}")


@dataclass
class Room:
    """What is ours in a room. Opened anew for each step: that is what a pulse does."""

    place: str
    repo: Path

    @property
    def desk(self) -> Path:
        """The work tree in which the person is."""
        return self.repo / "missions" if self.place == "own" else self.repo

    @property
    def mission(self) -> str:
        """The mission file, in the person's work tree."""
        return "m/mission.md" if self.place == "own" else "missions/m/mission.md"

    def is_ours(self, path: str) -> bool:
        """Whether a path is one that we write."""
        return path == self.mission or "/runs/" in path or path.startswith("theirs-")

    def store(self) -> GitStateStore | None:
        """The store, where the branch that is checked out has one."""
        try:
            return self.open()
        except BlockedError:  # no branch is checked out: there is nothing for us to do, and a pulse says so
            return None

    def open(self) -> GitStateStore | None:
        """The store, or None where there is none; as a pulse opens it."""
        layout = find_state(find_checkout(self.repo))
        return GitStateStore(layout) if layout else None

    def code(self) -> GitCodeRepo:
        """The code repository."""
        nowhere, screen = self.repo.parent / "none", Screen(SecretRules())
        return GitCodeRepo(find_checkout(self.repo), tree_of=lambda run: nowhere / run, screen=screen)

    def commit(self, number: int) -> Callable[[], object] | None:
        """A commit of ours with a row and a run record, to be called; None where there is no mission."""
        store = self.store()
        snapshot = store.snapshot() if store else None
        stored = snapshot.missions.get(ID) if snapshot else None
        if store is None or snapshot is None or stored is None:
            return None
        new = f"{stored.text}| 2026-11-20T11:00:00Z | feature.dispatched | <o{number}> |\n"
        writes = [
            Write(stored.path, new, stored.text, reworking(stored.text, new, stored.path)),
            Write(f"{stored.runs}/1.1-a{number}.md", f"---\nrun: m/1.1-a{number}\n---\n<o{number}>\n"),
        ]
        message = f"m: 1.1-a{number}\n\nMission-Id: m\nMission-Event: feature.dispatched\n"
        return lambda: store.commit(writes, message=message, expect=snapshot.head)

    def recover(self) -> object:
        """What every pulse does first."""
        store = self.store()
        return store.recover() if store else None

    def join(self, number: int) -> Callable[[], object] | None:
        """The join of what a colleague did at the state that the remote had: a word, a new file, one less."""
        desk = Desk(self.desk)
        base = desk.git("rev-parse", "--verify", "--quiet", "refs/remotes/origin/missions").stdout.decode().strip()
        text = desk.blob(f"{base}:{self.mission}").decode()
        if not text:
            return None
        index = {"GIT_INDEX_FILE": os.fspath(self.repo.parent / "colleague.index")}
        desk.git("read-tree", base, env=index)
        ours = [p for p in desk.text("ls-tree", "-r", "--name-only", base).splitlines() if "/runs/" in p]
        if ours and number % 2:
            desk.git("update-index", "--force-remove", "--", ours[0], env=index)
        for path, content in (
            (self.mission, text.replace("> Two people", f"<o{number}> two people", 1)),
            (f"theirs-{number}.txt", f"<o{number}>\n"),
        ):
            blob = desk.git("hash-object", "-w", "--stdin", stdin=content.encode()).stdout.decode().strip()
            desk.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
        tree = desk.git("write-tree", env=index).stdout.decode().strip()
        theirs = desk.text("commit-tree", tree, "-p", base, "-m", f"colleague {number}")
        store = self.store()
        return (lambda: store.join(Sha(theirs), message="Join\n\nMission-Event: state.joined\n")) if store else None

    def work(self, number: int, path: str) -> None:
        """Finished work: a file of its own, or a line in one of the person's, on the mission's branch."""
        code, desk = self.code(), Desk(self.desk)
        heads = code.heads(ID, "main")
        assert heads.base is not None
        if heads.work is None:
            code.make_work(ID, heads.base)
        elif (merge := code.base_merge(heads.base, heads.work)) is not None and merge.commit:
            code.move_work(ID, merge.commit, heads.work)
        work = code.heads(ID, "main").work
        assert work is not None
        index = {"GIT_INDEX_FILE": os.fspath(self.repo.parent / "worker.index")}
        desk.git("read-tree", work, env=index)
        content = desk.blob(f"{work}:{path}") + f"<o{number}>\n".encode()
        blob = desk.git("hash-object", "-w", "--stdin", stdin=content).stdout.decode().strip()
        desk.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
        tree = desk.git("write-tree", env=index).stdout.decode().strip()
        done = desk.text("commit-tree", tree, "-p", work, "-m", f"feature {number}")
        code.move_work(ID, Sha(done), work)

    def land(self) -> Callable[[], str] | None:
        """Landing what is done, to be called; None where something is in the way."""
        code = self.code()
        heads = code.heads(ID, "main")
        if heads.base is None or heads.work is None:
            return None
        base, landing = heads.base, code.landing("main", heads.base, heads.work)
        if landing.obstacle or landing.commit is None:
            return None
        commit = landing.commit
        return lambda: code.land("main", commit, base)


def copy_room(template: Path, to: Path) -> None:
    """A room of one's own."""
    shutil.copytree(template, to, symlinks=True)
