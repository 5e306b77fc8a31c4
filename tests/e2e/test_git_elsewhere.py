"""Repositories that were moved or copied, and disks that are full or only to be read: nothing is lost, nobody acts twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.test_supervision import SLOW_AT_FIRST, assert_second_attempt_knows, worker_arrives
from tests.kit.nightly import by_day
from tests.kit.people import HONEST, Answer, Person

from mission_cli import __version__
from mission_cli.adapters.fs.locks import wait_for
from mission_cli.fastpath import is_idle
from mission_cli.wiring.compose import open_repository

ONE = """\
title: One feature
budget: {time_hours: 1, money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""


def at_work(person: Person) -> Path:
    """A worker that has begun; return its tree."""
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(ONE)
    person.start()
    worker_arrives(person)
    return Path(open_repository(person.repo).context.executor.tree("m/1.1-a1"))


def move(person: Person) -> Person:
    """The checkout under another name."""
    other = person.repo.parent / "elsewhere"
    person.repo.rename(other)
    return Person(other, person.settings, person.tables)


def copy(person: Person, name: str = "copy") -> Person:
    """A copy with all that is in it, as `cp -a` makes it."""
    other = person.repo.parent / name
    while subprocess.run(["cp", "-a", os.fspath(person.repo), os.fspath(other)], check=False).returncode:
        shutil.rmtree(other)  # a file was removed meanwhile: a worker is at work
    return Person(other, person.settings, person.tables)


def test_a_checkout_that_is_moved_while_a_worker_runs_saves_its_work_and_goes_on(person: Person) -> None:
    tree = at_work(person)
    moved = move(person)
    wait_for(tree.with_name(f"{tree.name}.lock"))
    assert moved.run(ok=None).facts["status"] == "completed"
    assert moved.starts() == ["m/1.1-a1", "m/1.1-a2"]
    assert moved.causes() == [("1.1-a1", "lost"), ("1.1-a2", "done")]
    assert_second_attempt_knows(moved, "lost")
    assert not person.repo.exists()
    person.repo = moved.repo
    assert person.git("status", "--porcelain") == ""


def test_the_tree_of_an_attempt_can_be_read_after_its_checkout_was_moved(person: Person) -> None:
    person.worker("write('note.txt', 'x')\ncommit('begin')\nprint('no feature')\n")
    person.set("attempts = 1")
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    tree = Path(open_repository(person.repo).context.executor.tree("m/1.1-a1"))
    assert tree.is_dir()
    moved = move(person)
    person.repo = moved.repo
    moved.mission("status", "m", ok=None)
    assert moved.git("log", "--format=%s", cwd=tree).splitlines()[0] == "begin"
    assert moved.git("fsck", "--connectivity-only", "--no-dangling", cwd=tree) == ""
    moved.worker(HONEST)
    moved.mission("retry", "m/1.1")
    assert moved.run(ok=None).facts["status"] == "completed"
    second = Path(open_repository(moved.repo).context.executor.tree("m/1.1-a2"))
    assert second.parent == tree.parent


def test_a_copy_does_nothing_for_the_original_and_kills_none_of_its_workers(person: Person) -> None:
    at_work(person)
    other = copy(person)
    pid = json.loads((person.runtime / "jobs/m/1.1-a1/started.json").read_text())["pid"]
    head, refs = other.state_head(), other.git("for-each-ref")
    for _ in range(3):
        assert other.mission("pulse").out == ""
    assert (other.state_head(), other.git("for-each-ref")) == (head, refs)
    os.kill(pid, 0)
    assert not list((other.runtime / "jobs").rglob("spec.json"))
    held = other.mission("why", "m").out
    assert "it is run by" in held
    assert "mission takeover m" in held
    answer = other.mission("start", "m", "--headless", ok=(3,))
    assert answer.err.splitlines()[1] == " hint: mission takeover m"
    os.kill(pid, signal.SIGKILL)
    person.wait_for_job("m/1.1-a1")
    person.run()
    assert person.starts() == ["m/1.1-a1", "m/1.1-a2"]


def test_a_copy_that_takes_a_mission_over_starts_anew_and_touches_no_job_of_the_original(person: Person) -> None:
    at_work(person)
    other = copy(person)
    pid = json.loads((person.runtime / "jobs/m/1.1-a1/started.json").read_text())["pid"]
    other.mission("takeover", "m")
    other.worker(HONEST, name="script")
    [held] = other.run(ok=(3,)).facts["waiting_for"]
    assert held["name"] == "1.1: nothing is left to reserve: $0 spent and $5 reserved of $5"
    assert held["unblock"] == "mission set m budget.money_usd 10"  # what the lost attempt has cost is unknown
    other.mission("set", "m", "budget.money_usd", "10")
    assert other.run(ok=None).facts["status"] == "completed"
    assert other.causes() == [("1.1-a1", "lost"), ("1.1-a2", "done")]
    assert "from which the mission was taken over" in (other.repo / "missions/m/runs/1.1-a1.md").read_text()
    os.kill(pid, 0)
    assert [r for r in other.starts() if r == "m/1.1-a2"] == ["m/1.1-a2"]
    other.leave()


def test_what_is_idle_in_a_repository_is_not_idle_in_its_copy(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.mission("pulse")
    assert is_idle(os.fspath(person.runtime), __version__)
    other = copy(person)
    assert not is_idle(os.fspath(other.runtime), __version__)


READ_ONLY = "mount --bind .git .git\nmount -o remount,ro,bind .git\n"
FULL = """\
mkdir "$KEPT"
mount -t tmpfs -o size=4m none "$KEPT"
cp -a .git "$KEPT/disk"
dd if=/dev/zero of="$KEPT/fill" bs=1k count=100000 2>/dev/null || true
truncate -s "-${ROOM}K" "$KEPT/fill"
mount --bind "$KEPT/disk" .git
"""
AND_THEN = """\
code=0
"$@" || code=$?
rm "$KEPT/fill"
"$1" -P -m mission_cli pulse --quiet
git -C missions status --porcelain
git -C missions fsck --no-dangling
ls .git/mission-state.git | grep -E '^index\\.|lock-|journal' || true
git -C missions log -1 --format=%s
exit $code
"""


def in_a_room(person: Person, script: str, *words: str, **more: str) -> Answer:
    """Run a command where other file systems are mounted, which only it sees."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounts of one's own need root and unshare: run the tests as root, in a container")
    command = ["unshare", "--mount", "sh", "-ec", script, "sh", sys.executable, "-P", "-m", "mission_cli", *words]
    around = {**os.environ, **more}
    done = subprocess.run(command, cwd=person.repo, env=around, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def assert_said(answer: Answer, *words: str) -> None:
    """It says what is wrong, with a remedy, and nothing of a bug."""
    assert answer.code == 1
    assert any(word in answer.err for word in words), answer.err
    assert "Traceback" not in answer.err
    assert "bug" not in answer.err


@pytest.mark.parametrize("words", by_day(["pulse", "pulse --quiet", "cancel m --yes", "start m --headless"], 2))
def test_a_git_folder_that_can_only_be_read(person: Person, words: str) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    head = person.state_head()
    shown = in_a_room(person, READ_ONLY + 'exec "$@"', "status", "m")
    assert (shown.code, shown.err) == (0, "")
    assert "One feature" in shown.out
    answer = in_a_room(person, READ_ONLY + 'exec "$@"', *words.split(" "))
    assert_said(answer, "Read-only file system")
    assert " hint: that file system is read-only: mount it for writing" in answer.err
    assert person.state_head() == head
    person.mission("cancel", "m", "--yes")


@pytest.mark.parametrize("room", by_day([0, 8, 24, 48, 90], 3))
def test_a_disk_that_is_full_loses_nothing_and_once_there_is_room_all_is_tidy(person: Person, room: int) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    kept = os.fspath(person.repo.parent / "kept")
    answer = in_a_room(person, FULL + AND_THEN, "cancel", "m", "--yes", KEPT=kept, ROOM=str(room))
    if answer.code == 0:
        assert answer.out.splitlines() == ["m is cancelled", "m is cancelled (by Ada)"]
        return
    assert_said(answer, "No space left on device", "Out of diskspace")
    assert answer.out.splitlines() in (["m is planned: One feature (by Ada)"], ["m is cancelled (by Ada)"])
