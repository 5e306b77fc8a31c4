"""`mission gc`: what is landed or surely dead goes, what anybody could miss stays, and no number comes twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.nightly import NIGHTLY, only_at_night
from tests.kit.people import HONEST

from mission_cli.adapters.fs.locks import try_lock, unlock
from mission_cli.wiring.compose import open_repository, storage

if TYPE_CHECKING:
    from tests.kit.people import Person

TWO = """\
title: Two files
budget: {time_hours: 1, money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
"""
STUMBLES = """
if FEATURE == "1.1" and ATTEMPT == 1:
    write("wrong.txt", "wrong")
    commit()
    write("thought.txt", "not committed")
    sys.exit(0)
"""


def finished(person: Person, *sources: str) -> None:
    """A mission that is completed and landed."""
    person.worker(*(sources or (HONEST,)))
    person.plan(TWO)
    person.start()
    assert person.run().facts["shown_as"] == "completed"


def tree_of(person: Person, run: str) -> Path:
    ctx = open_repository(person.repo).context
    return Path(ctx.executor.tree(run))


def refs(person: Person, *places: str) -> list[str]:
    listed = person.git("for-each-ref", "--format=%(refname)", *(places or ("refs/mission", "refs/heads/mission")))
    return listed.splitlines()


def things(person: Person) -> list[tuple[str, str]]:
    """(kind, name) of everything that is there."""
    return [(str(t.kind), t.name) for t in storage(open_repository(person.repo)).things()]


def gc(person: Person, *flags: str) -> dict[str, Any]:
    return person.mission("gc", "--json", *flags).facts


def short(facts: list[dict[str, Any]], *, why: bool = False) -> list[Any]:
    names = [(one["kind"], "/".join(Path(one["name"]).parts[-2:])) for one in facts]
    return [(*name, one["why"]) for name, one in zip(names, facts, strict=True)] if why else names


def test_what_a_completed_mission_left_goes_and_what_was_known_of_it_stays(person: Person) -> None:
    finished(person)
    before = {name: person.mission(*name.split(), "--json").facts for name in ("status m", "history m")}
    records = sorted(p.name for p in (person.repo / "missions/m/runs").iterdir())
    tips = person.git("rev-parse", "main", "mission/m/work")
    there = things(person)

    dry = gc(person, "--dry-run")
    assert things(person) == there
    assert person.git("rev-parse", "main", "mission/m/work") == tips
    done = gc(person)
    assert {**dry, "dry_run": False} == done
    assert done["schema"] == 1
    assert sorted(short(done["removed"])) == sorted(
        [("tree", "m/1.1-a1"), ("tree", "m/1.2-a1"), ("job", "m/1.1-a1"), ("job", "m/1.2-a1"),
         *((kind, f"checks/{Path(name).name}") for kind, name in there if "/checks/" in name),
         ("tip", "m/1.1-a1"), ("tip", "m/1.2-a1"), ("branch", "m/1.1-a1"), ("branch", "m/1.2-a1"),
         ("mark", "known/m"), ("mark", "ours/m")]
    )  # fmt: skip
    highest = "the highest number of its feature, so that no number is used twice"
    assert short(done["kept"], why=True) == [("claim", "m/1.1-a1", highest), ("claim", "m/1.2-a1", highest)]
    assert done["freed"] > 0
    assert (done["rolled"], records) == ({"m": 2}, ["1.1-a1.md", "1.2-a1.md"])
    claims = ["refs/mission/claims/m/1.1-a1", "refs/mission/claims/m/1.2-a1"]
    assert refs(person) == ["refs/heads/mission/m/work", *claims]
    assert not (person.runtime / "jobs/m").exists()

    assert [p.name for p in (person.repo / "missions/m/runs").iterdir()] == ["2026.md"]
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""
    assert person.mission("status", "m", "--json").facts == before["status m"]
    history = person.mission("history", "m", "--json").facts
    first, *rest = history["events"] if "events" in history else history["items"]
    assert first["events"] == ["runs.rolled"]
    assert rest == (before["history m"].get("events") or before["history m"]["items"])
    person.mission("pulse")
    again = gc(person)
    assert (again["removed"], again["rolled"]) == ([], {})
    assert person.git("rev-parse", "main", "mission/m/work") == tips


@only_at_night
def test_a_mark_that_alone_holds_finished_work_stays(person: Person) -> None:
    finished(person)
    tip = person.git("rev-parse", "mission/m/work")
    person.git("update-ref", "-d", "refs/heads/mission/m/work")
    person.git("update-ref", "refs/heads/main", f"{tip}~1")
    kept = short(gc(person)["kept"], why=True)
    nowhere = "its commits are on no other branch"
    assert [one for one in kept if one[0] == "mark"] == [("mark", "known/m", nowhere), ("mark", "ours/m", nowhere)]
    assert person.git("rev-parse", "refs/mission/ours/m") == tip


@only_at_night
def test_after_it_no_attempt_number_is_given_out_again(person: Person) -> None:
    finished(person)
    gc(person)
    person.mission("start", "m", "--headless")
    person.mission("retry", "m/1.2", "--reason", "once more", "--yes")
    person.run(ok=None)
    assert person.starts() == ["m/1.1-a1", "m/1.2-a1", "m/1.2-a2"]
    assert [p.name for p in sorted((person.repo / "missions/m/runs").iterdir())] == ["1.2-a2.md", "2026.md"]
    spent = person.mission("status", "m", "--json").facts["milestones"][0]["features"]
    assert [(f["number"], f["attempts"]) for f in spent] == [("1.1", 1), ("1.2", 2)]


def test_unmerged_commits_dirty_trees_saved_work_and_a_persons_things_stay(person: Person) -> None:
    finished(person, STUMBLES, HONEST)
    stash = tree_of(person, "m/1.2-a1")
    (stash / "1.2.txt").write_text("mine\n")
    person.git("stash", cwd=stash)
    elsewhere = tree_of(person, "m/1.1-a2")
    person.git("checkout", "--quiet", "-b", "idea", cwd=elsewhere)
    person.git("commit", "--quiet", "--allow-empty", "-m", "an idea", cwd=elsewhere)

    kept = short(gc(person)["kept"], why=True)
    last = "the highest number of its feature, so that no number is used twice"
    assert kept == [
        ("tree", "m/1.1-a1", "uncommitted changes: thought.txt"),
        ("tree", "m/1.1-a2", "commits of its HEAD are on no branch of the repository"),
        ("tree", "m/1.2-a1", "it has a stash"),
        ("wip", "m/1.1-a1", "its content has not landed"),
        ("branch", "m/1.1-a1", "its commits are on no other branch"),
        ("claim", "m/1.1-a2", last),
        ("claim", "m/1.2-a1", last),
    ]
    assert (elsewhere.parent / "1.1-a1/thought.txt").read_text() == "not committed"
    shown = person.mission("gc").out
    assert re.search(r"^m: kept the tree \S+m/1\.1-a1: uncommitted changes: thought\.txt$", shown, re.MULTILINE)
    assert "kept         tree    " in person.mission("gc", "--verbose").out

    person.git("merge", "--quiet", "-m", "take it", "refs/mission/wip/m/1.1-a1")
    assert [one for one in short(gc(person)["kept"]) if one[0] in {"wip", "branch", "tip"}] == []


@only_at_night
def test_of_a_mission_that_goes_on_everything_stays(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO.replace("preferences: {land: auto}\n", ""))
    person.start()
    person.run(ok=(3,))
    there = things(person)
    facts = gc(person)
    assert (facts["removed"], facts["rolled"]) == ([], {})
    assert {one["why"] for one in facts["kept"]} == {"its mission is active"}
    assert things(person) == there
    kept, removed = person.mission("gc").out.splitlines()
    assert re.fullmatch(r"m: kept 2 branches, \d logs, \d refs, 2 trees: its mission is active", kept)
    assert removed == "removed: 0 things, 0 B"


def test_who_is_at_work_keeps_it(person: Person) -> None:
    finished(person)
    there, tree = things(person), tree_of(person, "m/1.1-a1")
    loop = try_lock(person.runtime / "lock")
    assert loop is not None
    answer = person.mission("gc", ok=(4,))
    unlock(loop)
    assert answer.err == "error: a pulse is running here\n hint: try again in a moment\n"
    assert things(person) == there

    locks = [try_lock(tree.with_name("1.1-a1.lock")), try_lock(person.runtime / "jobs/m/1.2-a1/lock")]
    kept = short(gc(person)["kept"], why=True)
    assert ("tree", "m/1.1-a1", "a process is working in it") in kept
    assert ("job", "m/1.2-a1", "its supervisor is running") in kept
    for lock in locks:
        assert lock is not None
        unlock(lock)
    assert [one[0] for one in short(gc(person)["kept"])] == ["claim", "claim"]


KILLED = """
import os, signal, sys
from pathlib import Path
import mission_cli.adapters.executors.local.storage as rooms
import mission_cli.adapters.git.repo.command as commands
from mission_cli.app.commands.cleanup import collect
from mission_cli.wiring.compose import open_repository, storage

left = int(sys.argv[1])

def dying(function):
    def call(*words, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*words, **more)
    return call

rooms.trees.remove_tree = dying(rooms.trees.remove_tree)
Path.rename = dying(Path.rename)
original = commands.Git.run
def run(self, *words, **more):
    return (dying(original) if words[0] == "update-ref" else original)(self, *words, **more)
commands.Git.run = run
opened = open_repository(Path.cwd())
collect(opened.context, storage(opened))
"""


STEPS = (9, *((1, 2, 3, 4, 6, 7, 12, 14) if NIGHTLY else ()))


@pytest.mark.parametrize("step", STEPS)
def test_killed_in_between_the_next_one_finishes_it(person: Person, step: int) -> None:
    finished(person)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step)],
        cwd=person.repo,
        check=False,
        env=dict(os.environ),
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    gc(person)
    assert [kind for kind, _ in things(person)] == ["claim", "claim"]
    assert not list(person.repo.parent.rglob("*.gone"))
    assert person.mission("run", "m", "--json").facts["shown_as"] == "completed"
    assert [p.name for p in (person.repo / "missions/m/runs").iterdir()] == ["2026.md"]
