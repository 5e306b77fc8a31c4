"""The base branch while a mission runs: renamed, deleted, a symbolic ref, checked out twice. Never landed unseen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: One file
budget: {time_hours: 1}
preferences: {land: %s}
milestones:
  - name: Only
    validation: ["file: `new.txt`"]
    features:
      - {title: one}
"""
WORKER = """\
(OUTSIDE / "begun").write_text("")
(OUTSIDE / "go").read_text()
write("new.txt", "new\\n")
commit()
"""


def run_beside(person: Person, *commands: tuple[str, ...], land: str = "auto") -> None:
    """Let the worker begin, do what a person does meanwhile, let it end, and pulse until nothing moves."""
    person.worker(WORKER)
    person.plan(PLAN % land)
    person.start()
    begun, go = (person.repo.parent / name for name in ("begun", "go"))
    os.mkfifo(begun)
    os.mkfifo(go)
    person.mission("pulse")
    begun.read_text()
    for command in commands:
        person.git(*command)
    go.write_text("")
    person.rest()
    person.run(ok=None)


@pytest.mark.parametrize("land", by_day(["ask", "auto"], 1))
@pytest.mark.parametrize(
    ("commands", "words", "unblock"),
    [
        (
            [("branch", "-m", "main", "trunk")],
            "the base branch `main` does not exist: it was renamed to `trunk`",
            "mission set m base trunk",
        ),
        (
            [("switch", "--quiet", "--create", "other"), ("branch", "-D", "main")],
            "the base branch `main` does not exist",
            "mission set m base BRANCH",
        ),
    ],
)
def test_a_base_that_is_gone_is_waited_for_and_never_landed_on(
    person: Person, commands: list[tuple[str, ...]], words: str, unblock: str, land: str
) -> None:
    run_beside(person, *commands, land=land)
    assert person.loaded().mission.status == "active"
    inbox = person.mission("inbox", ok=(3,)).out
    assert words in inbox
    assert unblock in inbox
    assert person.causes() == [("1.1-a1", "done")]
    refused = person.mission("land", "m", "--yes", ok=(3,)).err
    assert refused == f"error: {words}\n hint: {unblock}\n"
    assert person.loaded().mission.landings == ()


def test_a_base_that_comes_back_is_landed_on(person: Person) -> None:
    start = person.git("rev-parse", "main")
    run_beside(person, ("switch", "--quiet", "--create", "other"), ("branch", "-D", "main"))
    person.git("branch", "main", start)
    person.run()
    assert person.loaded().mission.status == "completed"
    assert "new.txt" in person.git("ls-tree", "--name-only", "main")


def test_finished_work_that_is_gone_is_not_called_landed(person: Person) -> None:
    run_beside(person, land="ask")
    person.git("branch", "-D", "mission/m/work")
    person.mission("land", "m", "--yes", ok=None)
    person.run(ok=None)
    assert person.loaded().mission.status == "active"
    assert "the branch `mission/m/work` does not exist" in person.mission("inbox", ok=(3,)).out


def test_a_symbolic_ref_is_landed_on_where_it_leads_to(person: Person) -> None:
    person.git("branch", "-m", "main", "trunk")
    person.git("symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    person.git("switch", "--quiet", "--create", "other")
    person.worker('write("new.txt", "new\\n")\ncommit()\n')
    person.plan(PLAN % "auto", "--base", "main")
    person.start()
    person.run()
    assert person.git("symbolic-ref", "refs/heads/main") == "refs/heads/trunk"
    assert "new.txt" in person.git("ls-tree", "--name-only", "trunk")


@pytest.mark.parametrize("head", ["main", "--detach"])
def test_a_tag_of_the_same_name_does_not_change_how_the_base_is_called(person: Person, head: str) -> None:
    """Git's short names are `heads/main` and `remotes/origin/main` then."""
    person.git("update-ref", "refs/remotes/origin/main", "main")
    person.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    person.git("tag", "main")
    person.git("tag", "origin/main")
    person.git("switch", "--quiet", head)
    person.worker('write("new.txt", "new\\n")\ncommit()\n')
    person.plan(PLAN % "auto")
    person.start()
    assert person.loaded().mission.base == "main"


def test_every_work_tree_of_the_base_gets_the_files(person: Person) -> None:
    second = person.repo.parent / "second"
    person.git("worktree", "add", "--quiet", "--force", str(second), "main")
    person.worker('write("new.txt", "new\\n")\ncommit()\n')
    person.plan(PLAN % "auto")
    person.start()
    person.run()
    for tree in (person.repo, second):
        assert (tree / "new.txt").read_text() == "new\n"
        assert person.git("status", "--porcelain", cwd=tree) == ""
