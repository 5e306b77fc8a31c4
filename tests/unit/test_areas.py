"""Features that change the same files: run at the same time, or wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import feature, holds, mission, plan_of, record

from mission_cli._support.dataclass import replace
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.mission import Preferences
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.planner.core.decisions import Decisions, Dispatch

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs import RunRecord

WAIT = Preferences(shared_files="wait", max_parallel_workers=4, runner="script")


def in_area(number: str, *files: str, status: FeatureStatus = FeatureStatus.PENDING) -> Feature:
    return replace(feature(number, status), files=files)


def decided(*features: Feature, preferences: Preferences = WAIT, records: tuple[RunRecord, ...] = ()) -> Decisions:
    return plan_of(mission(*features, preferences=preferences), records=records, free_slots=4)


def started(plan: Decisions) -> list[str]:
    return [move.record.feature for move in plan.transitions if isinstance(move, Dispatch)]


def test_features_that_change_the_same_files_wait_for_each_other_if_asked_to() -> None:
    three = (in_area("1.1", "src/a"), in_area("1.2", "src/a/b.py", "docs"), in_area("1.3", "tests"))
    assert started(decided(*three, preferences=replace(WAIT, shared_files=""))) == ["1.1", "1.2", "1.3"]
    plan = decided(*three)
    assert started(plan) == ["1.1", "1.3"]
    assert holds(plan, "1.2") == [("area", "1.1 is being worked on, and both change src/a")]


@pytest.mark.parametrize("status", [FeatureStatus.DISPATCHED, FeatureStatus.REVIEW])
def test_the_work_of_another_one_has_to_be_judged_first(status: FeatureStatus) -> None:
    at_work = record("1.1-a1")
    plan = decided(in_area("1.1", "a", status=status), in_area("1.2", "a"), records=(at_work,))
    assert holds(plan, "1.2") == [("area", "1.1 is being worked on, and both change a")]


def test_without_areas_a_conflict_teaches_what_both_change() -> None:
    clash = replace(record("1.2-a1", Cause.CONFLICT), conflicts=("src/app.py",))
    assert read_run(write_run(clash)).conflicts == ("src/app.py",)  # type: ignore[union-attr]  # it was written
    plan = decided(in_area("1.1", "src"), in_area("1.2"), records=(clash,))
    assert holds(plan, "1.2") == [("area", "1.1 is being worked on, and both change src")]
    assert started(decided(in_area("1.1", "src"), in_area("1.2"))) == ["1.1", "1.2"]
