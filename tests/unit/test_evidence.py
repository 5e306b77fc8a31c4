"""Verdicts that cannot be talked round: flaky ones, work without a diff, and the test files of the base."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import GOOD, POLICY, WORK, feature, mission, observation, plan_of, record

from mission_cli.domain.branches.against import Against
from mission_cli.domain.branches.landing import Landing, LandState
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import RunId, Sha
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.status import Cause, CriterionKind, EndReason, FeatureStatus, JobState, MilestoneStatus, Verdict
from mission_cli.domain.tables import InputRequest
from mission_cli.planner.core.effects import Integrate, RunCheck
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.milestones import AddFix, MoveMilestone
from mission_cli.planner.core.moves.waiting import Ask
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judging import turn_of
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

RUN = RunId("m/1.1-a1")
CHECK = Criterion("run: `t`", CriterionKind.RUN, command="t", index=0)
OLD = Sha("d" * 40)
ENDED = Job(JobState.ENDED, Exit(EndReason.EXIT, 0))


def state(verdict: Verdict | None, tries: int = 1, failed: str | None = None, detail: str = "") -> CheckState:
    return CheckState(tries, ENDED, verdict, detail, failed=failed)


def judged(evidence: Evidence, states: dict[str, CheckState], **more: object) -> Decisions:
    """One attempt at a feature with one criterion has ended; `states` are what is known, by tree."""
    status = more.pop("status", FeatureStatus.REVIEW)
    tries_after, requests = more.pop("tries_after", 0), more.pop("requests", ())
    one = feature("1.1", status, criteria=(CHECK,), tries_after=tries_after)  # type: ignore[arg-type]  # values of a case
    some = mission(one, requests=requests)
    checks = {check_key(CHECK, tree, POLICY, some): found for tree, found in states.items()}
    return plan_of(
        some, records=(record("1.1-a1"),), jobs={RUN: ENDED}, evidence={RUN: evidence}, checks=checks, **more
    )


def causes_of(plan: Decisions) -> list[Cause | None]:
    return [m.record.cause for m in plan.transitions if isinstance(m, Settle)]


def acts_of(plan: Decisions) -> list[tuple[str, int]]:
    return [(type(a).__name__, a.attempt if isinstance(a, RunCheck) else 0) for a in plan.effects]


def test_a_failure_is_run_again_on_the_same_tree_before_a_worker_is_paid() -> None:
    plan = judged(GOOD, {"new": state(Verdict.FAILED)})
    assert (acts_of(plan), causes_of(plan)) == ([("RunCheck", 2)], [])
    plan = judged(GOOD, {"new": state(Verdict.FAILED, 2, failed="first")})
    assert (acts_of(plan), causes_of(plan)) == ([], [Cause.CRITERIA_FAILED])
    plan = judged(GOOD, {"new": state(Verdict.PASSED, 2, failed="port taken", detail="ok")})
    assert (acts_of(plan), causes_of(plan)) == ([("Integrate", 0)], [])


def validating(states: CheckState | None, **more: object) -> tuple[Mission, Decisions]:
    some = mission(feature("1.1", FeatureStatus.DONE, criteria=(CHECK,)))
    milestone = replace(some.milestones[0], status=MilestoneStatus.VALIDATING, criteria=(CHECK,), **more)  # type: ignore[arg-type]  # values of a case
    some = replace(some, milestones=(milestone,))
    checks = {check_key(CHECK, "t", POLICY, some, turn_of(some)): states} if states else {}
    return some, plan_of(some, checks=checks)


def test_a_milestone_whose_failure_passes_again_is_flaky_and_makes_no_fix_feature() -> None:
    _, plan = validating(state(Verdict.PASSED, 2, failed="port taken"))
    transitions = [m for m in plan.transitions if isinstance(m, MoveMilestone)]
    assert [m.to for m in transitions] == [MilestoneStatus.PASSED]
    assert not [m for m in plan.transitions if isinstance(m, AddFix)]
    _, plan = validating(state(Verdict.FAILED, 2, failed="port taken"))
    assert [m for m in plan.transitions if isinstance(m, AddFix)]


def test_a_verdict_is_not_kept_beyond_its_round() -> None:
    first, _ = validating(None)
    second, _ = validating(None, rounds=1)
    keys = {check_key(CHECK, "t", POLICY, some, turn) for some in (first, second) for turn in ("", turn_of(some))}
    assert len(keys) == 3


NOTHING = Evidence(None, work=WORK)


@pytest.mark.parametrize(
    ("states", "cause", "effects"),
    [
        ({}, [], [("RunCheck", 1)]),
        ({"t": state(Verdict.PASSED)}, [Cause.DONE], []),
        ({"t": state(Verdict.FAILED)}, [Cause.NOOP], []),
    ],
)
def test_an_attempt_that_left_nothing_is_judged_by_its_criteria(
    states: dict[str, CheckState], cause: list[Cause], effects: list[tuple[str, int]]
) -> None:
    plan = judged(NOTHING, states, status=FeatureStatus.DISPATCHED)
    assert (causes_of(plan), acts_of(plan)) == (cause, effects)
    if cause == [Cause.DONE]:
        words = "1.1-a1 is done: it left no commit, and its criteria pass on finished work as it is"
        assert [m.why for m in plan.transitions if isinstance(m, Settle)] == [words]


def test_whoever_retries_what_is_done_asks_for_a_diff() -> None:
    plan = judged(NOTHING, {"t": state(Verdict.PASSED)}, status=FeatureStatus.DISPATCHED, tries_after=0)
    assert causes_of(plan) == [Cause.DONE]
    plan = judged(NOTHING, {"t": state(Verdict.PASSED)}, status=FeatureStatus.DISPATCHED, tries_after=1)
    assert causes_of(plan) == [Cause.NOOP]


def test_white_space_is_work_where_a_criterion_decides_and_only_there() -> None:
    space = replace(GOOD, substantial=False)
    assert acts_of(judged(space, {"new": state(Verdict.PASSED)})) == [("Integrate", 0)]
    assert causes_of(judged(space, {"new": state(Verdict.FAILED, 2, "no")})) == [Cause.CRITERIA_FAILED]


def test_what_stands_on_work_is_not_done_without_its_verdict() -> None:
    there = replace(GOOD, integrated=True)
    assert acts_of(judged(there, {})) == [("RunCheck", 1)]
    assert causes_of(judged(there, {"new": state(Verdict.FAILED, 2, "no")})) == [Cause.CRITERIA_FAILED]
    assert causes_of(judged(there, {"new": state(Verdict.PASSED)})) == [Cause.DONE]


BESIDE = replace(GOOD, against=Against(OLD, "old", ("pytest.ini",)))
TESTS = replace(GOOD, against=Against(OLD, "old", ("tests/test_a.py",), person=True))
LOST = replace(GOOD, against=Against(lost_tests=("tests/test_a.py: test_x: removed",)))
PASS = {"new": state(Verdict.PASSED)}


def test_the_judges_files_of_the_base_have_to_pass_too() -> None:
    assert acts_of(judged(BESIDE, PASS)) == [("RunCheck", 1)]
    assert acts_of(judged(BESIDE, {**PASS, "old": state(Verdict.PASSED)})) == [("Integrate", 0)]
    plan = judged(BESIDE, {**PASS, "old": state(Verdict.FAILED, 2, "no", "1 failed")})
    assert causes_of(plan) == [Cause.CRITERIA_FAILED]
    assert "with pytest.ini as on the base, run: `t`: 1 failed" in str(plan.transitions)


def asked(plan: Decisions) -> InputRequest:
    (found,) = (m.request for m in plan.transitions if isinstance(m, Ask))
    return found


@pytest.mark.parametrize(
    ("evidence", "states", "words"),
    [
        (LOST, PASS, "tests/test_a.py test_x removed"),
        (TESTS, {**PASS, "old": state(Verdict.FAILED, 2, "no")}, "tests/test_a.py (fails as it is on the base)"),
    ],
)
def test_lost_tests_wait_for_a_person_who_may_say_either(
    evidence: Evidence, states: dict[str, CheckState], words: str
) -> None:
    waiting = judged(evidence, states)
    question = asked(waiting)
    assert question.prompt == f"1.1 attempt 1: accept the changes to tests and checks: {words}"
    assert [(h.person, str(h.unblock)) for h in waiting.holds if h.kind == "request"] == [
        (True, "mission answer m 1 ANSWER (accept or reject)")
    ]
    assert not [a for a in waiting.effects if isinstance(a, Integrate)]
    answered = replace(question, status="answered", response="accept")
    assert acts_of(judged(evidence, states, requests=(answered,))) == [("Integrate", 0)]
    refused = replace(question, status="answered", response="reject: it was good")
    assert causes_of(judged(evidence, states, requests=(refused,))) == [Cause.CRITERIA_FAILED]


def test_a_view_that_does_not_look_at_what_was_left_names_the_question_about_it() -> None:
    words = "1.1 attempt 1: accept the changes to tests and checks: tests/test_a.py test_x removed"
    some = mission(feature("1.1", FeatureStatus.REVIEW, criteria=(CHECK,)))
    look = {"records": (record("1.1-a1"),), "jobs": {RUN: ENDED}, "looked": False}
    (before,) = plan_of(some, **look).holds
    assert (before.kind, before.detail) == ("review", "attempt 1 has ended and is being judged")
    asked = replace(some, requests=(InputRequest(3, "", "1.1", words, ("accept", "reject"), label="3"),))
    (hold,) = (h for h in plan_of(asked, **look).holds if h.subject == "1.1")
    assert (hold.kind, hold.detail, str(hold.unblock), hold.person) == (
        "request",
        f"a person has to answer: {words}",
        "mission answer m 3 ANSWER (accept or reject)",
        True,
    )


NEXT, TOP = RunId("m/1.2-a1"), Sha("f" * 40)


def queued(first: CheckState | None, second: CheckState | None, **more: object) -> Decisions:
    """Two attempts have ended; the second is merged on the first."""
    other = replace(CHECK, text="run: `u`", command="u")
    one, two = (feature(n, FeatureStatus.REVIEW, criteria=(c,)) for n, c in (("1.1", CHECK), ("1.2", other)))
    some = mission(one, two)
    on_top = replace(GOOD, candidate=TOP, tree="both", work=GOOD.candidate, work_tree="new")
    keys = {check_key(CHECK, "new", POLICY, some): first, check_key(other, "both", POLICY, some): second}
    return decide(
        some,
        observation(
            records=(record("1.1-a1"), record("1.2-a1")),
            jobs={RUN: ENDED, NEXT: ENDED},
            evidence={RUN: GOOD, NEXT: on_top},
            checks={key: found for key, found in keys.items() if found},
        ),
        replace(POLICY, **more),  # type: ignore[arg-type]  # values of a case
    )


def test_candidates_are_judged_at_once_and_integrated_one_after_the_other() -> None:
    assert acts_of(queued(None, None)) == [("RunCheck", 1), ("RunCheck", 1)]
    assert acts_of(queued(state(Verdict.PASSED), state(Verdict.PASSED))) == [("Integrate", 0)]
    waiting = queued(None, state(Verdict.FAILED, 2, "no"))
    assert (acts_of(waiting), causes_of(waiting)) == ([("RunCheck", 1)], []), "it may fail for what is below it"
    failed = queued(state(Verdict.FAILED, 2, "no"), state(Verdict.PASSED))
    assert (acts_of(failed), causes_of(failed)) == ([], [Cause.CRITERIA_FAILED])


def test_no_more_checks_run_at_once_than_the_machine_may_and_what_failed_runs_alone() -> None:
    running = CheckState(1, Job(JobState.RUNNING))
    assert acts_of(queued(None, None, checks_at_once=1)) == [("RunCheck", 1)]
    assert acts_of(queued(running, None, checks_at_once=1)) == []
    assert acts_of(queued(state(Verdict.FAILED), None)) == [("RunCheck", 2)]
    assert acts_of(queued(state(Verdict.FAILED), running)) == []


def test_who_lands_is_told_what_was_changed_of_the_judges() -> None:
    some = mission(feature("1.1", FeatureStatus.DONE))
    milestone = replace(some.milestones[0], status=MilestoneStatus.PASSED, passed_at=WORK[:12])
    found = Against(findings=("conftest.py: how tests run was changed",))
    landing = Landing(LandState.FORWARD, WORK, "t")
    plan = plan_of(replace(some, milestones=(milestone,)), work_against=found, target=WORK, landing=landing)
    (words,) = [h.detail for h in plan.holds if h.kind == "landing"]
    assert words == (
        "everything is done and waits for you to land it; look at the changes to tests and checks: "
        "conftest.py: how tests run was changed"
    )
