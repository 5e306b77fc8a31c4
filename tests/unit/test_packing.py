"""The state repository packs itself, while others read and write in it, and whatever was killed before."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.fs.locks import try_lock, unlock, wait_for
from mission_cli.adapters.git.state.packing import LOCK, pack_when_many
from mission_cli.ports.git.state import Write
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

MANY = 2000


def fill(git_dir: Path, folder: Path) -> None:
    """Make many loose objects that nothing refers to, as commits that are about to be made do."""
    folder.mkdir()
    for number in range(MANY):
        (folder / str(number)).write_text(f"{number}\n")
    names = "".join(f"{folder / str(number)}\n" for number in range(MANY))
    argv = ["git", f"--git-dir={git_dir}", "hash-object", "-w", "--stdin-paths"]
    subprocess.run(argv, input=names, text=True, check=True, capture_output=True)


def facts(git_dir: Path) -> dict[str, int]:
    """What `git count-objects` says."""
    argv = ["git", f"--git-dir={git_dir}", "count-objects", "-v"]
    said = subprocess.run(argv, text=True, check=True, capture_output=True).stdout
    return {name: int(number) for name, number in (line.split(": ") for line in said.splitlines())}


@pytest.mark.parametrize("in_place", [False, True])
def test_many_loose_objects_are_packed_behind_a_commit_in_a_repository_of_ours(person: Person, in_place: bool) -> None:  # noqa: FBT001 - a parameter
    if in_place:
        person.set('state = "here"')
    person.plan('title: T\nmilestones: [{name: A, features: [{title: one, criteria: ["file: `a`"]}]}]\n')
    store = open_repository(person.repo).state
    git_dir = store.layout.git_dir
    fill(git_dir, person.repo.parent / "many")
    (git_dir / "objects/pack/tmp_pack_dead").touch()
    os.utime(git_dir / "objects/pack/tmp_pack_dead", (0, 0))
    settings = (git_dir / "config").read_bytes()
    for number in range(3):
        place = store.path_for(next(iter(store.snapshot().missions)))
        texts = store.snapshot().missions
        old = next(s.text for s in texts.values() if s.path == place)
        store.commit([Write(place, f"{old}\nMore {number}.\n", old)], message="more", expect=store.head())
    if in_place:
        assert facts(git_dir)["count"] > MANY
        assert not (git_dir / LOCK).exists()
        return
    wait_for(git_dir / LOCK)
    found = facts(git_dir)
    assert found["count"] < 100
    assert (found["in-pack"] >= MANY, found["packs"] <= 2) == (True, True), found
    assert (git_dir / "config").read_bytes() == settings
    assert not (git_dir / "objects/pack/tmp_pack_dead").exists()
    subprocess.run(["git", f"--git-dir={git_dir}", "fsck", "--strict"], check=True, capture_output=True)
    assert "More 2." in next(iter(open_repository(person.repo).state.snapshot().missions.values())).text


def test_only_one_packs_at_a_time_and_none_where_there_is_little(person: Person) -> None:
    person.plan('title: T\nmilestones: [{name: A, features: [{title: one, criteria: ["file: `a`"]}]}]\n')
    store = open_repository(person.repo).state
    git = store._git  # noqa: SLF001 - the state repository's git has no other name
    assert not pack_when_many(git)
    fill(git.git_dir, person.repo.parent / "many")
    held = try_lock(git.git_dir / LOCK)
    assert held is not None
    assert not pack_when_many(git)
    unlock(held)
    assert pack_when_many(git)
    wait_for(git.git_dir / LOCK)
    assert facts(git.git_dir)["count"] == 0
