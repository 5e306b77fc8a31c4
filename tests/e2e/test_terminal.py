"""What a person sees on a terminal, and what their keys do."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import use_opencode, writes_and_commits
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import NIGHTLY
from tests.kit.people import HONEST
from tests.kit.plans import good, use_planner
from tests.kit.terminal import terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: One feature
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
WAITS = """\
(OUTSIDE / "busy").write_text("begun")
(OUTSIDE / "go").read_text()
write("1.1.txt", "by the worker\\n")
commit()
"""


def plain(screen: str) -> str:
    """The screen without what differs from run to run."""
    screen = re.sub(r"for [0-9]+ (?:s|min)\b", "for <time>", screen)
    screen = re.sub(r"(^|  )(\d+ ?(s|min|m|h) ?)+(?= elapsed|  \d|$)", r"\1<time>", screen, flags=re.MULTILINE)
    screen = re.sub(r"\d\d:\d\d:\d\d", "<clock>", screen)
    screen = re.sub(r"on [0-9a-f]{7}\b", "on <commit>", screen)
    return re.sub(r"\d+ s of", "<time> of", screen)


def waiting_worker(person: Person) -> None:
    """A worker that says when it begins, and goes on when it is told to."""
    for name in ("busy", "go"):
        os.mkfifo(person.repo.parent / name)
    person.worker(WAITS)
    person.plan(PLAN)


def begun(person: Person) -> bool:
    return (person.repo.parent / "busy").read_text() == "begun"


@pytest.mark.timeout(300)
def test_run_shows_the_worker_obeys_keys_and_the_window_and_prints_the_end(person: Person) -> None:
    waiting_worker(person)
    person.start()
    assert begun(person)
    with terminal(person.repo) as window:
        window.line("clear; mission run; echo ended with $?")
        assert plain(window.see("0/1  ", "script a1 for", "q quit")).split("\n\n\n")[0] == snapshot("""\
One feature  m
░░░░░░░░░░░░░░░░░░░░ 0%  0 of 1 feature  active  <time> elapsed  full mode, base main

▸ 1 Only  active  0/1  <time>
  1.1  one  dispatched  script a1 for <time>

money              $0
time    ░░░░░░░░░░ <time> of 1 h, 3 min reserved

sandbox: off (sandbox = "off"): workers can do what you can do on this machine\
""")
        window.type("Down", "Enter")
        window.see("m/1.1  one", "m/1.1-a1, 1 attempt so far", "esc back")
        window.type("l")
        window.see("m/1.1  logs: one", "no output yet")
        window.type("w")
        window.see("m/1.1  why: one", "running")
        window.type("Escape")
        window.see("> 1.1  one", "enter open")
        window.tmux("resize-window", "-x", "50", "-y", "20")
        assert plain(window.see("full mode, base main\n\n▸ 1 Only", "q quit")) == snapshot("""\
One feature  m
░░░░░░░░░░░░░░░░░░░░ 0%  0 of 1 feature  active
<time> elapsed  full mode, base main

▸ 1 Only  active  0/1  <time>
> 1.1  one  dispatched  script a1 for <time>

money $0  time <time> of 1 h, 3 min reserved

sandbox: off (sandbox = "off"): workers can do
what you can do on this machine








↑↓ enter open  l logs  w why  p pause  q quit\
""")
        window.type("p")
        window.see("Pause: start nothing new, running workers finish?\n[y/N]")
        window.type("n")
        window.see("q quit")
        window.type("q")
        window.see("workers continue; follow again: mission run m; sto", "mission pause m", "ended with 0\n$")
        window.tmux("resize-window", "-x", "110", "-y", "45")
        window.line("clear; echo what was there is gone")
        window.see("what was there is gone\n$")
        window.line("mission status --watch; echo ended with $?")
        window.see("script a1 for", "q quit")
        window.type("C-c")
        window.see("workers continue; follow again: mission status m --watch; stop: mission pause m\nended with 130\n$")
        window.line("clear; mission run; echo ended with $?")
        window.see("script a1 for", "q quit")
        (person.repo.parent / "go").write_text("go")
        assert plain(window.see("ended with 0\n$")) == snapshot("""\
<clock> 1.1-a1 left 1 commit in 1 file
<clock> 1.1-a1 is done
<clock> every feature of milestone 1 is done or skipped
<clock> milestone 1 passed: 1 criterion on <commit>
<clock> every milestone passed, the final validation passed, and the work has landed
One feature  m
████████████████████ 100%  1 of 1 feature  completed  <time> elapsed  full mode, base main

✓ 1 Only  passed  1/1  <time>  1 of 1 criterion passed
  1.1  one  done

money              $0
time    ░░░░░░░░░░ <time> of 1 h
next: mission report m
ended with 0
$\
""")
    person.rest()


@pytest.mark.timeout(300)
def test_start_asks_and_no_starts_nothing(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    with terminal(person.repo) as window:
        window.line("clear; mission start")
        asked = window.see("Start? [Y/n]")
        window.line("n")
        window.see("nothing was started")
        assert person.loaded().mission.status == "planning"
        assert person.starts() == []
        window.line("clear; mission start")
        window.see("Start? [Y/n]")
        window.line("y")
        window.see("m is started")
    assert re.findall(r"^ *(\w+)  ", asked, re.MULTILINE) == [
        "mission", "runs", "sandbox", "in", "branches", "pushes", "costs", "until", "judged", "stop", "note",
    ]  # fmt: skip
    assert person.run().facts["status"] == "completed"


@pytest.mark.timeout(300)
def test_the_interview_asks_shows_the_plan_and_writes_the_mission_when_it_is_approved(person: Person) -> None:
    use_planner(person, good())
    with terminal(person.repo) as window:
        window.line("clear; mission new --id m --depth quick")
        window.see("1 of 2. What is the goal, in a sentence?")
        window.line("Count words")
        window.see("2 of 2. What is the most it may cost, in dollars, hours or tokens?", "> [1]")
        window.line("ten")
        window.see("error: `ten` is not an amount")
        window.line("$3")
        shown = window.see("What next? (approve, change, edit")
        window.line("approve")
        ended = window.see("m is planned: ", "Start? [Y/n]")
        window.line("n")
        window.see("nothing was started")
    assert "planning cost $0.05 and 1.1 k tokens" in shown
    assert "stop  mission pause m" in ended
    mission = person.loaded().mission
    assert (mission.goal, mission.mode, str(mission.limits.usd)) == ("Count words", "full", "3")


@pytest.mark.timeout(300)
def test_a_plan_is_discussed_until_it_is_right_and_keeps_what_the_person_decided(person: Person) -> None:
    folder = use_planner(person, good(), good(milestones=4), good())
    with terminal(person.repo) as window:
        window.line('clear; mission new "Count words" --depth quick --mode full --max-usd 3 --id m')
        window.see("3 milestones, 6 features", "What next? (approve, change, edit")
        window.line("clearer, please: four `stages`")
        window.see("planning cost $0.10")
        window.line("approve")
        window.see("m is planned: ", "Start? [Y/n]")
        window.line("n")
        window.see("nothing was started")
    asked = (folder / "prompt-2.md").read_text()
    assert "## What the person wants changed\n\n~~~text\nclearer, please: four `stages`\n~~~" in asked
    assert "title: Word counter" in asked.split("## The plan so far")[1]
    mission = person.loaded().mission
    assert (len(mission.milestones), str(mission.limits.usd)) == (4, "3")
    assert sum(row.category == "usd" for row in mission.spends) == 2


@pytest.mark.timeout(300)
def test_a_change_that_the_model_does_not_make_leaves_the_plan_as_it_was(person: Person) -> None:
    use_planner(person, good(), "No.", "Never.")
    with terminal(person.repo) as window:
        window.line('clear; mission new "Count words" --depth quick --mode full --max-usd 3 --id m')
        window.see("What next?")
        window.line("c")
        window.see("What should be different?")
        window.line("nothing")
        window.see("the answer contains no plan; the plan stays as it was", "planning cost $0.15")
        window.line("reject")
        window.see("nothing was written; the plan is kept: mission new --plan")
    assert not (person.repo / "missions/m").exists()


@pytest.mark.timeout(300)
def test_stepping_in_asks_runs_a_shell_in_the_tree_and_offers_to_hand_back(person: Person) -> None:
    waiting_worker(person)
    person.start()
    assert begun(person)
    with terminal(person.repo) as window:
        window.line("clear; mission open 1.1")
        window.see("m/1.1-a1 is running (script). Stop it")
        window.line("n")
        window.see("nothing was changed")
        assert person.causes() == [("1.1-a1", "intended")]
        window.line("clear; mission open 1.1")
        window.see("take over? [Y/n]")
        window.line("y")
        window.see("on mission/m/1.1-a2; commit there, then type: mission handback m/1.1\n$")
        window.line("clear; echo by Ada > 1.1.txt; git add -A; git commit -qm hand; git branch --show-current")
        window.see("mission/m/1.1-a2\n$")
        window.line("exit 4")
        window.see("`/bin/sh` ended with exit status 4\nHand m/1.1 back now? [y/N]")
        window.line("y")
        window.see("1.1-a2 is handed back; it is checked like any other attempt")
    assert person.run().facts["status"] == "completed"
    assert (person.repo / "1.1.txt").read_text() == "by Ada\n"
    assert person.causes() == [("1.1-a1", "stopped"), ("1.1-a2", "done")]


@pytest.mark.timeout(300)
def test_what_is_not_handed_back_stays_with_the_person(person: Person) -> None:
    person.worker("")
    person.set("attempts = 1")
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))
    with terminal(person.repo) as window:
        window.line("clear; mission open 1.1")
        window.see("commit there")
        window.line("exit")
        window.see("Hand m/1.1 back now?")
        window.type("Enter")
        window.see("you keep m/1.1: continue with mission open m/1.1, give it back with mission handback m/1.1")
    assert person.causes() == [("1.1-a1", "noop"), ("1.1-a2", "intended")]
    assert "Ada has had it since" in person.mission("why", "1.1").out


@pytest.mark.nightly
@pytest.mark.skipif(not NIGHTLY, reason="takes more than a minute: run `make nightly`")
@pytest.mark.timeout(300)
def test_stepping_into_opencode_goes_on_in_the_workers_own_conversation(person: Person) -> None:
    at_work, never = threading.Event(), threading.Event()

    def script(prompt: str, step: int) -> Turn:
        if "please finish" in prompt:
            command = "git add -A && git commit -q -m 'Finished together'"
            return Turn("", (("bash", {"command": command}),)) if step == 0 else Turn("Committed it is.")
        if "## Your feature" in prompt and step == 0:
            return writes_and_commits(prompt, 0)
        at_work.set()
        return Turn("I am slow.", wait=never)

    with ModelServer(script).running() as server:
        use_opencode(person, server)
        person.plan(PLAN.replace("budget: {", "budget: {money_usd: 5, "))
        person.start()
        assert at_work.wait(100)
        with terminal(person.repo) as window:
            window.line("clear; mission open 1.1 -y")
            window.see("I will write the file.")
            window.line("please finish")
            window.see("Committed it is.")
            window.type("/exit")
            window.see("Exit the app")
            window.type("Enter")
            window.see("Hand m/1.1 back now?")
            window.line("y")
            window.see("1.1-a2 is handed back")
        never.set()
        assert person.run().facts["status"] == "completed"
    assert person.causes() == [("1.1-a1", "stopped"), ("1.1-a2", "done")]
    assert (person.repo / "1.1.txt").read_text() == "1.1\n"


@pytest.mark.timeout(300)
def test_init_asks_what_it_cannot_know_and_commits_nothing_else(person: Person) -> None:
    person.commit("Dependencies", **{"package.json": '{"scripts": {"test": "node --test"}}', "package-lock.json": "{}"})
    (person.repo / "mine.txt").write_text("staged, and not to be committed\n")
    person.git("add", "mine.txt")
    with terminal(person.repo) as window:
        window.line("clear; mission init")
        window.see("Run `npm ci` in each clone in which an agent works or a check runs? [Y/n]")
        window.type("Enter")
        window.see("checks: npm test", "Commit .mission.toml? [Y/n]")
        window.type("Enter")
        while person.log()[0] != "Set up mission":
            person.rest()
    assert person.log()[0] == "Set up mission"
    assert person.git("show", "--name-only", "--format=", "HEAD").split() == [".mission.toml"]
    assert person.git("show", "HEAD:.mission.toml").splitlines()[-2:] == ["[tree]", 'setup = "npm ci"']
    assert person.git("status", "--porcelain") == "A  mine.txt"


def test_a_mistake_on_the_command_line_creates_no_repository(tmp_path: Path) -> None:
    (folder := tmp_path / "empty").mkdir()
    with terminal(folder) as window:
        window.line('clear; mission new "Count words" --max-usd ten; echo ended with $?')
        assert "Create a git repository" not in window.see("`ten` is not a number", "ended with 2")
    assert list(folder.iterdir()) == []
