"""Shells ask for completion when a person presses Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST
from tests.kit.terminal import installed_path, terminal

if TYPE_CHECKING:
    from tests.kit.people import Person

TYPED = {
    "mission stat": "> mission status",
    "mission approve words my": "> mission approve words my\\ design",
    "mission logs words/1.2": "> mission logs words/1.2",
}
"""What is typed before Tab, and what is to be seen then."""
PLAN = """\
title: Word counter
gates: [{name: my design, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones: [{name: Core, features: [{title: Count}, {title: Print}]}]
"""


def test_tab_in_a_real_zsh(person: Person) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed: apt install zsh")
    person.worker(HONEST)
    person.plan(PLAN, identity="words")
    with terminal(person.repo) as window:
        window.line("exec zsh -f")
        window.line('autoload -Uz compinit; compinit -u -D; source <(mission completion zsh); PS1="> "; clear')
        window.see(">")
        for typed, expected in TYPED.items():
            window.tmux("send-keys", "-l", f"{typed}\t")
            window.see(expected)
            window.type("C-u")


def test_candidates_in_a_real_fish(person: Person) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed: apt install fish")
    person.worker(HONEST)
    person.plan(PLAN, identity="words")
    script = "mission completion fish | source; complete -C 'mission logs words/'; complete -C 'mission approve words '"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        cwd=person.repo,
        env={**os.environ, "PATH": installed_path()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "words/1.1\tCount (pending)\nwords/1.2\tPrint (pending)\nmy design\tcheckpoint pending\n"


def test_tab_in_a_real_bash(person: Person) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    person.worker(HONEST)
    person.plan(PLAN, identity="words")
    (person.repo / "a plan.yaml").write_text(PLAN)
    with terminal(person.repo) as window:
        window.line("exec bash --norc --noprofile")
        window.line('PS1="> "; source <(mission completion bash); clear')
        window.see(">")
        window.line("")
        window.tmux("send-keys", "-l", "mission stat\tw\t")
        window.see("> mission status words")
        window.type("C-u")
        window.tmux("send-keys", "-l", "mission logs words/\t\t\t")
        window.see("words/1.1", "words/1.2")
        window.type("C-u")
        window.tmux("send-keys", "-l", "mission approve words my\t")
        window.see("> mission approve words my\\ design")
        window.type("C-u")
        window.tmux("send-keys", "-l", "mission new --runner=scr\t--plan a\t")
        window.see("> mission new --runner=script --plan a\\ plan.yaml")
