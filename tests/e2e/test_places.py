"""Where mission files live: beside the code, in place, in odd repositories."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST, Person

if TYPE_CHECKING:
    from pathlib import Path

ONE = """\
title: One feature
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""


@only_at_night
def test_a_removed_work_tree_of_the_mission_files_is_made_again(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    text = person.file().read_text()
    person.git("clean", "-ffdxq", "--exclude=.mission.toml")
    assert not person.file().exists()
    person.start()
    person.run()
    assert "status: completed" in person.file().read_text()
    assert text.splitlines()[1] == person.file().read_text().splitlines()[1]
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""


@only_at_night
def test_a_checkout_that_is_moved_keeps_its_missions(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.start()
    person.run()
    moved = Person(person.repo.parent / "moved")
    shutil.move(person.repo, moved.repo)
    assert moved.mission("status", "m", "--json").facts["status"] == "completed"
    assert moved.git("status", "--porcelain", cwd=moved.repo / "missions") == ""


def test_a_branch_that_tracks_missions_gets_them_a_folder_of_another_name(person: Person) -> None:
    person.git("checkout", "-q", "-b", "other")
    person.commit("Their missions", **{"missions/apollo.txt": "moon\n"})
    person.git("checkout", "-q", "main")
    person.worker(HONEST)
    person.plan(ONE)
    assert (person.repo / ".missions/m/mission.md").exists()
    person.start()
    assert person.mission("run", "m", "--json").facts["status"] == "completed"
    person.rest()
    person.git("checkout", "-q", "other")
    assert (person.repo / "missions/apollo.txt").read_text() == "moon\n"


def test_mission_files_that_are_tracked_are_served_in_place(person: Person, tmp_path: Path) -> None:
    elsewhere = Person(tmp_path / "elsewhere")
    elsewhere.repo.mkdir()
    elsewhere.git("init", "--quiet", "--initial-branch=main")
    elsewhere.commit("Begin")
    elsewhere.plan(ONE)
    text = (elsewhere.repo / "missions/m/mission.md").read_text()
    person.worker(HONEST)
    person.commit("Add a mission", **{"missions/m/mission.md": text})
    person.write("notes.txt", "staged\n")
    person.git("add", "notes.txt")
    person.start()
    answer = person.mission("run", "m", "--json")
    assert answer.facts["status"] == "completed"
    person.rest()
    assert not (person.repo / ".git/mission-state.git").exists()
    assert person.git("status", "--porcelain") == "M  notes.txt"
    assert "status: completed" in person.git("show", "main:missions/m/mission.md")
    assert (person.repo / "missions/m/runs/1.1-a1.md").exists()
    assert "1.1-a1 is done" in " ".join(person.log())
    assert person.git("show", "main:1.1.txt") == "1.1 by attempt 1"
    assert person.git("show", "HEAD:notes.txt") == "hello"


def test_from_a_linked_worktree_the_same_missions_are_seen(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    other = person.repo.parent / "linked"
    person.git("worktree", "add", "-q", "-b", "topic", os.fspath(other))
    linked = Person(other)
    assert linked.mission("list", "--json").facts["missions"][0]["id"] == "m"
    linked.mission("start", "m", "--headless")
    linked.mission("run", "m")
    person.rest()
    assert person.mission("status", "m", "--json").facts["status"] == "completed"
    assert linked.git("status", "--porcelain") == ""
    assert not (other / "missions").exists()


def test_a_repository_without_a_commit_says_what_is_missing(tmp_path: Path) -> None:
    person = Person(tmp_path / "empty")
    person.repo.mkdir()
    person.git("init", "--quiet", "--initial-branch=main")
    person.worker(HONEST)
    person.plan(ONE)
    answer = person.mission("start", "m", "--headless", ok=(3,))
    assert (
        answer.err
        == "error: the base branch `main` does not exist\n hint: it has no commit yet: git commit --allow-empty -m 'First commit'\n"
    )


def test_a_folder_that_is_no_repository_makes_a_homeless_mission(tmp_path: Path) -> None:
    person = Person(tmp_path / "plain")
    person.repo.mkdir()
    assert person.plan(ONE) == "m"
    assert person.mission("status").out.endswith("next: mission attach m\n")
    answer = person.mission("start", ok=(1,))
    assert answer.err.splitlines()[1] == " hint: run `git init` there, or name a repository with --repo"
    assert [m["id"] for m in person.mission("list", "--all", "--json").facts["missions"]] == ["m"]


def test_two_missions_run_beside_each_other_and_an_error_in_one_does_not_stop_the_other(person: Person) -> None:
    person.worker(HONEST)
    person.plan(ONE, identity="good")
    person.plan(ONE, identity="bad")
    text = person.file("bad").read_text()
    person.file("bad").write_text(text.replace("status: planning", "status: active\nstatus: paused"))
    person.git("commit", "--quiet", "-am", "Break it", cwd=person.repo / "missions")
    person.start("good")
    person.mission("run", "good")
    person.rest()
    assert person.mission("status", "good", "--json").facts["status"] == "completed"
    problems = person.mission("status", "bad", "--json").facts["problems"]
    assert [(p["line"], p["message"]) for p in problems] == [(5, "the key `status` appears twice")]


def test_files_of_other_tools_are_shown_and_never_driven(person: Person) -> None:
    text = """\
---
id: foreign
title: Theirs
status: active
mode: full
---
# Theirs

### Milestone 1: First

**Status:** active

| # | Feature | Task ID | Status | Estimate | Worker | PR |
|---|---------|---------|--------|----------|--------|----|
| 1.1 | one | t1 | in progress (#29646) | ~2h | 4711 | |
| 1.2 | two | t2 | pending | | | |
"""
    person.commit("Their mission", **{"todo/missions/foreign-mission.md": text})
    head = person.git("rev-parse", "HEAD")
    for _ in range(3):
        person.mission("pulse")
    assert person.git("rev-parse", "HEAD") == head
    status = person.mission("status", "foreign", "--json").facts
    assert [(f["status"], f["raw_status"]) for f in status["milestones"][0]["features"]] == [
        ("dispatched", "in progress (#29646)"),
        ("pending", "pending"),
    ]
    assert "not managed by this program" in person.mission("why", "foreign").out


def test_a_file_of_the_first_form_is_driven_and_keeps_its_form(person: Person) -> None:
    text = """\
---
mode: subagent
base: main
preferences: {runner: script, land: auto}
---
# Mission: An old one

## State
- **ID:** old | **Status:** planning | **Mode:** full
- **Budget:** 1h / $20

## Goal
Two files.

## Milestones
### M1: All
- **Status:** pending | **Estimate:** ~1h | **Validation:** file: `1.2.txt`
- **Features:**
  - [ ] F1: one ~30m [parallel-group:a]
  - [ ] F2: two ~30m [depends:F1]

## Budget Tracking
| Resource | Budget | Spent | Remaining |
|----------|--------|-------|-----------|
| Time | 1h | 0h | 1h |

## Decisions Log
| Date | Decision | Rationale |
|------|----------|-----------|
"""
    person.worker(HONEST)
    person.commit("An old mission", **{"todo/missions/old/mission.md": text})
    person.start("old")
    answer = person.run("old", ok=None)
    new = person.git("show", "main:todo/missions/old/mission.md")
    assert answer.facts["status"] == "completed", new
    assert "- **ID:** old | **Status:** completed | **Mode:** full\n" in new
    assert "- **Status:** passed | **Estimate:** ~1h | **Validation:** file: `1.2.txt`\n" in new
    assert "  - [x] F1: one ~30m [parallel-group:a]" in new
    assert "  - [x] F2: two ~30m [depends:F1]" in new
    assert new.count("| Resource | Budget | Spent | Remaining |") == 1
    assert "## Decision Log" not in new
