"""`mission run --detach`: pulses without cron, by one process in the background."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

PLAN = """\
title: One file
budget: {money_usd: 4}
preferences: {land: auto}
milestones:
  - name: Files
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
LAZY_AT_FIRST = """\
if int(ATTEMPT) == 1:
    raise SystemExit(0)
"""


@pytest.fixture(autouse=True)
def ended(person: Person) -> Iterator[None]:
    """No detached run outlives its test."""
    yield
    person.mission("cron", "remove")


def detach(person: Person) -> dict[str, Any]:
    """Start a detached run, unless there is one."""
    return person.mission("run", "--detach", "m", "--json").facts


def detached(person: Person) -> dict[str, Any] | None:
    """The detached run, as `cron status` tells it."""
    found: dict[str, Any] | None = json.loads(person.mission("cron", "status", "--json", ok=None).out)["detached"]
    return found


def test_a_detached_run_finishes_a_mission_and_ends_when_nothing_is_left(person: Person) -> None:
    person.worker(LAZY_AT_FIRST, HONEST)
    person.set('retry_delays = ["1s"]\n')
    person.plan(PLAN)
    person.start()
    first = detach(person)
    assert detached(person) == {"pid": first["pid"], "since": first["since"]}
    while str(person.loaded().mission.status) != "completed":
        person.rest()
    assert person.causes() == [("1.1-a1", "noop"), ("1.1-a2", "done")]
    while Path(f"/proc/{first['pid']}/exe").exists():
        person.rest()
    assert detached(person) is None


def test_there_is_one_detached_run_however_many_are_started(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    person.start()
    person.mission("pause", "m")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: person.process("run", "--detach", "m", "--json"), range(8)))
    assert len({answer.facts["pid"] for answer in answers}) == 1
    answer = person.mission("cron", "remove")
    assert answer.out == "detached run: removed; running workers continue\n"
    assert detached(person) is None


@only_at_night
def test_a_detached_run_that_was_killed_does_not_keep_the_next_one_out(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    person.start()
    person.mission("pause", "m")
    first = detach(person)
    os.kill(first["pid"], signal.SIGKILL)
    while detached(person) is not None:
        person.rest()
    second = detach(person)
    assert second["pid"] != first["pid"]


def test_a_mission_that_was_not_started_needs_no_detached_run(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    answer = person.mission("run", "--detach", "m", ok=(3,))
    assert answer.err == "error: m has not been started: no pulse advances it\n hint: mission start m\n"
