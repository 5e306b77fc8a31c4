"""The gaps in which we could come between a person and their git, one by one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.kit.dying import die_within
from tests.kit.nightly import by_day
from tests.people.desk import Desk
from tests.people.editor import OpenCommit
from tests.people.rooms import Room, make_room

from mission_cli.adapters.fs.exchange import finish_changing, remove_unless_changed, rework_file
from mission_cli.domain.errors import BlockedError, BusyError
from mission_cli.domain.ids import MissionId

if TYPE_CHECKING:
    from pathlib import Path

NEVER = 10_000


def make(place: str, folder: Path) -> tuple[Room, Desk]:
    make_room(place, folder / "room")
    room = Room(place, folder / "room/repo")
    return room, Desk(room.desk)


@pytest.mark.parametrize("place", by_day(["own", "here"], 1))
def test_a_commit_of_a_person_never_takes_back_what_a_dead_pulse_has_just_committed(place: str, tmp_path: Path) -> None:
    room, desk = make(place, tmp_path)
    step = room.commit(0)
    assert step is not None
    effects = die_within(step, before=NEVER).effects
    refused = 0
    for number in range(1, effects, 3):
        step = room.commit(number)
        assert step is not None
        assert die_within(step, before=number).died
        (desk.tree / "a.txt").write_text(f"<p{number}>\n")
        done = desk.git("commit", "--quiet", "-am", "mine")
        refused += done.returncode
        if done.returncode == 0:
            assert desk.text("diff", "--name-only", "HEAD~1", "HEAD") == "a.txt"
        room.recover()
        assert desk.left_overs() == []
        desk.git("commit", "--quiet", "-am", "mine")
        assert desk.text("status", "--porcelain") == ""
    assert refused, "a pulse died with the lock in its hand"


def test_a_file_that_a_join_takes_away_does_not_come_back_with_the_next_commit(tmp_path: Path) -> None:
    room, desk = make("own", tmp_path)
    step = room.commit(0)
    assert step is not None
    step()
    run = "m/runs/1.1-a0.md"
    desk.git("push", "--quiet", "origin", "missions")
    join = room.join(1)
    assert join is not None
    before = desk.text("rev-parse", "HEAD")
    effects = die_within(join, before=NEVER).effects
    for number in range(0, effects, 2):
        desk.git("reset", "--quiet", "--hard", before)
        assert (desk.tree / run).exists()
        join = room.join(1)
        assert join is not None
        die_within(join, before=number)
        room.recover()
        landed = desk.text("rev-parse", "HEAD") != before
        assert (desk.tree / run).exists() is not landed
        assert desk.text("status", "--porcelain") == "", number
        assert desk.left_overs() == []


def test_what_a_person_saves_while_we_exchange_a_file_and_die_comes_back(tmp_path: Path) -> None:
    place, copies = tmp_path / "mission.md", tmp_path / "copies"

    def write() -> None:
        rework_file(place, b"old\n", b"new\n", lambda _: None, temp_folder=copies)

    def remove() -> None:
        remove_unless_changed(place, b"old\n", temp_folder=copies)

    for step in (write, remove):
        place.write_bytes(b"old\n")
        effects = die_within(step, before=NEVER).effects
        for saves in range(effects):
            for dies in range(saves, effects + 8):
                place.write_bytes(b"old\n")
                end = die_within(step, before=dies, save_before=saves, save=lambda: place.write_bytes(b"mine\n"))
                assert end.saved
                finish_changing(place, temp_folder=copies)
                assert (place.read_bytes(), list(copies.iterdir())) == (b"mine\n", []), (step, saves, dies)


@pytest.mark.parametrize("place", ["own", "here"])
def test_while_the_branch_of_the_mission_files_is_rebased_we_wait(place: str, tmp_path: Path) -> None:
    room, desk = make(place, tmp_path)
    branch = desk.branch()
    desk.git("switch", "--quiet", "side")
    (desk.tree / "a.txt").write_text("theirs\n")
    desk.git("commit", "--quiet", "-am", "theirs")
    desk.git("switch", "--quiet", branch)
    (desk.tree / "a.txt").write_text("mine\n")
    desk.git("commit", "--quiet", "-am", "mine")
    assert desk.git("rebase", "--quiet", "side").returncode == 1
    before = desk.text("rev-parse", branch)
    step = room.commit(1)
    assert step is not None
    with pytest.raises(BusyError, match="cannot write mission files: a rebase is not finished"):
        step()
    assert desk.text("rev-parse", branch) == before
    (desk.tree / "a.txt").write_text("both\n")
    desk.git("add", "a.txt")
    assert desk.git("rebase", "--continue").returncode == 0
    assert (desk.branch(), desk.text("log", "-1", "--format=%s")) == (branch, "mine")
    step = room.commit(1)
    assert step is not None
    step()


def test_mission_files_on_a_branch_wait_for_a_branch(tmp_path: Path) -> None:
    room, desk = make("here", tmp_path)
    desk.git("switch", "--quiet", "--detach")
    with pytest.raises(BlockedError, match="no branch is checked out"):
        room.open()


@pytest.mark.parametrize("words", [["git"], ["git", "-c", "user.name=Bob"], ["git", "-C", "."]], ids=" ".join)
def test_landing_waits_for_a_commit_whose_editor_is_open(words: list[str], tmp_path: Path) -> None:
    room, desk = make("code", tmp_path)
    room.work(1, "w.txt")
    (desk.tree / "a.txt").write_text("mine\n")
    desk.git("add", "a.txt")
    base = desk.text("rev-parse", "main")
    opened = OpenCommit(desk.tree, tmp_path, git=words)
    assert opened.open
    code = room.code()
    heads = code.heads(MissionId("m"), "main")
    assert heads.base is not None
    assert heads.work is not None
    landing = code.landing("main", heads.base, heads.work)
    assert landing.obstacle == f"`{' '.join([*words, 'commit', '--quiet'][:4])}` is running in {os.fspath(desk.tree)}"
    assert landing.commit is not None
    assert "is running in" in code.land("main", landing.commit, heads.base)
    assert opened.close("mine") == (0, "")
    assert desk.text("log", "-1", "--format=%s %P") == f"mine {base}"
    step = room.land()
    assert step is not None
    assert step() == ""
    assert desk.text("status", "--porcelain") == ""
