"""What passed when a milestone started and fails at its end: the feature that broke it is found by bisection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import EXIT, POLICY, feature, holds, milestone, mission, observation, run

from mission_cli._support.dataclass import replace
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.ids import Sha
from mission_cli.domain.runs.jobs import CheckState
from mission_cli.domain.status import FeatureStatus, MilestoneStatus, Verdict
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.moves.milestones import AddFix
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission

COMMITS = tuple((Sha(f"{number:x}" * 40), f"Feature {number} (1.{number})") for number in range(1, 9))
GUARD = run("pytest", baseline=Result(Verdict.PASSED, "2026-11-20T09:00:00Z", "0000000"))


def validating() -> Mission:
    done = feature("1.1", FeatureStatus.DONE)
    return mission(
        milestones=(milestone(1, MilestoneStatus.VALIDATING, done, criteria=(GUARD,), started_at="0000000"),)
    )


@pytest.mark.parametrize("broken_by", range(1, 9))
def test_the_commit_that_broke_it_is_named_after_three_tries(broken_by: int) -> None:
    some = validating()
    failed = CheckState(2, EXIT, Verdict.FAILED, "AssertionError: 3", failed="AssertionError: 3")
    checks = {check_key(GUARD, "t", POLICY, some, turn_of(some)): failed}
    tried: list[int] = []
    for _ in range(5):
        seen = observation(checks=checks, since_start={"0000000": tuple(reversed(COMMITS))})
        plan = decide(some, seen, POLICY)
        fixes = [move for move in plan.transitions if isinstance(move, AddFix)]
        if fixes:
            break
        assert ("validating", "it is being found out which feature broke what passed before") in holds(plan, "1")
        [check] = [act for act in plan.effects if isinstance(act, RunCheck)]
        number = next(n for n, (commit, _) in enumerate(COMMITS, 1) if commit == check.commit)
        tried.append(number)
        checks[check.key] = CheckState(1, EXIT, Verdict.FAILED if number >= broken_by else Verdict.PASSED, "")
    assert len(tried) == 3
    commit, subject = COMMITS[broken_by - 1]
    assert fixes[0].evidence == f"AssertionError: 3\nit passed before `{subject}` ({commit[:7]}) and fails since"


def test_nothing_is_sought_where_it_never_passed_or_cannot_be_run_in_between() -> None:
    some = validating()
    failed = CheckState(2, EXIT, Verdict.FAILED, "AssertionError: 3", failed="AssertionError: 3")
    key = check_key(GUARD, "t", POLICY, some, turn_of(some))
    line = {"0000000": tuple(reversed(COMMITS))}
    new = replace(GUARD, baseline=Result(Verdict.FAILED, "2026-11-20T09:00:00Z", "0000000"))
    never = replace(some, milestones=(replace(some.milestones[0], criteria=(new,)),))
    for of, known in (
        (never, {}),
        (some, {check_key(GUARD, COMMITS[3][0], POLICY, some, "blame"): Verdict.COULD_NOT_RUN}),
    ):
        states = {key: failed, **{k: CheckState(1, EXIT, v, "") for k, v in known.items()}}
        plan = decide(of, observation(checks=states, since_start=line), POLICY)
        assert [move.evidence for move in plan.transitions if isinstance(move, AddFix)] == ["AssertionError: 3"]
