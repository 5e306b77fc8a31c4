"""No more checks run, or wait in a process of their own, than `machine_workers`: by decision, and over all missions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import NOW, POLICY, WORK, feature, milestone, mission, observation, run

from mission_cli._support.dataclass import replace
from mission_cli.adapters.executors.jobs.slots import SLOTS
from mission_cli.app.commands import lifecycle
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.status import (
    EndReason,
    FeatureStatus,
    JobKind,
    JobState,
    MilestoneStatus,
    MissionStatus,
    Verdict,
)
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

COMMANDS = tuple("abcdef")
STATES = {
    "unknown": None,
    "waiting": CheckState(1, Job(JobState.WAITING)),
    "running": CheckState(1, Job(JobState.RUNNING)),
    "passed": CheckState(1, Job(JobState.ENDED, Exit(EndReason.EXIT, 0)), Verdict.PASSED),
    "killed": CheckState(1, Job(JobState.ENDED, Exit(EndReason.LOST)), again=True),
}
TRIED = mission(
    milestones=(
        milestone(
            1,
            MilestoneStatus.ACTIVE,
            *(feature(f"1.{n}", FeatureStatus.PENDING, criteria=(run(c),)) for n, c in enumerate(COMMANDS, 1)),
            started_at=WORK[:12],
        ),
    )
)
"""Six features at which nobody has worked: all their criteria are tried at once when the milestone starts."""


@given(st.lists(st.sampled_from(sorted(STATES)), min_size=6, max_size=6), st.integers(1, 8), st.integers(0, 8))
def test_what_runs_and_what_is_started_stays_within_both_bounds(known: list[str], bound: int, free: int) -> None:
    keys = [check_key(replace(run(command), timeout=POLICY.trial_timeout), "t", POLICY, TRIED) for command in COMMANDS]
    found = {key: state for key, name in zip(keys, known, strict=True) if (state := STATES[name])}
    look = observation(start_trees={WORK[:12]: (WORK, "t")}, checks=found, free_slots=9, free_checks=free)
    plan = decide(TRIED, look, replace(POLICY, checks_at_once=bound))
    started = [act.key for act in plan.effects if isinstance(act, RunCheck)]
    running = sum(name in {"waiting", "running"} for name in known)
    wanted = [key for key, name in zip(keys, known, strict=True) if name in {"unknown", "killed"}]
    trials = max(1, bound // 2)  # so that what attempts left is judged meanwhile
    assert len(started) == min(len(wanted), max(0, trials - running), free)
    assert [act.key for act in plan.judgments] == wanted, "whoever looks up what is known leaves none out"
    held_by_machine = len(started) < min(len(wanted), trials - running)
    assert (plan.wake_at == NOW + timedelta(seconds=10)) is held_by_machine


PLAN = """\
title: Many checks
budget: {time_hours: 10}
preferences: {runner: script, max_parallel_workers: 2, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`", "grep: `one` in `1.2.txt`", "not grep: `never` in `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`", "grep: `one` in `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`", "grep: `one` in `1.2.txt`"]}
"""


def works(spec: JobSpec) -> Outcome:
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(30.0, {f"{name}.txt": "one"}, completes=name)


def test_missions_of_one_machine_share_its_bound_and_all_end() -> None:
    host = make_host(works, machine_workers=2)
    names = ["m1", "m2", "m3"]
    for name in names:
        make_mission(host, PLAN, name)
        lifecycle.start(host.context(), name)
    kinds = [kind for kind in SLOTS if kind is not JobKind.REVIEW]  # no criterion of the plan wants one
    most = dict.fromkeys(kinds, 0)
    for _ in range(900):
        assert not pulse(host.context()).bugs
        most = {kind: max(most[kind], len(host.jobs.supervised(kind))) for kind in kinds}
        host.jobs.clock.time.pass_by(timedelta(seconds=2))
        host.jobs.work()
        settled = host.context().runtime.settled()
        if len(settled) == len(names):
            break
    assert {str(name): found.status for name, found in settled.items()} == dict.fromkeys(names, MissionStatus.COMPLETED)
    assert most == dict.fromkeys(kinds, 2)
