"""No dead ends: what holds something names a time, an event that comes by itself, or a person with a command."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.kit.missions import EXIT, GOOD, NOW, feature, holds, milestone, mission, plan_of, record, run, verdicts
from typer.main import get_command

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.changes import AppendRow, Change, SetCell, SetFeature, SetMilestone
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import rows_in
from mission_cli.domain.branches.landing import Landing, LandState, Merge
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.mission import Mission, Preferences
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import Job
from mission_cli.domain.status import Cause, FeatureStatus, GateKind, JobState, MilestoneStatus, MissionStatus, Verdict
from mission_cli.domain.tables import Gate, Recovery, Wait
from mission_cli.planner.core.moves.features import Dispatch, Settle
from mission_cli.planner.core.moves.mission import Finish
from mission_cli.planner.core.moves.waiting import MoveWait, StartWait
from mission_cli.surfaces.cli.app import app

if TYPE_CHECKING:
    from mission_cli.domain.notice import Advice
    from mission_cli.planner.core.decisions import Decisions

ONE, TWO = FeatureNumber("1.1"), FeatureNumber("1.2")
DONE = feature("1.1", FeatureStatus.DONE)
PASSED = milestone(1, MilestoneStatus.PASSED, DONE)
LANDED = Landing(LandState.LANDED)
COMES_BY_ITSELF = frozenset(
    {"running", "review", "validating", "final", "evidence", "slot", "clock", "lost", "executor"}
)


# Side effects


@pytest.mark.parametrize("cause", [c for c in Cause if c is not Cause.DONE])
def test_what_has_side_effects_is_never_tried_again_by_itself(cause: Cause) -> None:
    some = mission(feature("1.1", side_effects=True))
    ended = record("1.1-a1", cause, started=stamp(NOW), ended=stamp(NOW - timedelta(days=3)), exit="exit 1")
    plan = plan_of(some, records=(ended,))
    assert not [m for m in plan.transitions if isinstance(m, Dispatch)]
    (hold,) = [h for h in plan.holds if h.subject == "1.1"]
    assert (hold.kind, hold.person, str(hold.unblock)) == ("attempts", True, "mission retry m/1.1")
    words = f"it has side effects and ended with {cause}: a person decides whether it is tried again"
    assert hold.detail == words
    again = plan_of(mission(feature("1.1", side_effects=True, tries_after=1)), records=(ended,))
    assert [m.record.run for m in again.transitions if isinstance(m, Dispatch)] == ["m/1.1-a2"]


def test_what_never_ran_had_no_side_effects() -> None:
    never = record("1.1-a1", Cause.INFRASTRUCTURE, ended=stamp(NOW - timedelta(days=1)), exit="not_started")
    plan = plan_of(mission(feature("1.1", side_effects=True)), records=(never,))
    assert [m.record.run for m in plan.transitions if isinstance(m, Dispatch)] == ["m/1.1-a2"]


def test_a_failed_attempt_with_side_effects_waits_for_a_person_at_once() -> None:
    one = record("1.1-a1")
    some = mission(feature("1.1", FeatureStatus.DISPATCHED, side_effects=True))
    evidence = {one.run: Evidence(None)}
    (settled,) = [
        m
        for m in plan_of(some, records=(one,), jobs={one.run: EXIT}, evidence=evidence).transitions
        if isinstance(m, Settle)
    ]
    assert settled.to is FeatureStatus.FAILED


# Waits


@pytest.mark.parametrize("what", ["email_reply:bob", "webhook:deploy", "person:Ann", "mission:other", "time:someday"])
def test_a_wait_without_a_beginning_gets_one_ends_and_names_the_command(what: str) -> None:
    some = mission(feature("1.1"), waits=(Wait(ONE, what),))
    assert [(m.feature, m.since) for m in plan_of(some).transitions if isinstance(m, StartWait)] == [
        ("1.1", stamp(NOW))
    ]
    begun = mission(feature("1.1"), waits=(Wait(ONE, what, since=stamp(NOW - timedelta(hours=23))),))
    (hold,) = [h for h in plan_of(begun).holds if h.kind == "wait"]
    assert (hold.until, str(hold.unblock)) == (NOW + timedelta(hours=1), "mission signal m/1.1")
    late = mission(feature("1.1"), waits=(Wait(ONE, what, since=stamp(NOW - timedelta(hours=25))),))
    assert [m.to for m in plan_of(late).transitions if isinstance(m, MoveWait)] == ["failed"]
    failed = mission(feature("1.1"), waits=(Wait(ONE, what, status="failed"),))
    (hold,) = [h for h in plan_of(failed).holds if h.kind == "wait"]
    assert (hold.detail, hold.person, str(hold.unblock)) == (
        f"it waits for {what}, which has not happened",
        True,
        "mission signal m/1.1",
    )


# Gates


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate("fine", GateKind.QUALITY, (ONE,), (), "min_score: 4", "failed"), "`fine` is failed"),
        (Gate("ok; ls", GateKind.APPROVAL, (ONE,), (), "", "waiting"), "`ok; ls` is waiting"),
        (Gate("odd", None, (), (), "", ""), "`odd` is pending"),
        (Gate("rest", GateKind.DELAY, (), (), "soon", "pending"), "the delay `rest` (soon) is not over"),
    ],
)
def test_a_gate_that_blocks_nothing_holds_the_end(gate: Gate, words: str) -> None:
    some = mission(milestones=(PASSED,), gates=(gate,))
    plan = plan_of(some, landing=LANDED)
    assert not [m for m in plan.transitions if isinstance(m, Finish)]
    hold = next(h for h in plan.holds if h.detail == words)
    assert (hold.person, str(hold.unblock)) == (True, f"mission approve m {shlex.quote(gate.name)}")
    opened = mission(milestones=(PASSED,), gates=(Gate(gate.name, gate.kind, (), (), gate.rule, "approved"),))
    assert [type(m) for m in plan_of(opened, landing=LANDED).transitions] == [Finish]


# Tables


TEXT = """\
---
id: m
managed: mission
status: active
---

# T

## Milestones

### Milestone 1: One

**Status:** active

| # | Feature |
|---|---|
| 1.1 | one |
| 1.2 | two

## Gates

| Gate | Kind |
|---|---|
| go | approval |

## Input Requests

| Feature | Prompt |
|:--|--:|
| 1 | which? |

## Waits

| Feature | Waiting for
|---|---
| 1.1 | person:Ann

## Recovery Log

| Feature | Trigger | Status |
|---|---|---|
| 1.1 | deadline | open |

## Progress Log

| Event | Details |
|---|---|
"""


@pytest.mark.parametrize(
    ("change", "section", "column", "expected"),
    [
        (SetFeature(ONE, "Status", "dispatched"), "", "", ""),
        (SetFeature(TWO, "Worker", "script a1"), "", "", ""),
        (SetCell("Gates", {"Gate": "go"}, "Status", "waiting", ""), "Gates", "status", ["waiting"]),
        (SetCell("Input Requests", {"#": "", "Prompt": "which?"}, "#", "4"), "Input Requests", "#", ["4"]),
        (
            AppendRow("Input Requests", {"#": "5", "Prompt": "what?", "Status": "open"}),
            "Input Requests",
            "status",
            ["", "open"],
        ),
        (SetCell("Waits", {"Feature": "1.1"}, "Since", "now"), "Waits", "since", ["now"]),
        (SetCell("Recovery Log", {"Feature": "1.1"}, "Status", "recovered"), "Recovery Log", "status", ["recovered"]),
        (
            AppendRow("Progress Log", {"Timestamp": "t", "Event": "e", "Details": "d"}),
            "Progress Log",
            "timestamp",
            ["t"],
        ),
        (AppendRow("Approvals", {"Gate": "go", "Decision": "approved"}), "Approvals", "gate", ["go"]),
    ],
)
def test_a_column_that_a_change_needs_is_added_and_nothing_else_moves(
    change: Change, section: str, column: str, expected: list[str]
) -> None:
    new = patch.apply(TEXT, [change])
    loaded = load(new, "m")
    if isinstance(change, SetFeature):
        found = loaded.mission.feature(change.number)
        assert found is not None
        assert change.value in {found.raw_status, found.worker}
    else:
        assert [row[column] for row in rows_in(loaded.layout, section, column)] == expected
    kept = [line.replace(" ", "").replace("|", "") for line in TEXT.splitlines()]
    said = [line.replace(" ", "").replace("|", "") for line in new.splitlines()]
    lines = iter(said)
    assert all(any(line.startswith(old[:3]) for line in lines) for old in kept if old and not old.startswith("-"))


def test_two_lines_for_one_status_are_an_error_with_a_place_and_nothing_is_written() -> None:
    twice = TEXT.replace("**Status:** active\n", "**Status:** pending\n\n**Status:** active\n")
    with pytest.raises(DocumentError) as error:
        patch.apply(twice, [SetMilestone(1, "Status", "passed")], where="mission.md")
    assert error.value.message == "mission.md:15: `**Status:**` of milestone 1 appears more than once"


# Every hold


def worlds() -> list[tuple[Mission, dict[str, object]]]:
    """Missions that are held by each kind of hold."""
    one, stage = record("1.1-a1"), milestone
    look = run("make")
    blocked = stage(1, MilestoneStatus.BLOCKED, feature("1.1"))
    validating = stage(1, MilestoneStatus.VALIDATING, DONE, criteria=(look,), started_at="abc1234")
    odd = feature("1.1")
    running = {one.run: Job(JobState.RUNNING, started=stamp(NOW))}
    auto = Preferences(runner="script", land="auto")
    gone = Merge(commit=None, conflicts=("a",))
    alive = mission(feature("1.1", FeatureStatus.DISPATCHED))
    stuck = verdicts(mission(milestones=(validating,)), "t", a=(look, Verdict.COULD_NOT_RUN))
    worlds: list[tuple[Mission, dict[str, object]]] = [
        (mission(milestones=(blocked,)), {}),
        (mission(milestones=(validating,)), {"work": None}),
        (mission(milestones=(validating,)), {"checks": stuck}),
        (mission(odd), {"work": None}),
        (mission(odd, status=None, raw_status="actve"), {}),
        (mission(odd, status=MissionStatus.PAUSED, raw_status="paused"), {}),
        (mission(odd, managed=False), {}),
        (mission(odd, host="elsewhere:123456"), {}),
        (mission(milestones=(stage(1, MilestoneStatus.PENDING, odd),)), {"base_merge": gone}),
        (mission(odd, needed_resources=("a key",)), {}),
        (mission(feature("1.1", FeatureStatus.FAILED), feature("1.2", depends=(ONE,))), {}),
        (mission(replace(odd, status=None), feature("1.2", depends=(ONE,))), {}),
        (mission(feature("1.1", FeatureStatus.DISPATCHED)), {}),
        (mission(milestones=(PASSED,), recoveries=(Recovery("", "9.9 x", "deadline", "open"),)), {"landing": LANDED}),
        (mission(milestones=(PASSED,)), {"landing": Landing(LandState.FORWARD, GOOD.tip, "t"), "target": GOOD.tip}),
        (mission(milestones=(PASSED,), preferences=auto), {"landing": Landing(LandState.CONFLICT, conflicts=("a",))}),
        (alive, {"records": (one,), "jobs": running}),
        (alive, {"records": (one,), "jobs": {one.run: Job(JobState.UNREACHABLE)}}),
    ]
    return worlds


@pytest.mark.parametrize("ctx", worlds())
def test_every_hold_names_a_time_or_an_event_or_a_person_with_a_command_that_exists(
    ctx: tuple[Mission, dict[str, object]],
) -> None:
    some, more = ctx
    plan: Decisions = plan_of(some, **more)
    assert plan.holds
    for hold in plan.holds:
        assert hold.until or hold.unblock or hold.kind in COMES_BY_ITSELF or not hold.person, hold
        if hold.person:
            assert is_command(hold.unblock), hold


def is_command(advice: Advice) -> bool:
    """Whether advice can be typed: git, or commands of this program that take these words."""
    group = get_command(app)
    for remedy in advice.remedies:
        named = group.commands[remedy.command]  # type: ignore[attr-defined]  # Typer makes a group
        named.make_context(remedy.command, list(remedy.args))
    return bool(advice.remedies) or shlex.split(str(advice))[0] == "git"


def test_a_hold_is_found_where_there_is_one() -> None:
    assert holds(plan_of(mission(feature("1.1", FeatureStatus.FAILED))), "1.1") == [
        ("failed", "it is marked as failed")
    ]
