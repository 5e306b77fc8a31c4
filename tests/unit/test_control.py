"""Whether criteria can be run is known when a milestone starts; what is new on the base reaches the next try."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.kit.missions import NOW, POLICY, feature, milestone, mission, plan_of, record, run

from mission_cli._support.text import stamp
from mission_cli.domain.branches.landing import Merge
from mission_cli.domain.criteria.criterion import Criterion, Result
from mission_cli.domain.ids import Sha
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.status import Cause, EndReason, FeatureStatus, JobState, MilestoneStatus, MissionStatus, Verdict
from mission_cli.planner.core.effects import MoveWork, RunCheck
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.milestones import MarkCriteria
from mission_cli.planner.core.moves.mission import MoveMission
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

START, HOTFIX = Sha("a" * 40), Sha("d" * 40)
STAGE = run("make")
OWN = run("npm test", index=0)
TRIED = replace(OWN, timeout=POLICY.trial_timeout)


def staged(*own: Criterion, stage: tuple[Criterion, ...] = (STAGE,)) -> Mission:
    first = feature("1.1", criteria=own)
    return mission(milestones=(milestone(1, MilestoneStatus.ACTIVE, first, criteria=stage, started_at="aaaaaaa"),))


def state(verdict: Verdict | None, *, begun: timedelta = timedelta(0), detail: str = "") -> CheckState:
    ended = Exit(EndReason.EXIT, code=1) if verdict else None
    kind = JobState.ENDED if verdict else JobState.RUNNING
    return CheckState(1, Job(kind, exit=ended, started=stamp(NOW - begun)), verdict, detail)


def looked(some: Mission, states: dict[Criterion, CheckState], **more: Any) -> Decisions:
    checks = {check_key(criterion, "t", POLICY, some): one for criterion, one in states.items()}
    return plan_of(some, start_trees={"aaaaaaa": (START, "t")}, checks=checks, **more)


def starts(plan: Decisions) -> bool:
    return any(isinstance(move, Dispatch) for move in plan.transitions)


def test_criteria_of_milestone_and_features_are_tried_when_the_milestone_starts() -> None:
    plan = looked(staged(OWN), {})
    assert [a.criterion for a in plan.effects if isinstance(a, RunCheck)] == [STAGE, TRIED]
    assert starts(plan), "a suite of half an hour keeps nobody"


def test_one_that_cannot_be_run_pauses_the_mission_and_starts_nothing_more() -> None:
    for stuck in (STAGE, TRIED):
        states = dict.fromkeys((STAGE, TRIED), state(Verdict.FAILED))
        states[stuck] = state(Verdict.COULD_NOT_RUN, detail="npm: command not found")
        plan = looked(staged(OWN), states)
        words = f"`{stuck.text}` cannot be run: npm: command not found"
        assert [(m.to, m.why) for m in plan.transitions if isinstance(m, MoveMission)] == [
            (MissionStatus.PAUSED, words)
        ]
        assert [(h.detail, str(h.unblock), h.person) for h in plan.holds if h.kind == "check"] == [
            (words, "mission resume m", True)
        ]
        assert not starts(plan)
        assert not any(isinstance(m, MarkCriteria) for m in plan.transitions), "it is tried again after `resume`"


def test_a_trial_is_short_and_its_verdict_judges_no_work() -> None:
    short = replace(OWN, timeout=timedelta(seconds=1))
    for own, timeout in ((OWN, timedelta(seconds=5)), (short, timedelta(seconds=1))):
        (trial,) = (a for a in looked(staged(own, stage=()), {}).effects if isinstance(a, RunCheck))
        assert trial.criterion.timeout == timeout
    assert check_key(TRIED, "t", POLICY, staged()) != check_key(OWN, "t", POLICY, staged())


def test_a_criterion_that_fails_before_any_work_keeps_nobody() -> None:
    assert starts(looked(staged(OWN), dict.fromkeys((STAGE, TRIED), state(Verdict.FAILED))))


def test_criteria_of_a_feature_that_somebody_worked_at_are_not_tried_again() -> None:
    judged = replace(STAGE, baseline=Result(Verdict.FAILED, stamp(NOW), "aaaaaaa"))
    tried = record("1.1-a1", Cause.CRITERIA_FAILED, ended=stamp(NOW - timedelta(hours=1)))
    plan = looked(staged(OWN, stage=(judged,)), {}, records=(tried,))
    assert not plan.effects
    assert starts(plan)


def test_in_a_poc_nothing_starts_before_the_attempt_before_is_settled() -> None:
    first, second = feature("1.1", FeatureStatus.REVIEW), feature("1.2")
    stage = milestone(1, MilestoneStatus.ACTIVE, first, second)
    attempt, ended = record("1.1-a1"), Job(JobState.ENDED, Exit(EndReason.EXIT, 0))
    for mode, started in (("full", True), ("poc", False)):
        plan = plan_of(mission(milestones=(stage,), mode=mode), records=(attempt,), jobs={attempt.run: ended})
        assert starts(plan) == started, mode


def test_while_an_attempt_waits_to_be_judged_no_more_criteria_of_features_are_tried() -> None:
    judged = replace(STAGE, baseline=Result(Verdict.FAILED, stamp(NOW), "aaaaaaa"))
    first, second = feature("1.1", FeatureStatus.DISPATCHED), feature("1.2", criteria=(OWN,))
    stage = milestone(1, MilestoneStatus.ACTIVE, first, second, criteria=(judged,), started_at="aaaaaaa")
    attempt = record("1.1-a1")
    for job, tried in ((Job(JobState.RUNNING), [TRIED]), (Job(JobState.ENDED, Exit(EndReason.EXIT, 0)), [])):
        plan = looked(mission(milestones=(stage,)), {}, records=(attempt,), jobs={attempt.run: job})
        assert [a.criterion for a in plan.effects if isinstance(a, RunCheck)] == tried


def test_what_came_to_the_base_is_merged_in_before_a_feature_that_failed_is_tried_again() -> None:
    judged = replace(STAGE, baseline=Result(Verdict.FAILED, stamp(NOW), "aaaaaaa"))
    some = staged(OWN, stage=(judged,))
    tried = record("1.1-a1", Cause.CRITERIA_FAILED, ended=stamp(NOW - timedelta(hours=1)))
    plan = looked(some, {}, records=(tried,), base_merge=Merge(HOTFIX))
    assert [(a.to, a.why) for a in plan.effects if isinstance(a, MoveWork)] == [
        (HOTFIX, "main is merged in before 1.1 is tried again")
    ]
    assert not starts(plan)
    assert starts(looked(some, {}, records=(tried,), base_merge=Merge(None, ("app.py",)))), "a conflict keeps nobody"
    untouched = looked(some, {TRIED: state(Verdict.FAILED)}, base_merge=Merge(HOTFIX))
    assert starts(untouched), "what nobody failed at starts from what is there"
