"""`mission land` with real git: what is shown, one commit, and the command that takes it back."""

from __future__ import annotations

import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day
from tests.kit.people import HONEST

from mission_cli.adapters.fs.locks import try_lock, unlock
from mission_cli.fastpath import KICK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

PLAN = """\
title: Two files
budget: {time_hours: 1}
preferences: {land: ask}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: Write the first file, criteria: ["file: `1.1.txt`"]}
      - {title: Write the second file, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
"""


@contextmanager
def a_pulse_at_work_until_it_is_asked(person: Person) -> Iterator[None]:
    """Hold the lock of the loop until another process has left a wake-up request."""
    loop = try_lock(person.runtime / "lock")
    assert loop is not None

    def end() -> None:
        while not (person.runtime / KICK).exists():
            time.sleep(0.02)  # polled: a file does not tell when it appears
        unlock(loop)

    with ThreadPoolExecutor() as pool:
        ended = pool.submit(end)
        yield
        ended.result()


@pytest.mark.parametrize("method", by_day(["--merge", "--squash"], 1))
def test_the_work_is_shown_then_lands_as_one_commit_that_can_be_taken_back(person: Person, method: str) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    person.start()
    person.run(ok=(3,))
    before = person.git("rev-parse", "main^{tree}")
    look = person.mission("land", "m", method, "--dry-run", "--json").facts
    assert [(f["number"], f["title"]) for f in look["features"]] == [
        ("1.1", "Write the first file"),
        ("1.2", "Write the second file"),
    ]
    assert [c["subject"] for c in look["commits"]] == ["Write the second file (1.2)", "Write the first file (1.1)"]
    assert [f["path"] for f in look["files"]] == ["1.1.txt", "1.2.txt"]
    shown = person.mission("land", "m", method, "--diff", "--dry-run").out
    assert "+++ b/1.2.txt" in shown
    assert "Left out" not in shown
    assert person.git("rev-parse", "main^{tree}") == before, "it was only shown"
    with a_pulse_at_work_until_it_is_asked(person):
        done = person.mission("land", "m", method, "--yes", "--json").facts
    assert done["waits"] == []
    assert done["landed"] == person.git("rev-parse", "main")
    body = person.git("log", "-1", "--format=%s%n%b", "main").splitlines()
    assert body[0] == "Two files"
    assert "Mission-Agent: script (sonnet)" in body
    assert person.git("log", "--first-parent", "--format=%s", "main").splitlines()[1:] == ["Begin"]
    assert (person.repo / "1.2.txt").exists()
    subprocess.run([*shlex.split(done["take_back"]), "--no-edit"], cwd=person.repo, check=True, capture_output=True)
    assert person.git("rev-parse", "main^{tree}") == before
    assert person.mission("status", "m", "--json").facts["status"] == "completed"


def test_two_methods_at_once_are_none(person: Person) -> None:
    answer = person.mission("land", "m", "--merge", "--squash", ok=(2,))
    assert answer.err == "error: --squash and --merge exclude each other\n hint: use one of them\n"
