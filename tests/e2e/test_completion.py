"""bash asks for completion when a person presses Tab."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST
from tests.kit.terminal import terminal

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Word counter
gates: [{name: my design, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones: [{name: Core, features: [{title: Count}, {title: Print}]}]
"""


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
