"""Eight repositories of one machine share a budget: real pulses at the same time, real workers, one cap."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST, Person, make_person

from mission_cli.adapters.money.purse import FilePurse

REPOSITORIES = 8
CAP = Decimal(5)
BUDGET = f'[budgets.all]\nusd = {CAP}\nacross = "machine"\n'
PLAN = """\
title: Words
budget: {money_usd: 1.25, alert_threshold_pct: 100}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""
PAID = """\
Path(os.environ["MISSION_USAGE"]).write_text('{"cost_usd": 1.25, "input_tokens": 100}')
time.sleep(2)  # the others begin meanwhile
"""


def noted() -> Decimal:
    """What all repositories have spent and reserved, as they have noted it."""
    parts = FilePurse(Path(os.environ["HOME"]) / ".local/state/mission/budgets").parts()
    assert not parts.problem
    return sum((row.usd for part in parts.known.values() for row in part.rows()), Decimal(0))


@only_at_night
@pytest.mark.timeout(600)
def test_pulses_at_the_same_time_never_spend_more_than_the_machine_may(tmp_path: Path) -> None:
    people = [make_person(tmp_path / f"repo{number}") for number in range(REPOSITORIES)]
    for person in people:
        person.worker(PAID, HONEST)
        person.tables.append(BUDGET)
        person.save_settings()
        person.plan(PLAN)
        person.start()
    for _ in range(12):
        pulses = [_pulse(person) for person in people]
        while any(one.poll() is None for one in pulses):
            assert noted() <= CAP
            time.sleep(0.05)  # looks at files of other processes while they work
        assert [one.returncode for one in pulses] == [0] * REPOSITORIES
    for person in people:
        person.rest()
        person.leave()
    spent = [Decimal(str(person.mission("status", "m", "--json").facts["budget"]["usd"]["spent"])) for person in people]
    assert sum(spent) == noted()
    assert sum(spent) == CAP
    waits = [person.mission("why", "m", "--json").out for person in people]
    assert any("the budget `all` (this machine, each month)" in words for words in waits)
    (left,) = people[0].mission("budget", "limits", "--json").facts["budgets"]
    assert Decimal(str(left["spent"])) == sum(spent)


def _pulse(person: Person) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "mission_cli", "pulse", "--quiet"],
        cwd=person.repo,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
