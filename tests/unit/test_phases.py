"""Phases: each is entered once in a pass, its gate counts what people saw, and a rejection goes back with its comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.fakes.host import base_of
from tests.unit.test_keys_act import committed, go_on, honest, host_of

from mission_cli.app.commands import gates
from mission_cli.domain.status import MissionStatus

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

PLAN = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
phases:
  - {name: building, worker: milestone 1}
  - {name: checking, worker: "run: `test -f 1.1.txt`", on_reject: building}
  - {name: looking, gate: code_review, on_reject: building}
  - {name: merging, worker: landing}
  - {name: completed}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""


def table(host: Host) -> list[tuple[str, str, str]]:
    """Name, status and result of each phase."""
    return [(p.name, str(p.status), p.result) for p in committed(host).phases]


def events(host: Host, *parts: str) -> list[tuple[str, str]]:
    """The rows of the progress log about these parts."""
    return [(row.event, row.details) for row in committed(host).progress if row.event.partition(".")[0] in parts]


def test_a_mission_goes_through_its_phases() -> None:
    host = host_of(honest, m=PLAN)
    go_on(host, 9)
    work = committed(host).milestones[0].passed_at[:7]
    assert table(host) == [
        ("building", "done", "milestone 1 passed"),
        ("checking", "done", f"`test -f 1.1.txt` passed on {work}"),
        ("looking", "waiting", ""),
        ("merging", "pending", ""),
        ("completed", "pending", ""),
    ]
    assert sorted(base_of(host)) == ["notes.txt"], "nothing lands before its phase"
    gates.decide_gate(host.context(), "m", "code_review", approved=True, comment="nice")
    go_on(host, 4)
    assert committed(host).status is MissionStatus.COMPLETED
    assert sorted(base_of(host)) == ["1.1.txt", "notes.txt", "x"]
    assert table(host)[2:] == [
        ("looking", "done", "approved by Ada"),
        ("merging", "done", f"{work} is on main"),
        ("completed", "done", ""),
    ]
    assert events(host, "phase", "approval", "gate") == [
        ("phase.entered", "the phase building is entered (1 of 5)"),
        ("phase.done", "the phase building is done after 12 min: milestone 1 passed"),
        ("phase.entered", "the phase checking is entered (2 of 5)"),
        ("phase.done", f"the phase checking is done after 4 min: `test -f 1.1.txt` passed on {work}"),
        ("phase.entered", "the phase looking is entered (3 of 5)"),
        ("approval.required", "the gate code_review of the phase looking waits for 1 approval"),
        ("gate.approved", "gate code_review is approved: nice (by Ada)"),
        ("approval.resolved", "the gate code_review is approved by Ada"),
        ("phase.done", "the phase looking is done after 2 min: approved by Ada"),
        ("phase.entered", "the phase merging is entered (4 of 5)"),
        ("phase.done", f"the phase merging is done after 0 s: {work} is on main"),
        ("phase.entered", "the phase completed is entered (5 of 5)"),
        ("phase.done", "the phase completed is done after 0 s"),
    ]
