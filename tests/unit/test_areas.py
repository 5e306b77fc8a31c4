"""Features that change the same files: run at the same time, or wait for each other."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import feature, holds, mission, plan_of, record
from tests.kit.nightly import only_at_night

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.mission import Preferences
from mission_cli.domain.status import FINISHED_MISSION, Cause, FeatureStatus
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.decisions import Decisions, Dispatch

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs import RunRecord
    from mission_cli.ports.executor import JobSpec

WAIT = Preferences(shared_files=True, max_parallel_workers=4, runner="script")


def in_area(number: str, *files: str, status: FeatureStatus = FeatureStatus.PENDING) -> Feature:
    return replace(feature(number, status), files=files)


def decided(*features: Feature, preferences: Preferences = WAIT, records: tuple[RunRecord, ...] = ()) -> Decisions:
    return plan_of(mission(*features, preferences=preferences), records=records, free_slots=4)


def started(plan: Decisions) -> list[str]:
    return [move.record.feature for move in plan.transitions if isinstance(move, Dispatch)]


def test_features_that_change_the_same_files_wait_for_each_other_if_asked_to() -> None:
    three = (in_area("1.1", "src/a"), in_area("1.2", "src/a/b.py", "docs"), in_area("1.3", "tests"))
    assert started(decided(*three, preferences=replace(WAIT, shared_files=False))) == ["1.1", "1.2", "1.3"]
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


def touching(areas: dict[str, list[str]], spec: JobSpec) -> Outcome:
    """Write a line of its own into each file of its area, for ten to thirty minutes."""
    number = spec.program.env["MISSION_FEATURE"]
    minutes = 10 + 20 * Random(number).random()  # noqa: S311 - dice
    return Outcome(minutes * 60, dict.fromkeys(areas[number], f"{number}\n"))


def lived(seed: int, shared_files: str) -> tuple[Counter[str], timedelta]:
    """Return how the attempts of a mission ended, and how long it took, in a plan of a seed."""
    chance = Random(seed)  # noqa: S311 - dice
    paths = [f"{folder}/{name}.py" for folder in "abc" for name in "xyz"]
    numbers = [f"1.{n}" for n in range(1, 5 + seed % 4)]
    areas = {number: chance.sample(paths, chance.choice([1, 1, 2, 3])) for number in numbers}
    rows = "".join(
        f"      - {{title: n{n}, files: [{', '.join(areas[n])}], criteria: ['manual: x']}}\n" for n in numbers
    )
    plan = f"""\
title: Some
budget: {{time_hours: 200}}
preferences: {{runner: script, max_parallel_workers: 3, shared_files: {shared_files}}}
milestones:
  - name: Only
    validation: ["file: `{areas[numbers[0]][0]}`"]
    features:
{rows.replace("criteria: ['manual: x']", "criteria: []")}"""
    host = make_host(partial(touching, areas))
    make_mission(host, plan)
    lifecycle.start(host.context(), "m")
    begun = host.jobs.clock.time.now
    for _ in range(500):
        [case] = pulse(host.context()).cases.values()
        if all(f.finished for f in case.mission.features()) or case.mission.status in FINISHED_MISSION:
            break
        host.jobs.clock.time.pass_by(timedelta(minutes=1))
        host.jobs.work()
    ends = Counter(str(one.cause) for one in case.observation.records)
    return ends, host.jobs.clock.time.now - begun


@only_at_night
def test_conflicts_fall_by_four_fifths_and_it_takes_no_longer() -> None:
    """100 plans of five to eight features, three at a time, with one to three of nine files each."""
    found = {how: [lived(seed, how) for seed in range(100)] for how in ("run", "wait")}
    conflicts = {how: sum(ends["conflict"] for ends, _ in worlds) for how, worlds in found.items()}
    took = {how: sum((span for _, span in worlds), timedelta(0)) for how, worlds in found.items()}
    assert conflicts["run"] > 0
    assert conflicts["wait"] <= conflicts["run"] * 0.2
    assert took["wait"] <= took["run"] * 1.1
