"""Requests to people: each has its own number for ever, is found again as it was asked, and never stands in the way."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.fakes.others import ADA
from tests.kit.missions import (
    BASE,
    EXIT,
    GOOD,
    NOW,
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
from tests.unit.test_keys_act import committed
from tests.unit.test_reasons import begun, go_on, inbox, works
from tests.unit.test_steer import text_of
from tests.unit.test_timeline import awake, told

from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Criterion, Result
from mission_cli.domain.errors import UsageError
from mission_cli.domain.ids import RunId
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, MilestoneStatus, Verdict
from mission_cli.domain.tables import InputRequest
from mission_cli.engine.recording.record import changes_of
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.moves.milestones import AddFix, MarkCriteria, MoveMilestone
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import Ask, MoveRequest, Renumber
from mission_cli.planner.core.policy import Policy
from mission_cli.planner.core.requests import Question, ask, find_request, renumber
from mission_cli.planner.decide import decide
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

QUESTIONS = """\
title: Ask
budget: {money_usd: 30}
preferences: {runner: script, land: ask}
milestones:
  - name: Core
    validation: ["file: `1.1.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`", "manual: Is it pretty?", "manual: Is it fast?"]}
"""
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


@pytest.mark.parametrize(("before", "to"), [(Verdict.PASSED, "active"), (Verdict.FAILED, "passed")])
def test_a_milestone_with_criteria_of_its_own_also_needs_the_tests_that_passed_before(before: Verdict, to: str) -> None:
    own, tests = run("make", 0, baseline=Result(Verdict.FAILED, "", "old")), run("pytest", -1)
    some = judged(own, started_at=BASE)
    checks = verdicts(some, "t", a=(own, Verdict.PASSED), b=(tests, Verdict.FAILED))
    checks |= verdicts(some, "old", a=(tests, before))
    plan = plan_of(some, checks=checks, detected={"t": (own, tests)}, start_trees={BASE: (BASE, "old")})
    assert [str(m.to) for m in plan.transitions if isinstance(m, MoveMilestone)][-1:] == [to]


def test_a_question_about_an_attempt_that_was_judged_otherwise_does_not_hold_the_next_one() -> None:
    request = InputRequest(3, "", "1.1", "1.1 attempt 1: manual: look", ("pass", "fail"), label="3")
    some = mission(feature("1.1"), requests=(request,))
    asking = mission(feature("1.1", FeatureStatus.REVIEW), requests=(request,))
    assert not plan_of(asking, records=(record("1.1-a1"),)).transitions
    plan = plan_of(some, records=(record("1.1-a1", Cause.CRITERIA_FAILED, ended="2026-11-20T09:00:00Z"),))
    assert [(m.to, m.why) for m in plan.transitions if isinstance(m, MoveRequest)] == [
        ("withdrawn", "request 3 is withdrawn: attempt 1 at 1.1 has been judged")
    ]


HOUR = 3600.0
REMINDED = [
    ("normal", 24, 23), ("", 24, 23), ("low", 24, 23), ("loud", 24, 23), ("High", 24, 20), ("urgent", 24, 12), ("urgent", 1, 0.5)
]  # fmt: skip


def at(seconds: float, lifetime: float, urgency: str, **more: object) -> list[Note | MoveRequest]:
    """What is decided of a request so long after it was asked, when two ticks agree on the time."""
    request = InputRequest(
        1, stamp(NOW), "1.1", "which?", urgency=urgency, expires=stamp(NOW + timedelta(hours=lifetime)), label="1"
    )
    line = told(awake((0, 1000), (60, 1060), (seconds - 60, 940 + seconds), (seconds, 1000 + seconds)))
    some = mission(feature("1.1"), requests=(request,), **more)
    plan = decide(some, observation(now=line.last.wall, timeline=line), Policy())
    return [m for m in plan.transitions if isinstance(m, Note | MoveRequest)]


@pytest.mark.parametrize(("urgency", "lifetime", "hours"), REMINDED)
def test_a_person_is_reminded_once_and_earlier_of_what_is_urgent(urgency: str, lifetime: float, hours: float) -> None:
    assert at(hours * HOUR - 10, lifetime, urgency) == []
    found = at(hours * HOUR + 60, lifetime, urgency)
    assert [(one.event, one.about) for one in found if isinstance(one, Note)] == [("request.reminded", ("1",))]
    assert at(hours * HOUR + 60, lifetime, urgency, noted={"request.reminded 1": stamp(NOW)}) == []
    assert [type(one) for one in at(lifetime * HOUR + 60, lifetime, urgency)] == [MoveRequest]


def test_a_reminder_is_logged_told_and_over_with_the_answer() -> None:
    host = begun(works, QUESTIONS, pulses=6)
    for _ in range(7):
        host.jobs.clock.time.pass_by(timedelta(hours=3, minutes=20))
        go_on(host, 4)
    log = [row for row in committed(host).progress if row.event.startswith("request.")]
    assert [(row.event, row.details) for row in log] == snapshot(
        [
            ("request.asked", "1: 1.1 attempt 1: manual: Is it pretty?"),
            ("request.asked", "2: 1.1 attempt 1: manual: Is it fast?"),
            ("request.reminded", "request 1 expires in 30 min: 1.1 attempt 1: manual: Is it pretty?"),
            ("request.reminded", "request 2 expires in 30 min: 1.1 attempt 1: manual: Is it fast?"),
        ]
    )
    told_of = [news.words for news in host.news.told if news.event == "reminder"]
    assert told_of == snapshot(
        [
            "request 1 expires at 2026-11-21T10:01:00Z: 1.1 attempt 1: manual: Is it pretty?: mission answer m 1 ANSWER (pass or fail)",
            "request 2 expires at 2026-11-21T10:01:00Z: 1.1 attempt 1: manual: Is it fast?: mission answer m 2 ANSWER (pass or fail)",
        ]
    )
    features.answer(host.context(), "m", 1, "pass")
    go_on(host, 4)
    assert [news.words for news in host.news.told if news.event == "reminder"] == told_of


def rewritten(host: Host, *pairs: tuple[str, str]) -> None:
    """Change the mission file by hand."""
    ctx = host.context()
    snap = ctx.state.snapshot()
    stored = resolve(snap, "m").stored
    text = stored.text
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    ctx.state.commit([Write(stored.path, text, stored.text)], message="by hand\n", expect=snap.head, author=ADA)


def test_what_is_urgent_comes_first_in_the_inbox() -> None:
    host = begun(works, QUESTIONS, pulses=6)
    assert inbox(host) == snapshot("""\
m: 1.1 attempt 1: manual: Is it pretty?
  → mission answer m 1 ANSWER (pass or fail)
m: 1.1 attempt 1: manual: Is it fast?
  → mission answer m 2 ANSWER (pass or fail)
""")
    rewritten(host, ("Is it fast? | pass, fail | normal", "Is it fast? | pass, fail | urgent"))
    assert inbox(host) == snapshot("""\
m (urgent): 1.1 attempt 1: manual: Is it fast?
  → mission answer m 2 ANSWER (pass or fail)
m: 1.1 attempt 1: manual: Is it pretty?
  → mission answer m 1 ANSWER (pass or fail)
""")


def refusal(host: Host, number: int) -> str:
    with pytest.raises(UsageError) as found:
        features.answer(host.context(), "m", number, "fail")
    return f"{found.value.message} → {found.value.hint}"


def test_a_closed_request_says_what_was_answered_by_whom_or_why_it_was_withdrawn() -> None:
    host = begun(works, QUESTIONS, pulses=6)
    features.answer(host.context(), "m", 1, "pass")
    assert refusal(host, 1) == snapshot(
        "request 1 is answered already, by Ada: pass → mission inbox shows open requests; to undo the answer: mission undo m"
    )
    still = re.search(r"\| open +\|", text_of(host))
    assert still is not None
    rewritten(host, (still[0], "| withdrawn |"))
    assert refusal(host, 2) == snapshot("request 2 is withdrawn → mission inbox shows open requests")
    late = "| 2026-11-21T10:01:00Z | request.expired | request 2 was not answered in time |"
    gone = "| 2026-11-21T10:02:00Z | request.withdrawn | request 2 is withdrawn: attempt 1 at 1.1 has been judged |"
    head = next(line for line in text_of(host).splitlines() if "request.answered" in line)
    rewritten(host, (head, f"{head}\n{late}\n{gone}"))
    assert refusal(host, 2) == snapshot(
        "request 2 is withdrawn: attempt 1 at 1.1 has been judged; it had expired before → mission inbox shows open requests"
    )


def test_an_urgency_that_is_not_known_is_reported() -> None:
    rows = "".join(f"| {n} | | 1.1 | a | | {word} | | open | |\n" for n, word in enumerate(("", "URGENT", "asap"), 1))
    found = load(f"{MILESTONE}\n## Input Requests\n\n{TABLE}{rows}", "m")
    assert [f"{p.message}; {p.hint}" for p in found.problems] == snapshot(
        ["the urgency `asap` is not known and counts as normal; write low, normal, high, urgent"]
    )
    assert [r.number for r in found.mission.open_requests()] == [2, 1, 3]
