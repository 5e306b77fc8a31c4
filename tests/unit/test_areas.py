"""Features that change the same files: run at the same time, or wait for each other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import feature, holds, mission, plan_of, record

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.mission import Preferences
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.moves.features import Dispatch

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Decisions
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Some
budget: {time_hours: 20}
preferences: {runner: script, max_parallel_workers: 3}
milestones:
  - name: Only
    validation: ["file: `x`"]
    features:
      - {title: both, criteria: ["file: `x`"]}
      - {title: one, criteria: ["file: `x`"]}
      - {title: another, criteria: ["file: `notes.txt`"]}
"""
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


def both_and_each(spec: JobSpec) -> Outcome:
    """1.1 changes two files, 1.2 and 1.3 one of them each; all end at once."""
    number = spec.program.env["MISSION_FEATURE"]
    return Outcome(600.0, dict.fromkeys({"1.1": "xy", "1.2": "x", "1.3": "y"}[number], f"{number}\n"))


def test_of_attempts_that_conflict_the_larger_group_is_merged_first() -> None:
    host = make_host(both_and_each)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    for _ in range(40):
        [case] = pulse(host.context()).cases.values()
        if all(f.finished for f in case.mission.features()):
            break
        host.jobs.clock.time.pass_by(timedelta(minutes=2))
        host.jobs.work()
    ends = [(one.run, one.cause, one.conflicts) for one in case.observation.records]
    assert ends == [
        ("m/1.1-a1", Cause.CONFLICT, ("x",)),
        ("m/1.1-a2", Cause.DONE, ()),
        ("m/1.2-a1", Cause.DONE, ()),
        ("m/1.3-a1", Cause.DONE, ()),
    ]
