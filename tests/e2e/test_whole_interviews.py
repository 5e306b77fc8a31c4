"""Whole interviews: on a terminal, killed and gone on with, stopped without a trace, and by a program from a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pexpect
import pytest
import yaml
from tests.kit.nightly import only_at_night
from tests.kit.plans import good, use_planner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

PLAN = """\
title: Word counter
milestones:
  - name: Core
    validation: ["file: `a.txt`"]
    features: [{title: one, criteria: ["file: `a.txt`"]}]
"""
PROMPT = re.compile(r"> (\[[^\n]*\] )?$")
GOALS = {
    "greenfield": "A command that counts zebras",
    "enhancement": "Count zebras faster",
    "migration": "Migrate the zebras from JSON to SQLite",
    "research": "Compare zebra counters",
    "infrastructure": "Deploy the zebra counter with Docker",
}
PROBES = {
    "greenfield": ["premortem", "journey", "must"],
    "enhancement": ["premortem", "journey", "must"],
    "migration": ["rollback", "integrity", "pace"],
    "research": ["decides", "deliverable", "timebox"],
    "infrastructure": ["outage", "rollback", "noticed"],
}
OWN = ["features", "mode", "budget", "constraints", "non_goals"]


def command(*words: str) -> list[str]:
    return ["-P", "-m", "mission_cli", "new", "--plan", "plan.yaml", "--id", "m", *words]


@contextmanager
def terminal(person: Person, *words: str, editor: str = "cat") -> Iterator[pexpect.spawn[str]]:
    """A terminal in which `mission new` holds an interview about a plan file, so that no model is asked."""
    person.write("plan.yaml", PLAN)
    env = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "EDITOR": editor, "VISUAL": ""}
    child = pexpect.spawn(
        sys.executable, command(*words), cwd=os.fspath(person.repo), env=env, encoding="utf-8", timeout=60
    )
    child.setwinsize(50, 200)
    try:
        yield child
    finally:
        child.close(force=True)


def say(child: pexpect.spawn[str], *answers: str) -> None:
    """Answer one question after another."""
    for answer in answers:
        child.expect(PROMPT)
        child.sendline(answer)


def ended(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def answers_of(kind: str) -> list[tuple[str, str]]:
    """What is typed at each question of a deep interview, and the answer that it means."""
    probes = PROBES[kind]
    third = ("8", "8 h") if probes[2] == "timebox" else ("As\tI say: `x` | <b>", "As\tI say: `x` | <b>")
    return [
        (GOALS[kind], GOALS[kind]),
        (kind[:4], kind),
        ("my own: one; my own: two", "my own: one\nmy own: two"),
        ("2", "poc"),
        ("$60, 8 h" if probes[2] != "timebox" else "60", "$60, 8 h" if probes[2] != "timebox" else "$60"),
        ("No new dependencies", "No new dependencies"),
        ("skip", ""),
        ("In my words", "In my words"),
        ("skip", ""),
        third,
    ]


def file_of(kind: str) -> str:
    names = ["goal", "class", *OWN, *PROBES[kind]]
    return yaml.safe_dump({name: text for name, (_, text) in zip(names, answers_of(kind), strict=True)})


def mission_file(person: Person) -> bytes:
    return (person.repo / "missions/m/mission.md").read_bytes()


def headless(person: Person, kind: str) -> bytes:
    """The mission file that the same answers make from a file; its mission is removed."""
    person.write("plan.yaml", PLAN)
    person.write("answers.yaml", file_of(kind))
    words = ("new", "--plan", "plan.yaml", "--id", "m", "--headless", "--depth", "deep")
    person.mission(*words, "--answers", "answers.yaml")
    made = mission_file(person)
    unmake(person)
    (person.repo / "answers.yaml").unlink()
    return made


def unmake(person: Person) -> None:
    """Remove all missions, so that the same one can be made again."""
    for place in ("missions", ".git/mission-state.git"):
        shutil.rmtree(person.repo / place)


@pytest.mark.parametrize(
    "kind", ["migration", *(pytest.param(k, marks=only_at_night) for k in GOALS if k != "migration")]
)
def test_the_same_answers_make_the_same_file_on_a_terminal_and_without_one(person: Person, kind: str) -> None:
    typed = [one for one, _ in answers_of(kind)]
    wanted = headless(person, kind)
    with terminal(person, "--depth", "deep") as child:
        say(child, typed[0], "?")
        child.expect("It decides which risks are asked about")
        say(child, typed[1], "back", "back", "", "", "9", "skip", "back", *typed[2:])
        assert ended(child) == 0
    made = mission_file(person)
    assert made == wanted
    text = made.decode()
    assert f"> {GOALS[kind]}\n" in text
    assert f"| 1 | 20{text.partition('| 1 | 20')[2][:8]} | Class: {kind} | answered in the interview |" in text
    assert "- No new dependencies\n" in text
    assert ": In my words\n" in text
    mission = person.loaded().mission
    assert (mission.mode, str(mission.limits.usd), str(mission.limits.hours)) == ("poc", "60", "8")
    assert not list((person.repo / ".git/mission/interviews").iterdir())


def test_a_program_answers_one_question_after_another_and_is_never_asked(person: Person) -> None:
    person.write("plan.yaml", PLAN)
    place = person.write("answers.yaml", "")
    wanted, seen = dict(zip(["goal", "class", *OWN, *PROBES["research"]], answers_of("research"), strict=True)), []
    words = ["new", "--plan", "plan.yaml", "--id", "m", "--headless", "--json", "--depth", "normal"]
    while True:
        answer = person.mission(*words, "--answers", "answers.yaml", ok=(0, 3))
        if not answer.code:
            break
        asked = answer.facts["next"]
        assert asked["command"].split() == [
            "mission", "new", "--id", "m", "--plan", "plan.yaml", "--depth", "normal", "--headless", "--json",
            "--answers", "answers.yaml",
        ]  # fmt: skip
        seen.append(asked["id"])
        place.write_text(place.read_text() + yaml.safe_dump({asked["id"]: wanted[asked["id"]][1]}))
    assert seen == ["goal", "budget", "class", "mode", "constraints", *PROBES["research"]]
    assert answer.facts["id"] == "m"
    assert person.loaded().mission.kind == "research"
    listed = person.mission("new", "--questions", "--json", "--plan", "plan.yaml", "--answers", "answers.yaml").facts
    assert [one["id"] for one in listed["questions"]] == ["goal", "class", *OWN, *PROBES["research"]]
    assert listed["questions"][1]["answer"] == "research"


@only_at_night
def test_without_a_terminal_nothing_waits_for_a_person_whether_stdin_is_open_or_closed(person: Person) -> None:
    person.write("plan.yaml", PLAN)
    words = [sys.executable, *command("--headless", "--json", "--depth", "quick")]
    with subprocess.Popen(words, cwd=person.repo, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        assert json.loads(waiting.stdout.read())["next"]["id"] == "goal"
        assert waiting.wait(60) == 3
    closed = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&-', "sh", *words], cwd=person.repo, capture_output=True, text=True, check=False
    )
    assert (closed.returncode, json.loads(closed.stdout)["next"]["id"]) == (3, "goal")
    assert not (person.repo / "missions").exists()


@only_at_night
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", GOALS)
def test_killed_at_any_question_it_goes_on_there(person: Person, kind: str) -> None:
    typed = [one for one, _ in answers_of(kind)]
    wanted = headless(person, kind)
    for number in range(1, len(typed)):
        with terminal(person, "--depth", "deep") as child:
            say(child, *typed[:number])
            child.expect(PROMPT)
            child.kill(signal.SIGKILL)
            child.expect(pexpect.EOF)
        assert person.git("status", "--porcelain") == "?? plan.yaml"
        with terminal(person, "--depth", "deep") as child:
            child.expect(rf"\({number} answers?\)\. Go on with it\? \(yes, no, forget\) \[yes\] ")
            child.sendline("")
            say(child, *typed[number:])
            assert ended(child) == 0
        assert mission_file(person) == wanted, f"killed at question {number + 1}"
        unmake(person)


@only_at_night
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", GOALS)
def test_stopped_at_any_question_it_leaves_no_trace_if_that_is_asked_for(person: Person, kind: str) -> None:
    typed = [one for one, _ in answers_of(kind)]
    for number in range(len(typed)):
        with terminal(person, "--depth", "deep") as child:
            say(child, *typed[:number], "quit")
            if number:
                child.expect(rf"Keep your {number} answers? for later\? \[Y/n\]: ")
                child.sendline("n")
            child.expect("nothing was written, and the answers are forgotten")
            assert ended(child) == 0
        assert person.git("status", "--porcelain") == "?? plan.yaml"
        assert person.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
        assert not (person.repo / ".git/mission-state.git").exists()
        found = subprocess.run(
            ["grep", "-rilE", "zebra|my own", person.repo], capture_output=True, text=True, check=False
        )
        assert found.stdout == ""


QUESTIONS = """\
questions:
  - {question: "Are stripes counted, too?", why: "It changes what 1.1 prints.", assumed: "no", options: ["yes"], criteria: ["1.1"]}
  - {question: "Is there a logo?", why: "It is a file more.", assumed: "no"}
"""


@only_at_night
@pytest.mark.timeout(300)
def test_what_a_model_asks_is_asked_if_it_matters_and_assumed_if_not(person: Person) -> None:
    folder = use_planner(person, good(more=QUESTIONS), good(more='non_goals: ["a logo"]'))
    env = {**os.environ, "TERM": "dumb", "COLUMNS": "200"}
    words = ["-P", "-m", "mission_cli", "new", "Count zebras", "--id", "m", "--mode", "full", "--max-usd", "9"]
    child = pexpect.spawn(sys.executable, words, cwd=os.fspath(person.repo), env=env, encoding="utf-8", timeout=60)
    say(child, "", "", "", "", "", "")
    child.expect(r"1 of 1\. Are stripes counted, too\?")
    say(child, "2")
    child.expect("What next")
    assert "Is there a logo? no" in (child.before or "")
    child.sendline("approve")
    child.expect("Start")
    child.sendline("n")
    child.expect(pexpect.EOF)
    child.close()
    first, second = ((folder / f"prompt-{n}.md").read_text() for n in (1, 2))
    assert "## What the person has said" in first
    assert "Are stripes counted, too? yes" in second
    text = mission_file(person).decode()
    assert "Are stripes counted, too? yes | answered in the interview | no |" in text
    assert "- Is there a logo? no\n" in text
