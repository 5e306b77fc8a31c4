"""`mission top` in a real terminal: it shows what happens by itself, and leaves the terminal as it was."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.nightly import NIGHTLY
from tests.kit.people import HONEST, Person
from tests.kit.terminal import terminal

from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.top.pages.home import HomePage
from mission_cli.surfaces.top.repositories import LocalRepositories

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.terminal import Terminal

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
at_night = pytest.mark.skipif(not NIGHTLY, reason="starts the screen several times: run `make nightly`")


@pytest.mark.timeout(100)
def test_the_screen_comes_and_goes(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    with terminal(person.repo) as window:
        begun(window)
        window.type("q")
        assert window.see("ended with 0\n$").startswith("what was there\nended with 0\n$")


@pytest.mark.nightly
@at_night
@pytest.mark.timeout(300)
def test_a_mission_is_started_and_watched_to_its_end(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    with terminal(person.repo) as window:
        window.line("clear; echo what was there; mission top; echo ended with $?")
        window.see("nothing waits for you", "> m", "planning", "S start", "q quit")
        window.type("S")
        window.see("Start?", "stop  mission pause m", "enter yes")
        window.type("Enter")
        window.see("m is started")
        window.type("Enter")
        window.see("✓ 1 Only  passed  1/1", "completed")
        window.type("l")
        window.see("missions > m > m/1.1", "m/1.1-a1  script", "done  $0")
        window.type("q")
        window.see("ended with 0\n$")
    assert person.loaded().mission.status == "completed"
    person.rest()


def begun(window: Terminal, command: str = "mission top") -> None:
    """Start it, and wait until it shows the mission."""
    window.line(f"clear; echo what was there; {command}; echo ended with $?")
    window.see("> m", "q quit")


@pytest.mark.nightly
@at_night
@pytest.mark.timeout(300)
def test_the_terminal_is_as_it_was_however_it_ends(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    with terminal(person.repo) as window:
        for end in ("C-c", "TERM", "HUP", "INT"):
            begun(window)
            if end == "C-c":
                window.type(end)
            else:
                pane = int(window.tmux("display-message", "-p", "#{pane_pid}"))
                os.kill(child_of(pane), getattr(signal, f"SIG{end}"))
            assert window.see("ended with 130\n$").startswith("what was there\nended with 130\n$"), end
            window.line("stty -a | grep -o -- ' -\\?echo ' | tr -d ' '; stty -a | grep -o -- '-\\?icanon'")
            window.see("\necho\nicanon\n$")
        window.tmux("resize-window", "-x", "44", "-y", "12")
        begun(window)
        window.type("?")
        window.see("Keys", "choose, or scroll")
        window.type("Escape")
        window.see("q quit")
        window.type("C-z")
        window.see("Stopped")
        window.line("fg")
        window.see("> m", "q quit")
        window.type("q")
        window.see("fg\nmission top\n$")


@pytest.mark.nightly
@at_night
@pytest.mark.timeout(300)
def test_without_color_and_without_a_terminal(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN.replace("One feature", '"[red]one[/] \\e[31mfeature"'))
    with terminal(person.repo, NO_COLOR="1") as window:
        begun(window)
        painted = window.tmux("capture-pane", "-p", "-e")
        assert "[red]one[/] \ufffd[31mfeature" in painted
        assert not re.search(r"\x1b\[[0-9;]*\b(?:3[0-7]|4[0-7]|38|48)\b[0-9;]*m", painted)
        window.type("q")
        window.see("ended with 0")
        window.line("clear; mission top | cat; echo; TERM=dumb mission top; echo ended with $?")
        window.see("error: `top` needs a terminal", "hint: without one: mission list, mission inbox or mission status")
        window.see("ended with 2")
    assert [one["id"] for one in person.mission("top", "--json").facts["missions"]] == ["m"]


def child_of(shell: int) -> int:
    """The process that a shell waits for, or a shell in it."""
    with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as source:  # noqa: PTH123 - a file of /proc
        children = source.read().split()
    return child_of(int(children[-1])) if children else shell


def test_all_repositories_are_shown_even_one_that_cannot_be_opened(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    other = Person(tmp_path / "other")
    subprocess.run(["git", "init", "--quiet", os.fspath(other.repo)], check=True)
    other.commit("Begin")
    other.plan(PLAN.replace("One feature", "Another"), identity="n")
    home = HomePage(LocalRepositories(None))

    def shown() -> str:
        home.mark()
        home.read()
        text = plain(row for block in home.draw(400) for row in block.lines)
        return text.replace(f"{person.repo}", "HERE").replace(f"{other.repo}", "THERE")

    assert shown() == snapshot("""\
nothing waits for you

THERE
MISSION  STATUS    PROGRESS        SPENT  TITLE
n        planning  ░░░░░░░░░░ 0/1  $0     Another

HERE
MISSION  STATUS    PROGRESS        SPENT  TITLE
m        planning  ░░░░░░░░░░ 0/1  $0     One feature
""")
    person.write(".mission.toml", "max_parallel_workers = [\n")
    shutil.rmtree(other.repo / ".git/mission-state.git")
    assert shown() == snapshot("""\
THERE: git symbolic-ref: fatal: not a git repository: 'THERE/.git/mission-state.git'

nothing waits for you

HERE
MISSION  STATUS    PROGRESS        SPENT  TITLE
m        planning  ░░░░░░░░░░ 0/1  $0     One feature
""")
    monkeypatch.chdir(tmp_path)
    person.repo = tmp_path
    assert [one["id"] for one in person.mission("top", "--json").facts["missions"]] == ["m"]
