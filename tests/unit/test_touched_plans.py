"""What declared and predicted files, and batches, save on a hundred plans: conflicts, time and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.touched import Lived, added, lived, recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

PLANS = 100


def hundred(how: str, *, coupled: bool, declared: bool, every: timedelta | None = None) -> Lived:
    """All of them in one mode."""
    return added([lived(recorded(s, coupled=coupled), how, declared=declared, every=every) for s in range(PLANS)])


def row(name: str, one: Lived) -> str:
    conflicts, hours = one.ends["conflict"], one.took.total_seconds() / 3600 / PLANS
    return f"{name:42} {conflicts:5} conflicts {hours:5.2f} h {one.checks:5} checks {one.hits.words}"


@only_at_night
@pytest.mark.timeout(7200)
def test_conflicts_fall_by_four_fifths_and_it_takes_no_longer(record_property: Callable[[str, object], None]) -> None:
    """Declared files in any plan; predicted ones where files change together as they did before."""
    table: dict[str, Lived] = {}
    for coupled in (False, True):
        kind = "coupled files" if coupled else "any files"
        for how, declared in (("run", True), ("wait", True), ("predict", True), ("predict", False)):
            name = f"{kind}, {how}, {'declared' if declared else 'not declared'}"
            table[name] = hundred(how, coupled=coupled, declared=declared)
            print(row(name, table[name]))  # noqa: T201 - the table is what a nightly run is for
    record_property("counts", {name: one.ends["conflict"] for name, one in table.items()})
    for kind in ("any files", "coupled files"):
        naive = table[f"{kind}, run, declared"]
        alone = table[f"{kind}, predict, not declared"]
        assert alone.ends["conflict"] <= naive.ends["conflict"] * 0.75
        assert alone.took <= naive.took * 1.1
        for how in ("wait", "predict"):
            one = table[f"{kind}, {how}, declared"]
            assert one.ends["conflict"] <= naive.ends["conflict"] * 0.2
            assert one.took <= naive.took * 1.1


def test_without_declared_files_the_plan_and_the_history_tell_some() -> None:
    """One plan: what was expected is in the records, with what came true."""
    one = lived(recorded(3, coupled=True), "predict", declared=False)
    assert one.hits.predicted
    assert one.hits.right
    assert {*one.ends} <= {"done", "conflict"}
