"""What git has lost or cannot read is an error with the command that repairs it, and is never taken for missing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: One
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `x`"]}]}]
"""


def lose(person: Person, name: str) -> str:
    """Remove an object of the mission files, as `git gc --prune=now` does to what another process writes meanwhile."""
    oid = person.git("rev-parse", name, cwd=person.repo / "missions")
    (person.repo / ".git/mission-state.git/objects" / oid[:2] / oid[2:]).unlink()
    return oid


@pytest.mark.parametrize(("name", "kind"), [("missions:m", "tree"), ("missions:m/mission.md", "blob")])
def test_the_hint_restores_a_lost_object_from_the_files(person: Person, name: str, kind: str) -> None:
    person.plan(PLAN)
    oid = lose(person, name)
    answer = person.mission("status", "m", ok=(1,))
    error, hint = answer.err.splitlines()[:2]
    assert error == f"error: {person.repo / '.git/mission-state.git'} has lost the {kind} {oid}"
    doctor = person.mission("doctor", "--offline", "--json", ok=(1,)).facts
    assert error.removeprefix("error: ") in [one["words"] for one in doctor["findings"] if one["subject"] == "state"]
    subprocess.run(["sh", "-c", hint.partition("files: ")[2]], check=True, capture_output=True)
    assert person.mission("status", "m").out.startswith("One")


def test_the_hint_makes_an_index_again_that_a_power_cut_has_truncated(person: Person) -> None:
    person.plan(PLAN)
    (person.repo / ".git/mission-state.git/index").write_bytes(b"DIRC")
    hint = person.mission("status", "m", ok=(1,)).err.splitlines()[1]
    subprocess.run(["sh", "-c", hint.partition("again: ")[2]], check=True, capture_output=True)
    assert person.mission("status", "m").out.startswith("One")


def test_a_branch_without_its_commit_is_not_read_as_no_mission(person: Person) -> None:
    person.plan(PLAN)
    oid = lose(person, "missions")
    assert f"has lost the commit {oid}\n" in person.mission("list", ok=(1,)).err


@pytest.mark.parametrize("content", [b"", b"\0" * 41])
def test_the_hint_puts_a_branch_back_that_a_power_cut_has_emptied(person: Person, content: bytes) -> None:
    person.plan(PLAN)
    head = person.state_head()
    (person.repo / ".git/mission-state.git/refs/heads/missions").write_bytes(content)
    hint = person.mission("status", "m", ok=(1,)).err.splitlines()[1]
    subprocess.run(["sh", "-c", hint.partition("back: ")[2]], check=True, capture_output=True)
    assert person.state_head() == head
    assert person.mission("status", "m").out.startswith("One")
