"""A person at work on real git and we beside them, with death in every step of ours: nothing of theirs is lost.

A failure prints the steps that led to it, with what git answered; in a normal run they are the same each time. Between
`state = PersonAtWork()` and `state.teardown()` they are Python: a class with `place` and `template` runs them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.kit.nightly import NIGHTLY, by_day
from tests.people.machine import AtWork
from tests.people.rooms import make_room

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES, STEPS = (200, 80) if NIGHTLY else (4, 40)


@pytest.mark.parametrize("place", by_day(["own", "here", "code"], 1))
@pytest.mark.timeout(7200 if NIGHTLY else 180)
def test_nothing_of_a_person_at_work_is_lost_whatever_dies(place: str, tmp_path: Path) -> None:
    make_room(place, tmp_path / "template")
    run_state_machine_as_test(
        type("PersonAtWork", (AtWork,), {"place": place, "template": tmp_path / "template"}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not NIGHTLY,
            database=None,
            phases=[Phase.generate, *([Phase.shrink] if NIGHTLY else [])],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            verbosity=Verbosity.normal,
        ),
    )
