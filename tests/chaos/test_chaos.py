"""Real processes, killed at random: the mission ends as if nothing had happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.chaos.storm import FEATURES, PLAN, WORKER, Storm, assert_nothing_was_lost, pulses_at_once
from tests.kit.nightly import NIGHTLY, only_at_night

if TYPE_CHECKING:
    from tests.kit.people import Person

ROUNDS = 30 if NIGHTLY else 12
SEEDS = range(12) if NIGHTLY else range(1)
PARTS, TIMES = (5, 10) if NIGHTLY else (1, 3)
"""Shared out among those who run tests."""


@only_at_night
@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm(person: Person, seed: int) -> None:
    person.worker(WORKER)
    person.plan(PLAN)
    person.start()
    storm = Storm(person, seed)
    storm.blow(ROUNDS)
    storm.end()
    assert sum(storm.done.values()) >= ROUNDS / 2
    assert_nothing_was_lost(storm, person)


@pytest.mark.parametrize("part", range(PARTS))
def test_eight_pulses_at_the_same_instant(person: Person, part: int) -> None:
    person.worker(WORKER)
    first_milestone = PLAN.split("  - name: Second")[0]
    times = missions = 0
    while times < TIMES:
        missions += 1
        mission = person.plan(first_milestone, identity=f"m{missions}")
        person.start(mission)
        while any(status != "done" for status in person.features(mission).values()):
            (person.runtime / "kick").touch()
            assert [pulse.wait() for pulse in pulses_at_once(person, 8)] == [0] * 8
            times += 1
            person.rest()
    assert times >= TIMES, part
    expected = [f"m{m}/{f}-a1" for m in range(1, missions + 1) for f in FEATURES if f.startswith("1.")]
    assert sorted(person.starts()) == sorted(expected)
