"""Requests to people: each has its own number for ever, is found again as it was asked, and never stands in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.kit.missions import (
    EXIT,
    GOOD,
    feature,
    milestone,
    mission,
    observation,
    personal,
    plan_of,
    record,
    run,
    verdicts,
)

from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import RunId
from mission_cli.domain.mission import Criterion, Mission, Result
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, MilestoneStatus, Verdict
from mission_cli.domain.tables import InputRequest
from mission_cli.engine.recording.record import changes_of
from mission_cli.planner.core.decisions import (
    AddFix,
    Ask,
    Decisions,
    MarkCriteria,
    MoveMilestone,
    MoveRequest,
    Renumber,
)
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.core.requests import (
    Question,
    ask,
    find_request,
    renumber,
)

DONE = feature("1.1", FeatureStatus.DONE)
KINDS = [CriterionKind.MANUAL, CriterionKind.TEXT, CriterionKind.REVIEW]
MILESTONE = "---\nid: m\nmanaged: mission\nstatus: active\n---\n\n# T\n\n## Milestones\n\n### Milestone 1: One\n"
TABLE = "| # | Asked | Feature | Prompt | Options | Urgency | Expires | Status | Response |\n|---|---|---|---|---|---|---|---|---|\n"


def judged(*criteria: Criterion, **more: object) -> Mission:
    stage = milestone(1, MilestoneStatus.VALIDATING, DONE, criteria=criteria, **more)
    return mission(milestones=(stage,))


def asked(plan: Decisions) -> list[tuple[int, str]]:
    return [(m.request.number, m.request.prompt) for m in plan.transitions if isinstance(m, Ask)]


def test_the_questions_of_one_judgment_have_numbers_of_their_own() -> None:
    plan = plan_of(judged(*(personal(f"{kind}: look", n, kind) for n, kind in enumerate(KINDS))))
    assert asked(plan) == [(n, f"{kind}: look") for n, kind in enumerate(KINDS, 1)]


def test_questions_of_features_milestones_and_help_in_one_round_have_numbers_of_their_own() -> None:
    runs = [RunId("m/1.1-a1"), RunId("m/1.2-a1")]
    looks = (personal("manual: a", 0), personal("manual: b", 1))
    features = [feature(n, FeatureStatus.REVIEW, criteria=looks) for n in ("1.1", "1.2")]
    plan = plan_of(
        mission(*features),
        records=(record("1.1-a1"), record("1.2-a1")),
        jobs=dict.fromkeys(runs, EXIT),
        evidence=dict.fromkeys(runs, GOOD),
    )
    numbers = [number for number, _ in asked(plan)]
    assert numbers == [1, 2, 3, 4]


def test_a_number_is_never_given_out_again_even_where_its_row_was_taken_away() -> None:
    some = judged(personal("manual: look"))
    gone = replace(some, noted={"highest request": "7"})
    assert asked(plan_of(gone)) == [(8, "manual: look")]
    kept = replace(gone, requests=(InputRequest(9, "", "2", "manual: other", status="answered"),))
    assert asked(plan_of(kept)) == [(10, "manual: look")]


def test_open_requests_that_share_a_number_or_have_none_get_one_of_their_own() -> None:
    rows = (
        InputRequest(1, "", "1", "manual: a", label="1"),
        InputRequest(1, "", "1", "manual: b", label="1"),
        InputRequest(0, "", "1", "manual: c", label="R3"),
        InputRequest(0, "", "1", "manual: d", label="x", status="answered"),
    )
    plan = plan_of(replace(judged(personal("manual: a")), requests=rows))
    assert [(m.request.prompt, m.number) for m in plan.transitions if isinstance(m, Renumber)] == [
        ("manual: b", 2),
        ("manual: c", 3),
    ]
    assert len(plan.transitions) == 2, "whatever speaks of requests by their numbers waits for the next round"


def test_numbers_are_mended_in_the_file_also_where_rows_are_alike_or_have_no_column() -> None:
    row = "| 1 | | 1 | manual: a | pass | normal | | open | |\n"
    text = f"{MILESTONE}\n## Input Requests\n\n{TABLE}{row}{row}"
    for _ in range(3):
        loaded = load(text, "m")
        draft = Draft(loaded.mission, observation(), Policy())
        if not renumber(draft):
            break
        text = patch.apply(text, [c for m in draft.transitions for c in changes_of(loaded, m, (), observation().now)])
    assert sorted(r.number for r in load(text, "m").mission.requests) == [1, 2]


@given(st.text(min_size=1, max_size=80) | st.text(st.sampled_from("`|\\<!- x"), min_size=1, max_size=12))
@example("manual: the label says `ok")
@example("a" * 2000)
@example("\\| `a|b` | ``")
@example("<!-- x -->")
def test_a_question_is_found_again_as_it_was_asked_after_a_round_through_the_file(text: str) -> None:
    prompt = f"manual: {text}"
    loaded = load(MILESTONE, "m")
    draft = Draft(loaded.mission, observation(), Policy())
    ask(draft, Question("1", prompt, ("pass", "fail"), "why"))
    new = patch.apply(MILESTONE, [c for m in draft.transitions for c in changes_of(loaded, m, (), observation().now)])
    found = find_request(load(new, "m").mission, "1", prompt)
    assert found is not None
    assert found.number == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_tick_is_the_word_of_a_person_on_what_only_a_person_can_judge(kind: CriterionKind) -> None:
    ticked = personal(f"{kind}: look", kind=kind, ticked=True)
    plan = plan_of(judged(ticked))
    assert [(m.to, m.why) for m in plan.transitions if isinstance(m, MoveMilestone)] == [
        ("passed", "milestone 1 passed: 1 criterion on aaaaaaa")
    ]


def test_a_tick_beside_a_pass_of_ours_is_asked_again_after_fixes_and_one_of_a_person_is_not() -> None:
    ours = personal("manual: look", ticked=True, result=Result(Verdict.PASSED, "", "aaaaaaa"))
    assert asked(plan_of(judged(ours, rounds=1))) == [(1, "after fixes, round 1: manual: look")]
    theirs = replace(ours, result=Result(Verdict.FAILED, "", "aaaaaaa"))
    assert not asked(plan_of(judged(theirs, rounds=1)))


def test_a_tick_on_what_can_be_run_is_no_evidence() -> None:
    ticked = replace(run("make"), ticked=True)
    assert [type(a).__name__ for a in plan_of(judged(ticked)).effects] == ["RunCheck"]


def test_a_failed_command_makes_its_fix_while_questions_are_open_and_they_are_taken_back() -> None:
    command, look = run("make", 0), personal("manual: look", 1)
    some = judged(command, look)
    waiting = replace(some, requests=(InputRequest(1, "", "1", "manual: look", ("pass", "fail"), label="1"),))
    checks = verdicts(some, "t", a=(command, Verdict.FAILED))
    plan = plan_of(waiting, checks=checks)
    assert [m.title for m in plan.transitions if isinstance(m, AddFix)] == ["fix: run: `make`"]
    assert [m.rounds for m in plan.transitions if isinstance(m, MoveMilestone)] == [1]
    assert [len(m.marks) for m in plan.transitions if isinstance(m, MarkCriteria)] == [1]
    fixing = milestone(1, MilestoneStatus.ACTIVE, DONE, feature("1.2", fixes="x"), criteria=(command, look), rounds=1)
    after = plan_of(replace(waiting, milestones=(fixing,)))
    assert [(m.number, m.to, m.why) for m in after.transitions if isinstance(m, MoveRequest)] == [
        (1, "withdrawn", "request 1 is withdrawn: milestone 1 is judged again after fixes")
    ]
    again = replace(fixing, status=MilestoneStatus.VALIDATING, features=(DONE,))
    gone = replace(waiting.requests[0], status="withdrawn")
    passed = verdicts(some, "t", a=(command, Verdict.PASSED))
    assert asked(plan_of(replace(waiting, milestones=(again,), requests=(gone,)), checks=passed)) == [
        (2, "after fixes, round 1: manual: look")
    ]


def test_a_question_about_an_attempt_that_was_judged_otherwise_does_not_hold_the_next_one() -> None:
    request = InputRequest(3, "", "1.1", "1.1 attempt 1: manual: look", ("pass", "fail"), label="3")
    some = mission(feature("1.1"), requests=(request,))
    asking = mission(feature("1.1", FeatureStatus.REVIEW), requests=(request,))
    assert not plan_of(asking, records=(record("1.1-a1"),)).transitions
    plan = plan_of(some, records=(record("1.1-a1", Cause.CRITERIA_FAILED, ended="2026-11-20T09:00:00Z"),))
    assert [(m.to, m.why) for m in plan.transitions if isinstance(m, MoveRequest)] == [
        ("withdrawn", "request 3 is withdrawn: attempt 1 at 1.1 has been judged")
    ]
