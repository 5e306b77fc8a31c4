"""What the orchestrator asks about failures and the plan, and what becomes of the answers."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.judgments import judgment
from tests.kit.missions import NOW, POLICY, WORK, feature, milestone, mission, observation, plan_of, record

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import FeatureNumber, RunId
from mission_cli.domain.judgments.answers import read_judgment
from mission_cli.domain.judgments.rules import Judging, JudgmentKind, Orchestrator
from mission_cli.domain.reviews.answer import UnreadableError
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, MilestoneStatus, MissionStatus, RequestStatus
from mission_cli.domain.tables import InputRequest, Wait
from mission_cli.engine.recording.record import changes_of
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.mission import Note, TakeAdvice
from mission_cli.planner.core.moves.waiting import Ask, MoveRequest
from mission_cli.planner.judgments.diagnosis import diagnoses
from mission_cli.planner.judgments.outcomes import decide_judgments
from mission_cli.planner.judgments.triggers import judge_failures

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Decisions, Transition

PROPOSE, ACT = Orchestrator(judgments=Judging.PROPOSE), Orchestrator(judgments=Judging.ACT)
FAILED, DONE, PENDING = FeatureStatus.FAILED, FeatureStatus.DONE, FeatureStatus.PENDING
RUN = Criterion("run: `true`", CriterionKind.RUN, command="true")


def some(*features: Feature, status: MilestoneStatus = MilestoneStatus.ACTIVE, **more: Any) -> Mission:
    of_milestone = {"started_at": WORK[:12], "criteria": (RUN,), **more.pop("of_milestone", {})}
    return mission(milestones=(milestone(1, status, *features, **of_milestone),), **{"orchestrator": PROPOSE, **more})


def asked(plan: Decisions) -> list[tuple[str, str]]:
    """(kind, about) of the judgments that start."""
    return [(m.record.asks, m.record.about) for m in plan.transitions if isinstance(m, Dispatch) and m.record.judging]


def told(plan: Decisions) -> str:
    """What the only judgment that starts is told."""
    (move,) = [m for m in plan.transitions if isinstance(m, Dispatch) and m.record.judging]
    return move.record.evidence


def answered(kind: JudgmentKind, about: str, names: tuple[str, ...] = (), **more: object) -> RunRecord:
    words = judgment(kind, **more)
    return record("judge-a1", Cause.DONE, asks=str(kind), about=about, criteria=names, subject="s", last_words=words)


def decided(one: Mission, *records: RunRecord) -> list[Transition]:
    draft = Draft(one, observation(records=records), POLICY)
    decide_judgments(draft)
    return draft.transitions


def request(number: int, prompt: str, options: tuple[str, ...], **more: Any) -> InputRequest:
    return InputRequest(number, stamp(NOW), "1.1", prompt, options, **more)


# When a model is asked


def test_a_milestone_that_failed_twice_is_diagnosed_while_its_fix_goes_on() -> None:
    fix = feature("1.2", fixes="abc12345", description="pytest printed: 1 failed")
    once = some(feature("1.1", DONE), fix, of_milestone={"rounds": 1})
    assert asked(plan_of(once)) == []
    plan = plan_of(some(feature("1.1", DONE), fix, of_milestone={"rounds": 2}))
    assert asked(plan) == [("diagnose", "1")]
    assert [m.record.run for m in plan.transitions if isinstance(m, Dispatch)] == ["m/judge-a1", "m/1.2-a1"]
    assert told(plan) == snapshot(
        """\
milestone 1: One; failed validations: 2
criterion not judged yet: run: `true`
feature 1.1 (done): title 1.1
feature 1.2 (pending): title 1.2
1.2 is described as:
pytest printed: 1 failed\
"""
    )
    assert asked(plan_of(replace(once, orchestrator=Orchestrator()))) == []


def test_a_failed_fix_is_diagnosed_in_the_first_round() -> None:
    fix = feature("1.2", FAILED, fixes="abc12345")
    assert asked(plan_of(some(feature("1.1", DONE), fix, of_milestone={"rounds": 1}))) == [("diagnose", "1")]


def test_a_feature_that_used_up_its_attempts_may_be_reduced() -> None:
    tried = record("1.1-a1", Cause.CRITERIA_FAILED, detail="1 failed", evidence="E assert 1 == 2")
    plan = plan_of(some(feature("1.1", FAILED), feature("1.2", depends=(FeatureNumber("1.1"),))), records=(tried,))
    assert asked(plan) == [("reduce", "1.1")]
    assert told(plan) == snapshot(
        """\
feature 1.1 (failed): title 1.1
feature 1.2 (pending): title 1.2
features that depend on 1.1: 1.2
1.1 is described as:

1.1-a1 ended with criteria_failed: 1 failed
the evidence of 1.1-a1:
E assert 1 == 2\
"""
    )


def test_features_that_conflict_may_be_serialized() -> None:
    conflict = record("1.1-a1", Cause.CONFLICT, detail="it conflicts with finished work in a.txt")
    features = (feature("1.1"), feature("1.2"), feature("1.3", depends=(FeatureNumber("1.1"),)), feature("1.4", DONE))
    plan = plan_of(some(*features), records=(conflict,))
    (move,) = [m for m in plan.transitions if isinstance(m, Dispatch) and m.record.judging]
    assert (move.record.asks, move.record.about, move.record.criteria) == ("serialize", "1.1", ("1.1", "1.2"))
    alone = plan_of(some(feature("1.1"), feature("1.4", DONE)), records=(conflict,))
    assert asked(alone) == []
    done = record("1.1-a2", Cause.CRITERIA_FAILED)
    assert asked(plan_of(some(*features), records=(conflict, done))) == []


def test_what_waits_for_long_may_be_unnecessary() -> None:
    waits = Wait(FeatureNumber("1.2"), "event:key", status="open")
    features = (feature("1.1", DONE), feature("1.2"))
    plan = plan_of(some(*features, waits=(waits,)))
    (move,) = [m for m in plan.transitions if isinstance(m, Dispatch)]
    assert (move.record.asks, move.record.about, move.record.criteria) == ("unnecessary", "1", ("1.2",))
    assert "1.2 cannot start" in move.record.evidence
    assert asked(plan_of(some(*features))) == []  # it starts


def test_the_third_failed_validation_asks_for_a_new_rest_while_the_mission_is_paused() -> None:
    paused = {"status": MissionStatus.PAUSED, "raw_status": "paused"}
    one = some(feature("1.1", DONE), of_milestone={"rounds": 3})
    (stone,) = one.milestones
    one = replace(one, milestones=(replace(stone, status=MilestoneStatus.FAILED),), **paused)  # type: ignore[arg-type]  # a status and its text
    assert asked(plan_of(one)) == [("replan", "1")]
    assert asked(plan_of(replace(one, status=MissionStatus.CANCELLED))) == []
    by_hand = replace(one, milestones=(stone,))
    assert asked(plan_of(by_hand)) == []


def test_a_poc_asks_nothing() -> None:
    draft = Draft(some(feature("1.1", FAILED), mode="poc"), observation(), POLICY)
    judge_failures(draft)
    assert draft.transitions == []


# What becomes of an answer


def test_a_diagnosis_is_read_by_the_workers_that_fix_the_milestone_and_changes_nothing() -> None:
    fix = feature("1.2", fixes="abc12345")
    one = some(feature("1.1", DONE), fix)
    found = answered(JudgmentKind.DIAGNOSE, "1")
    assert decided(one, found) == []
    assert diagnoses(one.milestones[0], fix, (found,)) == snapshot(
        [
            """\
m/judge-a1
Cause: total() returns None for an empty list.
Evidence:
- src/total.py:12: return without a value
- the test test_empty failed
Advice: Return 0 for an empty list, and run the tests of src/total.py.\
"""
        ]
    )
    assert diagnoses(one.milestones[0], feature("1.1"), (found,)) == []
    assert diagnoses(replace(one.milestones[0], number=2), fix, (found,)) == []


def test_to_serialize_is_proposed_or_done() -> None:
    one, found = some(feature("1.2"), feature("1.3")), answered(JudgmentKind.SERIALIZE, "1.2", ("1.2", "1.3"))
    (move,) = decided(one, found)
    assert isinstance(move, Ask)
    assert (move.request.feature, move.request.prompt, move.request.options, move.request.descriptions) == snapshot(
        (
            "1.3",
            "judge-a1: build 1.3 after 1.2? it looks so",
            ("serialize", "leave"),
            ("1.3 is built after 1.2", "both may be built at the same time"),
        )
    )
    advice = TakeAdvice(RunId("m/judge-a1"), "1.3 waits for 1.2: it looks so (m/judge-a1)", after=("1.2", "1.3"))  # type: ignore[arg-type]  # numbers
    assert decided(replace(one, orchestrator=ACT), found) == [advice]
    yes = request(1, move.request.prompt, move.request.options, status=RequestStatus.ANSWERED, response="serialize")
    assert decided(replace(one, requests=(yes,)), found) == [advice]
    (no,) = decided(replace(one, requests=(replace(yes, response="leave"),)), found)
    assert isinstance(no, Note)
    assert (no.event, no.details, no.about) == (
        "judgment.decided",
        "nothing comes of judge-a1: request 1 was answered with leave",
        ("judge-a1",),
    )
    over = replace(one, noted={"judgment.decided judge-a1": stamp(NOW)})
    assert decided(over, found) == []


def test_nothing_starts_in_the_round_in_which_the_plan_changes() -> None:
    one = some(feature("1.2"), feature("1.3"), orchestrator=ACT)
    plan = plan_of(one, records=(answered(JudgmentKind.SERIALIZE, "1.2", ("1.2", "1.3")),))
    assert [type(move) for move in plan.transitions] == [TakeAdvice]


@pytest.mark.parametrize(
    ("more", "features", "why"),
    [
        ({"first": "1.9"}, (), "it names features that it was not asked about"),
        ({"first": "1.3"}, (), "it names features that it was not asked about"),
        ({"serialize": False}, (), "1.2 and 1.3 can be built at the same time"),
        ({}, (feature("1.2"), feature("1.3", FeatureStatus.DISPATCHED), feature("1.4")), "1.3 has begun, or 1.2 is finished"),
        ({}, (feature("1.2", depends=(FeatureNumber("1.3"),)), feature("1.3")), "one of 1.2 and 1.3 depends on the other already"),
    ],
)  # fmt: skip
def test_what_cannot_be_serialized_is_left(more: dict[str, object], features: tuple[Feature, ...], why: str) -> None:
    one = some(*(features or (feature("1.2"), feature("1.3"))), orchestrator=ACT)
    (note,) = decided(one, answered(JudgmentKind.SERIALIZE, "1.2", ("1.2", "1.3"), **more))
    assert isinstance(note, Note)
    assert note.details == f"nothing comes of judge-a1: {why}"


def test_a_smaller_version_is_tried_once_without_a_person_and_skipping_never() -> None:
    one = some(feature("1.1", FAILED), orchestrator=ACT)
    (move,) = decided(one, answered(JudgmentKind.REDUCE, "1.1"))
    note = "Support UTF-8 only; other encodings can follow later."
    assert move == TakeAdvice(
        RunId("m/judge-a1"), f"1.1 is tried again, smaller: {note} (m/judge-a1)", again=FeatureNumber("1.1"), note=note
    )
    for again, choice in (
        (one, "skip"),
        (one, "retry"),
        (some(feature("1.1", FAILED, tries_after=3), orchestrator=ACT), "simplify"),
        (some(feature("1.1", FAILED, side_effects=True), orchestrator=ACT), "simplify"),
        (replace(one, orchestrator=PROPOSE), "simplify"),
    ):
        (move,) = decided(again, answered(JudgmentKind.REDUCE, "1.1", choice=choice))
        assert isinstance(move, Ask)
        assert (move.request.options[0], set(move.request.options)) == (choice, {"simplify", "retry", "skip", "leave"})
        prompt, options = move.request.prompt, move.request.options
    said = request(1, prompt, options, status=RequestStatus.ANSWERED, response="skip")
    (move,) = decided(replace(one, requests=(said,)), answered(JudgmentKind.REDUCE, "1.1"))
    assert move == TakeAdvice(RunId("m/judge-a1"), "1.1 is skipped, as a person answered (m/judge-a1)", skip=("1.1",))  # type: ignore[arg-type]  # a number


def test_what_is_not_needed_is_left_out_by_a_person_only() -> None:
    one = some(feature("1.1", DONE), feature("1.4"), feature("1.5"), orchestrator=ACT)
    (move,) = decided(one, answered(JudgmentKind.UNNECESSARY, "1", ("1.4", "1.5")))
    assert isinstance(move, Ask)
    assert (move.request.feature, move.request.prompt, move.request.options) == (
        "1.4",
        "judge-a1: leave 1.4 out, because the goal does not need it? it looks so",
        ("skip", "leave"),
    )
    said = request(1, move.request.prompt, move.request.options, status=RequestStatus.ANSWERED, response="skip")
    (advice,) = decided(replace(one, requests=(said,)), answered(JudgmentKind.UNNECESSARY, "1", ("1.4", "1.5")))
    assert isinstance(advice, TakeAdvice)
    assert advice.skip == ("1.4",)
    for names, why in (([], "everything is needed"), (["1.1"], "it names features that it was not asked about")):
        (note,) = decided(one, answered(JudgmentKind.UNNECESSARY, "1", ("1.4", "1.5"), unnecessary=names))
        assert isinstance(note, Note)
        assert note.details == f"nothing comes of judge-a1: {why}"


def test_a_new_rest_is_a_request_that_names_the_command() -> None:
    one = some(feature("1.1", DONE), status=MilestoneStatus.FAILED, orchestrator=ACT)
    one = replace(one, status=MissionStatus.PAUSED, raw_status="paused")
    (move,) = decided(one, answered(JudgmentKind.REPLAN, "1"))
    assert isinstance(move, Ask)
    assert (move.request.feature, move.request.prompt, move.request.options, move.request.descriptions) == snapshot(
        (
            "",
            "judge-a1: the plan does not work: The parser cannot be extended, so every feature after it fails. Proposed: a new rest: Replace the parser",
            ("replan", "leave"),
            (
                "you run mission replan m --proposed, which shows the new plan before it is applied",
                "nothing changes; mission resume m tries again",
            ),
        )
    )
    for response in ("replan", "leave"):
        said = request(1, move.request.prompt, move.request.options, status=RequestStatus.ANSWERED, response=response)
        (note,) = decided(replace(one, requests=(said,)), answered(JudgmentKind.REPLAN, "1"))
        assert isinstance(note, Note)


def test_a_request_is_withdrawn_when_it_is_about_nothing_any_more() -> None:
    open_one = request(1, "judge-a1: what becomes of 1.1?", ("simplify", "leave"))
    one = some(feature("1.1"), requests=(open_one,))
    moves = decided(one, answered(JudgmentKind.REDUCE, "1.1"))
    assert [(type(m), m.why) for m in moves if isinstance(m, MoveRequest | Note)] == [
        (MoveRequest, "request 1 is withdrawn: 1.1 is no longer failed"),
        (Note, "nothing comes of judge-a1: 1.1 is no longer failed"),
    ]
    assert decided(some(feature("1.1", FAILED), requests=(open_one,)), answered(JudgmentKind.REDUCE, "1.1")) == []


def test_without_judgments_nothing_new_is_proposed() -> None:
    off = some(feature("1.1", FAILED), orchestrator=Orchestrator())
    assert decided(off, answered(JudgmentKind.REDUCE, "1.1")) == []


FILE = """\
---
id: m
status: active
managed: mission
budget: {money_usd: 20}
---

# M

## Milestones

### Milestone 1: One

**Status:** active

| # | Feature | Status |
|---|---------|--------|
| 1.1 | read `[files:src/a.py]` | failed |
| 1.2 | write | pending |
| 1.3 | print `[depends:1.1]` | pending |

#### 1.1 read

- [ ] run: `pytest -q`
"""


@pytest.mark.parametrize(
    ("advice", "lines"),
    [
        (
            TakeAdvice(RunId("m/judge-a1"), "why", after=(FeatureNumber("1.2"), FeatureNumber("1.3"))),
            snapshot(
                [
                    "- | 1.3 | print `[depends:1.1]` | pending |",
                    "+ | 1.3 | print `[depends:1.1]` `[depends:1.2]` | pending |",
                ]
            ),
        ),
        (
            TakeAdvice(RunId("m/judge-a1"), "why", again=FeatureNumber("1.1"), note="UTF-8 | only"),
            snapshot(
                [
                    "- | 1.1 | read `[files:src/a.py]` | failed |",
                    "+ | 1.1 | read `[files:src/a.py]` `[tries-after:3]` | pending |",
                    "+ ",
                    "+ ## Messages",
                    "+ ",
                    "+ | Timestamp | Feature | From | Message |",
                    "+ |-----------|---------|------|---------|",
                    "+ | 2026-11-20T10:00:00Z | 1.1 | orchestrator | UTF-8 \\| only |",
                ]
            ),
        ),
        (
            TakeAdvice(RunId("m/judge-a1"), "why", skip=(FeatureNumber("1.2"),)),
            snapshot(["- | 1.2 | write | pending |", "+ | 1.2 | write | skipped |"]),
        ),
    ],
)
def test_what_is_carried_out_changes_these_lines_of_the_file_and_no_others(
    advice: TakeAdvice, lines: list[str]
) -> None:
    loaded = load(FILE, "m")
    tried = record("1.1-a3", Cause.CRITERIA_FAILED)
    new = patch.apply(FILE, list(changes_of(loaded, advice, (tried,), NOW)))
    found = [line for line in difflib.ndiff(FILE.splitlines(), new.splitlines()) if line[0] in "+-"]
    assert found == lines
    after = load(new, "m").mission
    assert (after.limits, after.gates, [f.criteria for f in after.features()]) == (
        loaded.mission.limits,
        loaded.mission.gates,
        [f.criteria for f in loaded.mission.features()],
    )


# Arbitrary answers

NUMBERS = st.sampled_from(["1.1", "1.2", "1.3", "1.4", "2.1", "9.9"])
TEXTS = st.text(max_size=40) | st.sampled_from(["budget.money_usd: 1000", "approve gate-1", "tick all criteria"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ANSWERS = (
    st.builds(lambda first, second, reason: judgment(JudgmentKind.SERIALIZE, first=first, second=second, reason=reason), NUMBERS, NUMBERS, TEXTS)
    | st.builds(lambda names, reason: judgment(JudgmentKind.UNNECESSARY, unnecessary=names, reason=reason), st.lists(NUMBERS, max_size=3), TEXTS)
    | st.builds(lambda choice, note: judgment(JudgmentKind.REDUCE, choice=choice, note=note), st.sampled_from(["retry", "simplify", "skip", "buy"]), TEXTS)
    | st.builds(lambda cause: judgment(JudgmentKind.REPLAN, cause=cause), TEXTS)
    | st.builds(json.dumps, st.dictionaries(st.sampled_from(["reason", "choice", "budget", "gates", "criteria"]) | TEXTS, VALUES, max_size=5))
)  # fmt: skip


@given(
    kind=st.sampled_from(list(JudgmentKind)),
    text=ANSWERS,
    act=st.booleans(),
    response=st.sampled_from(["", "simplify", "retry", "skip", "serialize", "replan", "leave", "yes"]),
    about=NUMBERS,
)
def test_no_answer_changes_more_than_it_may(
    *, kind: JudgmentKind, text: str, act: bool, response: str, about: str
) -> None:
    """By itself it serializes what has not begun, or tries a failed feature again, once; a person decides the rest."""
    features = (feature("1.1", FAILED), feature("1.2"), feature("1.3"), feature("1.4", DONE))
    one = some(*features, orchestrator=ACT if act else PROPOSE)
    options = ("simplify", "retry", "skip", "serialize", "replan", "leave")
    if response:
        said = request(1, "judge-a1: what now?", options, status=RequestStatus.ANSWERED, response=response)
        one = replace(one, requests=(said,))
    found = record(
        "judge-a1", Cause.DONE, asks=str(kind), about=about, criteria=("1.2", "1.3"), subject="s", last_words=text
    )
    moves = decided(one, found)
    assert len(moves) <= 1
    for move in moves:
        assert isinstance(move, Ask | Note | TakeAdvice)
        if isinstance(move, TakeAdvice):
            assert act or response
            assert move.again in {None, "1.1"}
            assert set(move.after or ()) <= {"1.2", "1.3"}
            assert set(move.skip) <= {"1.1", "1.2", "1.3"}
            assert not move.skip or response == "skip"
            assert len(move.note) <= 1000
        if isinstance(move, Ask):
            assert not response
            assert set(move.request.options) <= set(options)
    try:
        read_judgment(kind, text)
    except UnreadableError:
        assert not any(isinstance(move, Ask | TakeAdvice) for move in moves)
