"""Events of missions: from two versions of a mission, and from the journal, each once from any place on."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import ADA
from tests.kit.served import go_on, works

from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.stream.changes import Changes
from mission_cli.app.queries.stream.compare import changes
from mission_cli.app.queries.stream.journal import Position, events_since, position
from mission_cli.app.queries.stream.kinds import KINDS, REPLAYABLE, Kind
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.app.queries.stream.journal import Recorded

M = MissionId("m")
FILE = """\
---
id: m
title: One
status: {status}
---
# One

## Phases

| Phase | Worker | Gate | On reject | Status | Result |
|-------|--------|------|-----------|--------|--------|
| analysis | | prd_review | analysis | {analysis} | {result} |
| work | milestones | | | {work} | |

## Gates

| Gate | Kind | After | Blocks | Rule | Status |
|------|------|-------|--------|------|--------|
| prd_review | approval | | | | pending |
| look | checkpoint | 1.1 | 1.2 | | {look} |

### Milestone 1: Only

**Status:** {milestone}

| # | Feature | Status |
|---|---------|--------|
| 1.1 | one | {one} |

## Approvals

| Timestamp | Gate | Decision | By | Commit | Comment |
|-----------|------|----------|----|--------|---------|
{approvals}
## Input Requests

| # | Asked | Feature | Prompt | Options | Urgency | Expires | Status | Response |
|---|-------|---------|--------|---------|---------|---------|--------|----------|
| 1 | 2026-11-20T10:00:00Z | 1.1 | Red? | | high | | {request} | {answer} |

## Budget Tracking

### Spend Log

| Date | Category | Amount | Description | Milestone |
|------|----------|--------|-------------|-----------|
{spend}
## Recovery Log

| Timestamp | Feature | Trigger | Status |
|-----------|---------|---------|--------|
{recovery}"""
QUIET = {
    "status": "active",
    "analysis": "active",
    "result": "",
    "work": "pending",
    "look": "pending",
    "milestone": "active",
    "one": "pending",
    "approvals": "",
    "request": "open",
    "answer": "",
    "spend": "",
    "recovery": "",
}
RUN = "---\nrun: m/1.1-a1\nstate: {state}\ncause: {cause}\ndetail: {detail}\nrunner: script\nmodel: fast\ncost_usd: '0.5'\n---\n"
APPROVED = "| 2026-11-20T10:00:00Z | {gate} | {word} | ada | 1234567 | fine |\n"


def between(old: dict[str, str], new: dict[str, str]) -> list[tuple[object, ...]]:
    """What a client is told of a change of the file."""
    before, after = (load(FILE.format(**{**QUIET, **cells}), "m").mission for cells in (old, new))
    assert before.milestones, before
    assert len(before.phases) == 2
    return [(str(KINDS[type(one)]), *astuple(one)[1:]) for one in changes(M, before, after)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, {}, []),
        ({}, {"status": "paused"}, [("status_changed", "paused", "active", "analysis")]),
        ({}, {"status": "odd"}, [("status_changed", "odd", "active", "analysis")]),
        (
            {},
            {"status": "failed"},
            [("status_changed", "failed", "active", "analysis"), ("error", "m has failed", "analysis", "")],
        ),
        ({}, {"analysis": "waiting"}, [("approval_required", "prd_review", "analysis")]),
        (
            {"analysis": "waiting"},
            {"analysis": "done", "work": "active", "approvals": APPROVED.format(gate="prd_review", word="approved")},
            [
                ("phase_changed", "work", "analysis", 50),
                ("decision", "prd_review", "approved", "ada", "fine", "1234567"),
                ("approval_resolved", "prd_review", "analysis", "approved", "ada"),
            ],
        ),
        (
            {"analysis": "waiting"},
            {"analysis": "pending", "approvals": APPROVED.format(gate="prd_review", word="rejected")},
            [
                ("decision", "prd_review", "rejected", "ada", "fine", "1234567"),
                ("approval_resolved", "prd_review", "analysis", "rejected", "ada"),
            ],
        ),
        (
            {"analysis": "waiting"},
            {"analysis": "skipped"},
            [("phase_changed", "work", "analysis", 50), ("approval_resolved", "prd_review", "analysis", "skipped", "")],
        ),
        (
            {"analysis": "done", "work": "active"},
            {"analysis": "done", "work": "done"},
            [("phase_changed", "", "work", 100)],
        ),
        (
            {"analysis": "done", "work": "active"},
            {"analysis": "pending", "work": "pending"},
            [("phase_changed", "analysis", "work", 0)],
        ),
        ({}, {"analysis": "failed", "result": "no reply"}, [("error", "no reply", "analysis", "analysis")]),
        ({}, {"look": "waiting"}, [("approval_required", "look", "")]),
        (
            {"look": "waiting"},
            {"look": "approved", "approvals": APPROVED.format(gate="look", word="approved")},
            [
                ("decision", "look", "approved", "ada", "fine", "1234567"),
                ("approval_resolved", "look", "", "approved", "ada"),
            ],
        ),
        (
            {"look": "waiting"},
            {"look": "pending", "approvals": APPROVED.format(gate="look", word="rejected")},
            [
                ("decision", "look", "rejected", "ada", "fine", "1234567"),
                ("approval_resolved", "look", "", "rejected", "ada"),
            ],
        ),
        ({}, {"look": "approved"}, [("approval_resolved", "look", "", "approved", "")]),
        ({}, {"milestone": "validating"}, [("milestone_changed", 1, "Only", "validating", "active")]),
        (
            {},
            {"milestone": "failed"},
            [
                ("milestone_changed", 1, "Only", "failed", "active"),
                ("error", "milestone 1 has failed", "analysis", "1"),
            ],
        ),
        ({}, {"one": "dispatched"}, [("feature_changed", "1.1", "one", "dispatched", "pending")]),
        (
            {},
            {"one": "failed"},
            [("feature_changed", "1.1", "one", "failed", "pending"), ("error", "1.1 has failed", "analysis", "1.1")],
        ),
        (
            {},
            {"request": "answered", "answer": "yes"},
            [("request_changed", 1, "1.1", "Red?", "high", "answered", "open", "yes")],
        ),
        (
            {},
            {"spend": "| 2026-11-20 | usd | 1.5 | a1 | 1 |\n| 2026-11-20 | usd | unknown | a2 | 1 |\n"},
            [("spend_changed", 1.5, 0, 0, 1)],
        ),
        (
            {},
            {"recovery": "| 2026-11-20T10:00:00Z | 1.1 | deadline | open |\n"},
            [("error", "safety stop: deadline", "analysis", "1.1")],
        ),
    ],
)
def test_a_change_of_the_file_is_told(old: dict[str, str], new: dict[str, str], told: list[tuple[object, ...]]) -> None:
    assert between(old, new) == told


def test_a_mission_that_comes_or_goes_is_told_with_all_of_its_parts() -> None:
    mission = load(FILE.format(**QUIET), "m").mission
    parts = [
        ("status_changed", "active", "", "analysis"),
        ("phase_changed", "analysis", "", 0),
        ("milestone_changed", 1, "Only", "active", ""),
        ("feature_changed", "1.1", "one", "pending", ""),
        ("request_changed", 1, "1.1", "Red?", "high", "open", "", ""),
    ]
    assert [(str(KINDS[type(one)]), *astuple(one)[1:]) for one in changes(M, None, mission)] == parts
    gone = [(str(KINDS[type(one)]), *astuple(one)[1:]) for one in changes(M, mission, None)]
    assert [one[0] for one in gone] == [one[0] for one in parts]
    assert gone[0] == ("status_changed", "", "active", "")


def test_an_attempt_is_told_when_it_begins_and_when_it_is_settled() -> None:
    intended = read_run(RUN.format(state="intended", cause="", detail=""))
    settled = read_run(RUN.format(state="settled", cause="deadline", detail="too slow"))
    told = [
        astuple(one)
        for pair in ((None, intended), (intended, settled), (settled, settled), (settled, None))
        for one in changes(M, None, None, [pair])
    ]
    assert told == [
        ("m", "m/1.1-a1", "1.1", 1, "intended", "", "", "script", "fast", None),
        ("m", "m/1.1-a1", "1.1", 1, "settled", "deadline", "too slow", "script", "fast", 0.5),
    ]


def test_every_kind_but_logs_comes_from_the_journal() -> None:
    assert {*KINDS.values()} == {*REPLAYABLE} == {*Kind} - {Kind.LOG}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a" * 40, Position(Sha("a" * 40))),
        ("a" * 40 + ".3", Position(Sha("a" * 40), 3)),
        ("a" * 64 + ".12." + "b" * 40, Position(Sha("a" * 64), 12, Sha("b" * 40))),
        ("a" * 39, None),
        ("a" * 40 + ".0", None),
        ("a" * 40 + "." + "b" * 40, None),
        ("a" * 40 + "\n", None),
        ("HEAD", None),
        ("--all", None),
        ("", None),
    ],
)
def test_an_id_names_a_position(text: str, read: Position | None) -> None:
    assert position(text) == read
    assert read is None or str(read) == text


@pytest.fixture(scope="module")
def host() -> Host:
    """A mission that has run for a while."""
    made = make_host(works)
    begin = made.context()
    begin.state.commit([Write("notes.md", "x")], message="Begin", expect=None, author=ADA)
    make_mission(
        made,
        "title: T\nbudget: {money_usd: 9}\npreferences: {runner: script}\nmilestones: [{name: A, features: [{title: a}, {title: b, depends: ['1.1']}]}]\n",
    )
    lifecycle.start(made.context(), "m")
    go_on(made)
    return made


def all_of(host: Host, seen: Position) -> list[Recorded]:
    """Everything after a position."""
    found = events_since(host.context().state, seen)
    assert found is not None
    return [event for step in found for event in step]


def test_whoever_goes_on_after_any_event_gets_each_later_one_once(host: Host) -> None:
    root = list(host.jobs.objects.line(host.context().state.head() or Sha("")))[-1]
    whole = all_of(host, Position(root))
    assert len({str(event.place) for event in whole}) == len(whole) > 20
    assert {event.kind for event in whole} >= {Kind.STATUS_CHANGED, Kind.FEATURE_CHANGED, Kind.ATTEMPT_CHANGED}
    for number, event in enumerate(whole, 1):
        place = position(str(event.place))
        assert place is not None
        assert all_of(host, place) == whole[number:]


def test_a_place_that_is_not_in_the_journal_is_not_gone_on_from(host: Host) -> None:
    state = host.context().state
    head = state.head()
    assert head is not None
    assert events_since(state, Position(Sha("0" * 40))) is None
    assert events_since(state, Position(Sha("0" * 40), 2)) is None
    assert events_since(state, Position(head, 1, Sha("0" * 40))) is None
    root = list(host.jobs.objects.line(head))[-1]
    assert events_since(state, Position(root), limit=3) is None


def test_a_change_is_noticed_without_asking_git(host: Host) -> None:
    ctx = host.context()
    watch = Changes({"here": ctx})
    assert watch.changed() == frozenset()
    assert watch.wait(0.01) == frozenset()
    state = host.context().state
    state.commit([Write("more.md", "x")], message="More", expect=state.head(), author=ADA)
    assert watch.wait(5) == {"here"}
    assert watch.changed() == frozenset()
