"""Without a sandbox a worker can write into the state: it is found out, put back, and proves nothing."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.e2e.test_judging import events, plan
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST, make_person

if TYPE_CHECKING:
    from tests.kit.people import Person

FORGE = """
import re
STATE = OUTSIDE / "repo/missions"
FILE = STATE / "m/mission.md"


def state(*args):
    words = ["git", "-C", STATE, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *args]
    while (done := subprocess.run(words, capture_output=True, text=True)).returncode:
        assert "index.lock" in done.stderr, done.stderr  # the program is committing: a patient person tries again


def forge(old, new):
    text = FILE.read_text()
    assert re.search(old, text), text
    FILE.write_text(re.sub(old, new, text, count=1))


def publish():
    state("add", "--all")
    state("commit", "--quiet", "-m", "By Ada")
"""
FORGED = {
    "an answer": 'forge("## Progress Log", "## Input Requests\\n\\n| # | Feature | Type | Prompt | Options | Status | '
    'Answer |\\n|---|---|---|---|---|---|---|\\n| 1 | 1.1 | text | Go? | | answered | yes |\\n\\n## Progress Log")',
    "an approval": 'forge("## Progress Log", "## Approvals\\n\\n| Gate | Decision | Time | By | Commit | Comment |\\n'
    '|---|---|---|---|---|---|\\n| land | approved | 2026-11-28T00:00:00Z | Ada | | |\\n\\n## Progress Log")',
    "a wider cap": 'forge("time_hours: .*", "time_hours: 9")',
    "a run record": '(STATE / "m/runs/1.1-a1.md").write_text((STATE / "m/runs/1.1-a1.md").read_text()'
    '.replace("state: intended", "state: settled\\ncause: done"))',
    "done": 'forge("dispatched", "done")',
    "a mark": 'forge(r"- \\[ \\] file", "- [x] file")',
}


BUSY = """
(OUTSIDE / "busy").write_text("begun")
(OUTSIDE / "go").read_text()
write("1.1.txt", "by the worker\\n")
commit()
"""
AS_A_PERSON = """
MISSION = [sys.executable, "-P", "-m", "mission_cli"]
HERE = ["--repo", OUTSIDE / "repo"]
OTHER = ["--repo", OUTSIDE / "other"]
CLEAN = {name: os.environ[name] for name in ("HOME", "PATH")}


def says(*words, env=None):
    done = subprocess.run([*MISSION, *words], env=env, capture_output=True, text=True)
    with open(OUTSIDE / "said.log", "a") as log:
        log.write(f"{words[0]} {done.returncode} {(done.stderr or '-').splitlines()[0]}\\n")


says("status", "m", *HERE)
says("answer", "m", "1", "yes", *HERE)
says("set", "m", "budget.time_hours", "2", *HERE, env=CLEAN)
says("stop", "--all", *HERE)
says("fmt", "m", *OTHER)
"""

MOVED = {
    "deleted": 'state("update-ref", "-d", "refs/heads/missions")\n',
    "changed": 'state("reset", "--quiet", "--hard", "HEAD~2")\n',
}


@pytest.mark.parametrize("what", by_day(list(MOVED), 1))
def test_a_state_branch_that_a_worker_deletes_or_resets_is_put_back(person: Person, what: str) -> None:
    person.set("attempts = 1")
    person.worker(HONEST, FORGE, MOVED[what])
    person.plan(plan('["file: `1.1.txt`"]', preferences="{}"))
    person.start()
    person.run(ok=(3,))
    assert (person.causes(), person.features()) == ([("1.1-a1", "tampered")], {"1.1": "failed"})
    (words,) = events(person, "state.put_back")
    assert words.startswith(f"its files were {what}")
    assert person.state_log()[-1] == "Begin"
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""


@pytest.mark.parametrize("kind", by_day(list(FORGED), 1))
def test_what_a_worker_commits_to_the_state_is_put_back_and_it_has_tampered(person: Person, kind: str) -> None:
    person.set("attempts = 1")
    person.worker(HONEST, FORGE, f"{FORGED[kind]}\n", 'publish()\n(OUTSIDE / "forged").touch()\n')
    person.plan(plan('["file: `1.1.txt`"]', preferences="{}"))
    person.start()
    person.run(ok=(3,))
    assert (person.repo.parent / "forged").exists(), person.mission("logs", "m/1.1").out
    assert person.causes() == [("1.1-a1", "tampered")]
    assert "By Ada" in person.state_log()
    (words,) = events(person, "state.put_back")
    assert " by something other than `mission` while 1.1-a1 ran without a sandbox: they are restored to " in words
    mission = person.loaded().mission
    assert (mission.requests, mission.landings, mission.limits.hours) == ((), (), Decimal(1))
    assert (person.features(), mission.milestones[0].criteria[0].ticked) == ({"1.1": "failed"}, False)
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""


def busy(person: Person) -> None:
    """A mission whose worker has begun, and goes on when it is told."""
    person.worker(BUSY)
    for name in ("busy", "go"):
        os.mkfifo(person.repo.parent / name)
    person.plan(plan('["file: `1.1.txt`"]'))
    person.start()
    assert (person.repo.parent / "busy").read_text() == "begun"


def test_a_worker_that_speaks_for_a_person_is_refused_and_may_look(person: Person) -> None:
    other = make_person(person.repo.parent / "other")
    other.worker(HONEST)
    other.plan(plan('["file: `1.1.txt`"]'))
    person.worker(AS_A_PERSON, HONEST)
    person.plan(plan('["file: `1.1.txt`"]'))
    person.start()
    person.run()
    no = "error: this command was started by m/1.1-a1, and a worker cannot act for a person"
    said = ["status 0 -", f"answer 3 {no}", f"set 3 {no}", f"stop 3 {no}", "fmt 0 -"]
    assert (person.repo.parent / "said.log").read_text().splitlines() == said
    assert (person.causes(), person.loaded().mission.limits.hours) == ([("1.1-a1", "done")], Decimal(1))


def test_a_person_who_uses_our_commands_while_a_worker_runs_is_believed(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(person)
    person.mission("set", "m", "budget.time_hours", "2")
    monkeypatch.setenv("EDITOR", "sed -i 's/^title: .*/title: Another/'")
    person.mission("edit", "m")
    monkeypatch.delenv("EDITOR")
    (person.repo.parent / "go").write_text("on")
    person.run()
    mission = person.loaded().mission
    assert (person.causes(), mission.limits.hours, mission.title) == ([("1.1-a1", "done")], Decimal(2), "Another")
    assert events(person, "state.put_back") == []


@only_at_night
def test_what_was_put_back_is_made_again_by_undo_where_it_was_a_person(person: Person) -> None:
    person.set("attempts = 1")
    busy(person)
    missions = person.repo / "missions"
    text = person.file().read_text()
    person.file().write_text(text.replace("### Goal\n", "### Goal\n\nA thought of mine.\n"))
    person.write("missions/m/research/mine.md", "found\n")
    person.write("missions/n/mission.md", text.replace('"m"', '"n"'))
    person.git("add", "--all", cwd=missions)
    person.git("commit", "--quiet", "-m", "By hand", cwd=missions)
    person.mission("set", "m", "budget.time_hours", "2")
    person.mission("pulse")
    person.rest()
    person.mission("pulse")
    tracked = ("ls-files", "--", ":!m/evidence")
    assert person.git(*tracked, cwd=missions).splitlines() == ["m/mission.md", "m/runs/1.1-a1.md"]
    assert "A thought of mine." not in person.file().read_text()
    assert person.causes() == [("1.1-a1", "tampered")]
    person.mission("undo", "n")
    done = person.mission("undo", "m", "--json").facts
    assert done["events"] == ["state.put_back", "state.put_back"]
    person.mission("pulse")
    files = ["m/mission.md", "m/research/mine.md", "m/runs/1.1-a1.md", "n/mission.md"]
    assert person.git(*tracked, cwd=missions).splitlines() == files
    assert "A thought of mine." in person.file().read_text()
    mission = person.loaded().mission
    assert (mission.limits.hours, person.features()) == (Decimal(2), {"1.1": "failed"})


@only_at_night
def test_in_place_a_person_commits_code_while_a_worker_runs(person: Person) -> None:
    person.set('state = "here"')
    busy(person)
    person.commit("By hand", **{"more.txt": "more\n"})
    person.git("commit", "--quiet", "--amend", "-m", "By hand, again")
    person.mission("pulse")
    (person.repo.parent / "go").write_text("on")
    person.mission("run", "m")
    assert person.git("log", "--format=%s", "-1", "--", "more.txt") == "By hand, again"
    assert person.git("show", "main:1.1.txt") == "by the worker"
    assert "state.put_back" not in person.file().read_text()


@only_at_night
def test_a_start_that_comes_with_new_accepts_the_settings_as_start_does(person: Person) -> None:
    plan = 'title: T\nbudget: {time_hours: 1}\nmilestones:\n  - name: M\n    validation: ["file: `1.1.txt`"]\n'
    plan += "    features: [{title: one}]\n"
    person.worker(HONEST)
    person.plan(plan)
    person.start()
    person.run(ok=None)
    person.worker(HONEST, name="other")
    file = person.write("other.yaml", plan)
    words = ("new", "--plan", str(file), "--id", "n", "--runner", "other", "--start")
    assert "n is started" in person.mission(*words).out
    person.rest()
