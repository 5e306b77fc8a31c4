"""The end, the merge with the base and later milestones are judged with the test files of the base, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import GOOD, POLICY, WORK, feature, mission, plan_of
from tests.unit.test_evidence import CHECK, OLD, acts_of, asked, judged, state

from mission_cli.domain.branches.against import Against
from mission_cli.domain.branches.landing import Landing, LandState
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.mission import Preferences
from mission_cli.domain.status import CriterionKind, FeatureStatus, MilestoneStatus, Verdict
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.milestones import AddFix, MoveMilestone
from mission_cli.planner.core.moves.mission import Finish, MoveMission
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key
from mission_cli.planner.milestones.meant import ACCEPT_CHANGE

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import CheckState
    from mission_cli.planner.core.decisions import Decisions

WEAK = Against(OLD, "old", ("check.sh",))
LOST = Against(lost_tests=("tests/test_a.py: test_x: removed",))
LANDED = Landing(LandState.LANDED)
RED = state(Verdict.FAILED, 2, "no", "1 failed")


def over(**more: object) -> Mission:
    """A mission whose only milestone has passed."""
    some = mission(feature("1.1", FeatureStatus.DONE), **more)
    passed = replace(some.milestones[0], status=MilestoneStatus.PASSED, passed_at=WORK[:12], criteria=(CHECK,))
    return replace(some, milestones=(passed,))


def decided(some: Mission, states: dict[str, CheckState], **more: object) -> Decisions:
    """What is decided when the criterion is known for these trees."""
    checks = {check_key(CHECK, tree, POLICY, some, turn_of(some)): found for tree, found in states.items()}
    return plan_of(some, checks=checks, **more)


PASS = state(Verdict.PASSED)


def test_the_end_is_judged_with_the_judges_files_of_the_base_too() -> None:
    judging = decided(over(), {"t": PASS}, work_against=WEAK, landing=LANDED)
    assert acts_of(judging) == [("RunCheck", 1)]
    assert not [m for m in judging.transitions if isinstance(m, Finish)]
    good = decided(over(), {"t": PASS, "old": PASS}, work_against=WEAK, landing=LANDED)
    assert [m.to for m in good.transitions if isinstance(m, Finish | MoveMission)] == ["completed"]
    weak = decided(over(), {"t": PASS, "old": RED}, work_against=WEAK, landing=LANDED)
    assert [m.to for m in weak.transitions if isinstance(m, MoveMilestone)] == [MilestoneStatus.ACTIVE]
    (fix,) = (m for m in weak.transitions if isinstance(m, AddFix))
    assert fix.evidence == "with check.sh as on the base, run: `t`: 1 failed\n1 failed"


def test_lost_tests_wait_for_a_person_at_the_end() -> None:
    waiting = decided(over(), {"t": PASS}, work_against=LOST, landing=LANDED)
    question = asked(waiting)
    assert (question.feature, question.prompt) == (
        "final",
        "accept the changes to tests and checks: tests/test_a.py test_x removed",
    )
    still = decided(over(requests=(question,)), {"t": PASS}, work_against=LOST, landing=LANDED)
    assert not [m for m in still.transitions if isinstance(m, MoveRequest)]
    no = over(requests=(replace(question, status="answered", response="reject"),))
    plan = decided(no, {"t": PASS}, work_against=LOST, landing=LANDED)
    assert [m.why for m in plan.transitions if isinstance(m, MoveMission)] == [
        f"the final validation was not accepted: a person did not {ACCEPT_CHANGE} (reject): tests/test_a.py test_x removed"
    ]


@pytest.mark.parametrize(
    ("states", "against", "effects", "words"),
    [
        (
            {},
            WEAK,
            [("RunCheck", 1)],
            "the merge with the base is also being judged with the test files of the base",
        ),
        ({"old": PASS}, WEAK, [("Land", 0)], ""),
        ({"old": RED}, WEAK, [], "merged with main: with check.sh as on the base, run: `t`: 1 failed"),
        ({}, Against(), [("Land", 0)], ""),
    ],
)
def test_a_merge_with_the_base_lands_when_the_judges_files_of_the_base_agree(
    states: dict[str, CheckState], against: Against, effects: list[tuple[str, int]], words: str
) -> None:
    merge = Landing(LandState.MERGE, GOOD.candidate, "merged", against=against)
    some = over(preferences=Preferences(runner="script", land="auto"))
    plan = decided(some, {"t": PASS, "merged": PASS, **states}, landing=merge, target=WORK)
    assert acts_of(plan) == effects
    assert [h.detail for h in plan.holds if h.kind == "landing"] == ([words] if words else [])


def test_a_later_milestone_is_judged_by_what_earlier_ones_passed_by() -> None:
    other = Criterion("run: `u`", CriterionKind.RUN, command="u", index=0)
    first = over().milestones[0]
    second = replace(
        first,
        number=2,
        status=MilestoneStatus.VALIDATING,
        passed_at="",
        criteria=(other,),
        features=(feature("2.1", FeatureStatus.DONE),),
    )
    some = replace(over(), milestones=(first, second))
    turn = turn_of(some)
    known = {check_key(other, tree, POLICY, some, turn): PASS for tree in ("t", "old")}
    assert acts_of(plan_of(some, checks=known, work_against=WEAK)) == [("RunCheck", 1)]
    plan = plan_of(some, checks={**known, check_key(CHECK, "old", POLICY, some, turn): RED}, work_against=WEAK)
    assert [(m.milestone, m.criterion) for m in plan.transitions if isinstance(m, AddFix)] == [(2, CHECK)]


def test_what_was_changed_of_the_judges_stands_in_the_record_and_in_the_history() -> None:
    found = ("tests/test_a.py: test_x: removed", "conftest.py: how tests run was changed")
    done = replace(GOOD, integrated=True, against=Against(findings=found))
    plan = judged(done, {"new": PASS})
    (settled,) = (m for m in plan.transitions if isinstance(m, Settle))
    words = f"look at the changes to tests and checks: {'; '.join(found)}"
    assert settled.record.detail.endswith(words)
    assert settled.why.endswith(words)
