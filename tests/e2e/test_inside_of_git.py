"""Started by a git: by a hook, an alias, with its variables set, in linked work trees and submodules: the same."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day
from tests.kit.people import HONEST, Person

from mission_cli import __version__
from mission_cli.fastpath import (
    busy_repositories,
    find_runtime,
    is_idle,
    state_folder,
)

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "GIT_NAMESPACE": "nonexistent",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nonexistent",
    "GIT_QUARANTINE_PATH": "/nonexistent",
    "GIT_SHALLOW_FILE": "/nonexistent",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_EXTERNAL_DIFF": "false",
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


HOOKS = ("pre-commit", "post-commit", "post-checkout", "pre-push", "pre-receive", "post-receive")


def by_hooks(person: Person) -> None:
    said = person.repo.parent / "said"
    said.unlink(missing_ok=True)
    there = person.repo.parent / "there.git"
    if not there.exists():
        person.git("init", "--quiet", "--bare", os.fspath(there))
    for name in HOOKS:
        hook = person.repo / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\n{PULSE} >/dev/null 2>>{said} || echo exit $? >>{said}\necho {name} >>{said}\n")
        hook.chmod(0o755)
    person.git("checkout", "--quiet", "--detach")
    person.git("commit", "--quiet", "--allow-empty", "-m", "Mine")
    person.git("push", "--quiet", os.fspath(there), "main")
    person.git("push", "--quiet", ".", "HEAD:refs/heads/mine")
    for name in HOOKS:
        (person.repo / ".git/hooks" / name).unlink()
    person.git("push", "--quiet", ".", ":refs/heads/mine")
    person.git("checkout", "--quiet", "main")
    assert said.read_text().split() == ["post-checkout", *HOOKS[:2], "pre-push", "pre-push", *HOOKS[4:]]


def in_a_linked_tree(person: Person) -> None:
    linked = person.repo.parent / "linked"
    if not linked.exists():
        person.git("worktree", "add", "--quiet", "--detach", os.fspath(linked))
    person.git("-c", f"alias.tick=!{PULSE}", "tick", cwd=linked)


@pytest.mark.parametrize(
    "way",
    by_day([with_variables, by_an_alias, by_hooks, in_a_linked_tree], 2),
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
    assert str(person.loaded().mission.status) == "completed"
    assert (person.repo / "1.1.txt").read_text() == "1.1 by attempt 1\n"
    assert person.git("status", "--porcelain") == ""


@dataclass
class Apart(Person):
    """Somebody at work in a tree whose `.git` is a file."""

    git_dir: Path = Path()

    @property
    def runtime(self) -> Path:
        """The folder of ours in the git dir."""
        return self.git_dir / "mission"


def a_submodule(person: Person) -> Apart:
    above = person.repo.parent / "above"
    person.git("init", "--quiet", os.fspath(above))
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", os.fspath(person.repo), "sub")
    person.git(*add, cwd=above)
    return Apart(above / "sub", git_dir=above / ".git/modules/sub")


def a_git_dir_of_its_own(person: Person) -> Apart:
    there, git_dir = person.repo.parent / "tree", person.repo.parent / "git-dir"
    person.git("clone", "--quiet", "--separate-git-dir", os.fspath(git_dir), os.fspath(person.repo), os.fspath(there))
    return Apart(there, git_dir=git_dir)


@pytest.mark.parametrize("place", by_day([a_submodule, a_git_dir_of_its_own], 1), ids=lambda place: place.__name__)
def test_a_pulse_does_the_same_where_the_git_dir_lies_elsewhere(
    person: Person, place: Callable[[Person], Apart]
) -> None:
    inside = place(person)
    (inside.git_dir / "info/exclude").write_text("/.mission.toml\n/missions/\n")
    inside.worker(HONEST)
    inside.plan(ONE)
    inside.start()
    inside.rest()
    pulse = ("-c", f"alias.tick=!{PULSE}", "tick")
    for _ in range(6):
        inside.git(*pulse)
        inside.rest()
        if str(inside.loaded().mission.status) == "completed":
            break
    assert str(inside.loaded().mission.status) == "completed", inside.mission("why", "m")
    assert (inside.repo / "1.1.txt").read_text() == "1.1 by attempt 1\n"
    assert inside.git("status", "--porcelain") == ""
    inside.git(*pulse)
    assert find_runtime(os.fspath(inside.repo / "deeper")) == os.fspath(inside.runtime)
    assert is_idle(os.fspath(inside.runtime), __version__)
    assert os.fspath(inside.repo) not in busy_repositories(state_folder(), __version__)
    inside.leave()
