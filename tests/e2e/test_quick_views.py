"""`status`, `list` and `mission` alone as processes of their own: without a command-line library, and the same as with it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: "Two 日本語 \\u001b[31mred"
budget: {money_usd: 4}
milestones:
  - name: Files
    validation: ["file: `1.1.txt`"]
    features:
      - {title: first, criteria: ["file: `1.1.txt`"]}
"""


@pytest.mark.parametrize(
    "words",
    [
        ("status", "two"),
        ("status",),
        ("status", "--all", "tw"),
        ("status", "--json"),
        (),
        ("--json",),
        ("list",),
        ("list", "--json"),
        ("list", "--status", "active"),
        ("status", "nothing"),
        ("status", "--help"),
    ],
)
def test_the_quick_way_prints_the_same(person: Person, words: tuple[str, ...]) -> None:
    person.plan(PLAN, identity="two")
    person.mission(*words, ok=None)  # what is new is new once
    usual, quick = person.mission(*words, ok=None), person.process(*words)
    assert (quick.code, quick.out, quick.err) == (usual.code, usual.out, usual.err)


@pytest.mark.parametrize("words", by_day([("status", "two"), ("list",), ("status", "--json"), ()], 2))
def test_the_quick_way_imports_no_library_for_command_lines_and_terminals(
    person: Person, words: tuple[str, ...]
) -> None:
    person.plan(PLAN.replace(" 日本語", ""), identity="two")
    argv = [sys.executable, "-P", "-X", "importtime", "-m", "mission_cli", *words]
    told = subprocess.run(argv, cwd=person.repo, check=True, capture_output=True, text=True).stderr
    modules = {row.rpartition("|")[2].strip().partition(".")[0] for row in told.splitlines()}
    assert "mission_cli" in modules
    assert modules & {"typer", "click", "rich", "pydantic", "jinja2", "git", "concurrent"} == set()
