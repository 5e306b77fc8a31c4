"""A milestone with criteria of its own is also judged by the tests and builds that were found in the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import BASE, EXIT, POLICY, WORK, feature, holds, milestone, mission, observation, run

from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.runs.jobs import CheckState
from mission_cli.domain.status import FeatureStatus, MilestoneStatus, Verdict
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.moves.milestones import AddFix, MoveMilestone
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.planner.core.decisions import Decisions

OWN = run("test -f new.py", baseline=Result(Verdict.FAILED, "2026-11-20T09:00:00Z", "0000000"))
FOUND = run("make test", index=-1)


def decided(now: Verdict | None = None, before: Verdict | None = None, mode: str = "full") -> Decisions:
    """What follows when its own criteria pass, and the found command has these verdicts."""
    done = feature("1.1", FeatureStatus.DONE)
    one = milestone(1, MilestoneStatus.VALIDATING, done, criteria=(OWN,), started_at="0000000")
    some = mission(milestones=(one,), mode=mode)
    turn = turn_of(some)
    checks = {check_key(OWN, "t", POLICY, some, turn): CheckState(1, EXIT, Verdict.PASSED)}
    for verdict, key in (
        (now, check_key(FOUND, "t", POLICY, some, turn)),
        (before, check_key(FOUND, "old", POLICY, some)),
    ):
        if verdict is not None:
            checks[key] = CheckState(2, EXIT, verdict, "AssertionError: 3", failed="AssertionError: 3")
    seen = observation(checks=checks, detected={"t": (FOUND,)}, start_trees={"0000000": (BASE, "old")})
    return decide(some, seen, POLICY)


def started(plan: Decisions) -> list[tuple[str, str]]:
    return [(act.criterion.command, act.commit) for act in plan.effects if isinstance(act, RunCheck)]


def test_it_runs_on_finished_work_and_only_a_failure_is_compared_with_the_start() -> None:
    plan = decided()
    assert started(plan) == [("make test", WORK)]
    assert holds(plan, "1") == [("validating", "the tests and builds of the repository are run")]
    assert started(decided(Verdict.FAILED)) == [("make test", BASE)]
    passed = decided(Verdict.PASSED)
    assert [move.to for move in passed.transitions if isinstance(move, MoveMilestone)] == ["passed"]
    assert [move.to for move in decided(mode="poc").transitions if isinstance(move, MoveMilestone)] == ["passed"]


@pytest.mark.parametrize("before", [Verdict.FAILED, Verdict.COULD_NOT_RUN, Verdict.SKIPPED])
def test_what_did_not_pass_at_the_start_blocks_nothing(before: Verdict) -> None:
    plan = decided(Verdict.FAILED, before)
    assert [move.to for move in plan.transitions if isinstance(move, MoveMilestone)] == ["passed"]


@pytest.mark.parametrize("now", [Verdict.FAILED, Verdict.COULD_NOT_RUN, Verdict.SKIPPED])
def test_what_passed_at_the_start_and_does_not_any_more_becomes_a_fix_feature(now: Verdict) -> None:
    plan = decided(now, Verdict.FLAKY)
    [fix] = [move for move in plan.transitions if isinstance(move, AddFix)]
    assert (fix.title, fix.criterion and fix.criterion.command) == ("fix: run: `make test`", "make test")
    assert [move.to for move in plan.transitions if isinstance(move, MoveMilestone)] == ["active"]
