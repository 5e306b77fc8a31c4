"""Finished work that somebody else has moved while workers ran without a sandbox is put back, and they are told."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.test_planner import BASE, GOOD, NOW, WORK, feature, mission, plan_of, record

from mission_cli.domain.ids import RunId, Sha
from mission_cli.domain.mission import LogRow
from mission_cli.domain.runs import Exit, Job
from mission_cli.domain.status import Cause, EndReason, FeatureStatus, JobState
from mission_cli.domain.text import stamp
from mission_cli.planner.decisions import Cancel, MakeWork, MoveWork, Note, PutBaseBack, Settle
from mission_cli.planner.guard import PUT_BACK

RUN, OURS = RunId("m/1.1-a1"), Sha("e" * 40)
SOME = mission(feature("1.1", FeatureStatus.DISPATCHED), feature("1.2"))
WORDS = (
    f"mission/m/work was moved to {WORK[:7]} outside of the loop while 1.1-a1 ran without a sandbox: "
    f"it is put back to {OURS[:7]}"
)


def test_work_is_put_back_and_nothing_else_happens_in_that_round() -> None:
    running = {RUN: Job(JobState.RUNNING, started=stamp(NOW))}
    plan = plan_of(SOME, records=(record("1.1-a1"),), jobs=running, put_back=OURS, movers=(RUN,), outside=True)
    assert plan.moves == (Note(PUT_BACK, WORDS),)
    assert [type(a) for a in plan.acts] == [Cancel, MoveWork]
    assert plan.acts[1] == MoveWork(OURS, WORK, WORDS)
    gone = plan_of(SOME, records=(record("1.1-a1"),), work=None, put_back=OURS, movers=(RUN,), outside=True)
    assert [type(a) for a in gone.acts] == [MakeWork]


def test_who_moved_it_has_tampered_whatever_its_criteria_say() -> None:
    ended = {RUN: Job(JobState.ENDED, Exit(EndReason.EXIT, 0))}
    caught = replace(SOME, progress=(LogRow(stamp(NOW), PUT_BACK, WORDS),))
    plan = plan_of(caught, records=(record("1.1-a1"),), jobs=ended, evidence={RUN: GOOD}, outside=True)
    assert [(m.record.cause, m.record.detail) for m in plan.moves if isinstance(m, Settle)] == [(Cause.TAMPERED, WORDS)]


def test_done_by_hand_under_a_worker_without_a_sandbox_is_no_persons_word() -> None:
    ended = {RUN: Job(JobState.ENDED, Exit(EndReason.EXIT, 0))}
    some = mission(feature("1.1", FeatureStatus.DONE))
    for outside, found in ((True, (Cause.TAMPERED, FeatureStatus.PENDING)), (False, (Cause.STOPPED, None))):
        plan = plan_of(some, records=(record("1.1-a1"),), jobs=ended, evidence={RUN: GOOD}, outside=outside)
        assert [(m.record.cause, m.to) for m in plan.moves if isinstance(m, Settle)] == [found]


def test_a_base_that_a_worker_moved_is_put_back_and_the_attempt_has_tampered() -> None:
    running = {RUN: Job(JobState.RUNNING, started=stamp(NOW))}
    more = {"records": (record("1.1-a1"),), "outside": True, "base_back": OURS, "base_movers": (RUN,)}
    plan = plan_of(SOME, jobs=running, **more)
    words = (
        f"the branch main was moved to {BASE[:7]} outside of the loop while 1.1-a1 ran without a sandbox: "
        f"it is put back to {OURS[:7]}"
    )
    assert plan.moves == (Note(PUT_BACK, words),)
    assert plan.acts[1:] == (PutBaseBack(OURS, BASE, words),)
    assert [type(a) for a in plan.acts] == [Cancel, PutBaseBack]
    ended = {RUN: Job(JobState.ENDED, Exit(EndReason.EXIT, 0))}
    caught = replace(SOME, progress=(LogRow(stamp(NOW), PUT_BACK, words),))
    plan = plan_of(caught, records=(record("1.1-a1"),), jobs=ended, evidence={RUN: GOOD}, outside=True)
    assert [(m.record.cause, m.record.detail) for m in plan.moves if isinstance(m, Settle)] == [(Cause.TAMPERED, words)]
