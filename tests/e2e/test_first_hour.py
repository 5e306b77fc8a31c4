"""The first hour: from an empty folder to landed work with one command, and nothing to know but answers.

Six attempts of a real agent. By day test_interview.py, test_agents.py and test_first_mission_page.py do its parts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import configure_opencode, needs, writes_and_commits
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night
from tests.kit.plans import good
from tests.kit.terminal import terminal

if TYPE_CHECKING:
    from tests.kit.terminal import Terminal

PLAN = re.sub(r" +depends: .*\n", "", good())
QUIET = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}


def model(prompt: str, step: int) -> Turn:
    """Plans three milestones with two features each, and does them."""
    return Turn(PLAN) if "# Plan a mission" in prompt else writes_and_commits(prompt, step)


def git(repo: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", repo, *words], check=True, capture_output=True, text=True).stdout


def answer(window: Terminal, question: str, text: str, asked: list[str]) -> None:
    """Wait for a question, and answer it; an empty answer takes the default."""
    screen = window.see(question, patience=300)
    asked.append(next(line for line in reversed(screen.splitlines()) if question in line).strip())
    asked[-1] = "Create a git repository here" if question in asked[-1] and "repository here" in question else asked[-1]
    if text:
        window.tmux("send-keys", "-l", text)
    window.type("Enter")
    window.tmux("clear-history")


@only_at_night
@pytest.mark.timeout(600)
def test_a_goal_becomes_landed_work_and_only_questions_are_answered(tmp_path: Path) -> None:
    """Commands typed: one. Known before: that `mission new` exists."""
    program = Path(needs("opencode")).parent
    repo = tmp_path / "words"
    repo.mkdir()
    asked: list[str] = []
    with ModelServer(model).running() as server:
        configure_opencode(server)
        with terminal(
            repo, PATH=f"{Path(sys.executable).parent}{os.pathsep}{program}{os.pathsep}{os.environ['PATH']}", **QUIET
        ) as window:
            window.line('clear; mission new "Count words" --depth quick')
            answer(window, "Create a git repository here", "", asked)
            answer(window, "Make an empty one?", "", asked)
            found = window.see("the most it may cost")
            answer(window, "the most it may cost", "$5", asked)
            answer(window, "What next?", "approve", asked)
            answer(window, "Start? [Y/n]", "", asked)
            answer(window, "in the background, or not?", "background", asked)
            asked[-1] = "Start pulses?"
            answer(window, "Follow it here?", "", asked)
            answer(window, "[y/N]", "y", asked)
            ended = window.see("it is on main as", "to take it back: git revert -m 1")
            window.line("clear; mission cron remove; echo removed with $?")
            window.see("removed with 0")
    assert git(repo, "ls-files").split() == ["1.1.txt", "1.2.txt", "2.1.txt", "2.2.txt", "3.1.txt", "3.2.txt"]
    assert re.sub(r"^ +", "", "\n".join(asked), flags=re.MULTILINE).replace(str(repo), "REPO") == snapshot("""\
Create a git repository here
The repository has no commit, and work starts from one. Make an empty one? [Y/n]:
1 of 1. What is the most it may cost, in dollars, hours or tokens?
What next? (approve, change, edit, view, mode, budget, start over, leave, reject), or say what to change
Start? [Y/n]:
Start pulses?
Follow it here? It also runs without you. [Y/n]:
Land? [y/N]:\
""")
    assert "agent: opencode" in found
    assert "next: mission report" in ended
