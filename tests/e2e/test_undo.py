"""`mission undo`: the last decision is taken back by meaning where nothing irreversible came of it."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.e2e.test_supervision import SLOW_AT_FIRST, worker_arrives
from tests.e2e.test_time import waiting_mission
from tests.kit.people import HONEST, make_person

from mission_cli.engine.loop import pulse
from mission_cli.wiring.compose import open_repository

if TYPE_CHECKING:
    from tests.kit.people import Person

TWO = """\
title: Two files
budget: {time_hours: 1, money_usd: 5}
milestones:
  - name: Only
    validation: ["manual: it looks good"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
"""


def planned(person: Person) -> str:
    """A mission that was not started; return its text."""
    person.worker(HONEST)
    person.plan(TWO)
    return person.file().read_text()


def test_a_command_is_taken_back_as_a_new_commit_and_both_stay_told(person: Person) -> None:
    before = planned(person)
    person.mission("skip", "m/1.2", "--reason", "not needed")
    skipped = person.state_head()
    facts = person.mission("undo", "m", "--json").facts
    assert facts == {
        "schema": 1,
        "id": "m",
        "subject": "1.2 is skipped: not needed (by Ada)",
        "events": ["feature.skipped"],
        "undone": skipped,
        "commit": person.state_head(),
        "changes": [{"subject": "1.2", "what": "status", "before": "skipped", "after": "pending"}],
        "note": "",
    }
    trailers = "--format=%(trailers:only,unfold)"
    said = person.git("log", "-1", trailers, "missions", cwd=person.repo / "missions").splitlines()
    assert said.pop().startswith("Mission-Chain: m ")
    assert said.pop().startswith("Mission-Sum: ")
    assert said == [
        "Mission-Id: m",
        "Mission-Event: decision.undone",
        f"Mission-Undoes: {skipped}",
        "Mission-Why: undone: 1.2 is skipped: not needed (by Ada) (by Ada)",
    ]
    assert [(r.event, r.details) for r in person.loaded().mission.progress][-2:] == [
        ("feature.skipped", "1.2 is skipped: not needed (by Ada)"),
        ("decision.undone", "undone: 1.2 is skipped: not needed (by Ada) (by Ada)"),
    ]
    lines = person.file().read_text().splitlines()
    assert [line for line in before.splitlines() if line not in lines and line.strip("| ")] == []
    added = [line.split("|")[2].strip() for line in lines if line not in before.splitlines() and line.count("|") > 3]
    today = added[0]  # a row of the Decision Log for each of both
    assert sorted(added) == sorted([today, today, "feature.skipped", "decision.undone"])
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""
    history = person.mission("history", "m", "--json").facts["events"]
    assert [e["events"] for e in history][:2] == [["decision.undone"], ["feature.skipped"]]


def test_a_persons_later_edits_committed_or_not_stay(person: Person) -> None:
    planned(person)
    person.mission("skip", "m/1.2", "--reason", "not needed")
    text = person.file().read_text()
    person.file().write_text(text.replace("| 1.1 | one", "| 1.1 | one, but better"))
    person.git("commit", "--quiet", "-am", "Say it better", cwd=person.repo / "missions")
    person.file().write_text(person.file().read_text() + "\nA thought that is not committed.\n")
    person.mission("undo", "m")
    assert person.features() == {"1.1": "pending", "1.2": "pending"}
    assert person.loaded().mission.milestones[0].features[0].title == "one, but better"
    committed = person.git("show", "missions:m/mission.md", cwd=person.repo / "missions")
    assert person.file().read_text() == f"{committed}\n\nA thought that is not committed.\n"


def test_what_a_person_changed_at_the_same_place_since_is_theirs(person: Person) -> None:
    planned(person)
    person.mission("skip", "m/1.2", "--reason", "not needed")
    text = person.file().read_text()
    row = next(line for line in text.splitlines() if line.startswith("| 1.2"))
    person.file().write_text(text.replace(row, row.replace("skipped", "failed")))
    person.git("commit", "--quiet", "-am", "It failed", cwd=person.repo / "missions")
    head = person.state_head()
    answer = person.mission("undo", "m", ok=(3,))
    assert answer.err == snapshot("""\
error: the same fields were changed again since: 1.2 skipped → failed
 hint: mission diff m shows the last change; mission edit m opens the file
""")
    assert person.features()["1.2"] == "failed"
    assert person.state_head() == head


def test_one_after_the_other_is_taken_back_until_the_beginning(person: Person) -> None:
    planned(person)
    person.mission("skip", "m/1.2", "--reason", "not needed")
    person.mission("skip", "m/1.1", "--reason", "not needed either")
    assert person.mission("undo", "m").out.splitlines() == [
        "m: undone: 1.1 is skipped: not needed either (by Ada)",
        "  1.1 skipped → pending",
    ]
    assert person.mission("undo", "m").out.splitlines()[0] == "m: undone: 1.2 is skipped: not needed (by Ada)"
    assert person.features() == {"1.1": "pending", "1.2": "pending"}
    assert person.mission("undo", "m", ok=(3,)).err == snapshot("""\
error: it is the first commit of the mission: m is planned: Two files (by Ada)
 hint: to end the mission: mission cancel m
""")


def test_an_attempt_that_has_started_and_one_that_was_paid_for_stay(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker(SLOW_AT_FIRST)
    person.plan(TWO)
    person.start()
    worker_arrives(person)
    answer = person.mission("undo", "m", ok=(3,))
    assert answer.err == (
        "error: m/1.1-a1 has started\n hint: stop it: mission pause m --now, or mission skip m/1.1 --reason TEXT\n"
    )
    person.mission("pause", "m", "--now")
    person.rest()
    (person.runtime / "kick").touch()
    person.mission("pulse")
    answer = person.mission("undo", "m", ok=(3,))
    assert answer.err.startswith("error: an attempt has ended and was paid for: 1.1-a1 ended with stopped")
    assert answer.err.endswith(" hint: to try again: mission retry m/N.M\n")
    assert person.causes() == [("1.1-a1", "stopped")]


def test_what_has_landed_stays_and_an_approval_that_did_nothing_yet_does_not(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO.replace("manual: it looks good", "file: `1.2.txt`"))
    person.start()
    person.run(ok=(3,))
    person.write("1.2.txt", "in the way")
    person.mission("land", "m", "--yes", ok=(3,))
    assert person.mission("undo", "m").out.splitlines()[0].startswith("m: undone: landing of ")
    assert person.loaded().mission.approvals == ()
    (person.repo / "1.2.txt").unlink()
    person.mission("pulse")
    assert not (person.repo / "1.2.txt").exists()
    person.mission("land", "m", "--yes")
    person.run()
    answer = person.mission("undo", "m", ok=(3,))
    assert answer.err.startswith("error: the work has landed: ")
    assert answer.err.endswith("\n hint: continue the mission: mission start m\n")


def test_what_the_loop_decided_is_taken_back_and_it_is_said_that_it_may_decide_so_again(person: Person) -> None:
    ctx, hands = waiting_mission(person)
    for span in (timedelta(0), timedelta(hours=2), timedelta(minutes=1)):
        hands.pass_by(span)
        pulse(ctx)
    assert person.state_log(1) == ["1.1: person:Bob did not happen in time"]
    assert person.mission("undo", "m").out.splitlines() == [
        "m: undone: 1.1: person:Bob did not happen in time",
        "  Waits 1.1 · person:Bob failed → waiting",
        "the next pulse may decide the same again; to prevent that, pause the mission",
    ]
    assert person.loaded().mission.waits[0].status == "waiting"


@pytest.mark.parametrize("how", ["shallow", "squashed"])
def test_history_and_undo_go_as_far_as_the_history_remains(person: Person, how: str) -> None:
    planned(person)
    person.mission("skip", "m/1.2", "--reason", "not needed")
    store, there = person.repo / "missions", person
    if how == "squashed":
        tree = person.git("rev-parse", "missions^{tree}", cwd=store)
        words = person.git("log", "--reverse", "--format=%B", "missions", cwd=store)
        squashed = person.git("commit-tree", tree, "-m", words, cwd=store)
        person.git("update-ref", "refs/heads/missions", squashed, cwd=store)
    else:
        there = make_person(person.repo.parent / "other")
        there.worker(HONEST)
        open_repository(there.repo, create=True)
        shutil.rmtree(there.repo / ".git/mission-state.git")
        shutil.rmtree(there.repo / "missions")
        source = f"file://{person.repo}/.git/mission-state.git"
        there.git("clone", "--quiet", "--bare", "--depth=1", "--branch=missions", source, ".git/mission-state.git")
        there.git("config", "core.bare", "false", cwd=there.repo / ".git/mission-state.git")
    newest = "1.2 is skipped: not needed (by Ada)" if how == "shallow" else "Begin"
    events = there.mission("history", "m", "--json").facts["events"]
    assert [e["subject"] for e in events] == [newest]
    answer = there.mission("undo", "m", ok=(3,))
    hint = "make the change you want: mission edit m"
    assert answer.err == f"error: this history has no version from before this decision: {newest}\n hint: {hint}\n"
    assert there.features()["1.2"] == "skipped"
    assert there.mission("diff", "m").code == 0
