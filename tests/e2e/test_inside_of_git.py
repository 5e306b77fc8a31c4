"""Started by a git: by a hook, an alias, with its variables set, in linked work trees and submodules: the same."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person

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
PULSE = f'"{sys.executable}" -P -m mission_cli pulse'
ELSEWHERE = {
    "GIT_DIR": "/nonexistent",
    "GIT_WORK_TREE": "/nonexistent",
    "GIT_INDEX_FILE": "/nonexistent/index",
    "GIT_OBJECT_DIRECTORY": "/nonexistent/objects",
    "GIT_COMMON_DIR": "/nonexistent",
    "GIT_PREFIX": "nonexistent/",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.bare",
    "GIT_CONFIG_VALUE_0": "true",
}


def with_variables(person: Person) -> None:
    for words in ("pulse", "status m", "list", "why m", "history m", "inbox", "doctor --offline"):
        answer = person.process(*words.split(), env=ELSEWHERE)
        assert "error" not in answer.err, (words, answer)


def by_an_alias(person: Person) -> None:
    person.git("config", "alias.tick", f"!{PULSE}")
    person.git("tick")


def by_a_hook_of_a_commit(person: Person) -> None:
    hook = person.repo / ".git/hooks/post-commit"
    hook.write_text(f"#!/bin/sh\n{PULSE}\n")
    hook.chmod(0o755)
    person.git("checkout", "--quiet", "--detach")
    person.git("commit", "--quiet", "--allow-empty", "-m", "Mine")
    person.git("checkout", "--quiet", "main")


def by_a_hook_of_a_push(person: Person) -> None:
    there = person.repo.parent / "there.git"
    person.git("init", "--quiet", "--bare", os.fspath(there))
    hook = person.repo / ".git/hooks/pre-push"
    hook.write_text(f"#!/bin/sh\n{PULSE}\n")
    hook.chmod(0o755)
    person.git("push", "--quiet", os.fspath(there), "main")


def in_a_linked_tree(person: Person) -> None:
    linked = person.repo.parent / "linked"
    person.git("worktree", "add", "--quiet", "--detach", os.fspath(linked))
    person.git("-c", f"alias.tick=!{PULSE}", "tick", cwd=linked)


@pytest.mark.parametrize(
    "way",
    [with_variables, by_an_alias, by_a_hook_of_a_commit, by_a_hook_of_a_push, in_a_linked_tree],
    ids=lambda way: way.__name__,
)
def test_a_pulse_does_the_same_wherever_a_git_starts_it(person: Person, way: Callable[[Person], None]) -> None:
    person.worker(HONEST)
    person.plan(ONE)
    person.start()
    person.rest()
    for _ in range(6):
        way(person)
        person.rest()
        if str(person.loaded().mission.status) == "completed":
            break
        for hook in (person.repo / ".git/hooks").glob("p*"):
            hook.unlink()
    assert str(person.loaded().mission.status) == "completed"
    assert (person.repo / "1.1.txt").read_text() == "1.1 by attempt 1\n"
    assert person.git("status", "--porcelain") == ""
