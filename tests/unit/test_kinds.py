"""What carries a meaning is a member of an enumeration, and never a word that stands bare in the code."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission_cli.domain.events import EventKind
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.status import (
    FeatureStatus,
    GateStatus,
    HoldKind,
    JobKind,
    MilestoneStatus,
    MissionStatus,
    RecoveryStatus,
    RequestStatus,
    WaitStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src" / "mission_cli"
EVENTS = {str(event) for event in EventKind}
HOLDS = {str(kind) for kind in HoldKind}
JOBS = {str(kind) for kind in JobKind}
ROWS = {str(status) for kind in (GateStatus, PhaseStatus, RequestStatus, WaitStatus, RecoveryStatus) for status in kind}
_OWNERS = {"hold": HOLDS, "h": HOLDS, "waiting": HOLDS, "spec": JOBS, "_spec": JOBS, "job": JOBS}
"""Names by which things with a `kind` are called, and the words that it may not be compared with."""
_ROWS = {"gate", "g", "phase", "request", "wait", "w", "recovery", "row", "found"}
"""Names by which rows with a `status` are called."""
_TABLES = {"Gates", "Phases", "Input Requests", "Waits", "Recovery Log"}


def bare_words(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and word of each event, hold, or kind of job that is written as a string."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(word)) if word in EVENTS:
                yield node.lineno, word
            case ast.Call(func=ast.Attribute(attr="hold") | ast.Name(id="Hold"), args=[_, *rest]):
                yield from _strings(rest[:1], HOLDS)
            case ast.Call(func=ast.Name(id="JobSpec"), keywords=keywords):
                yield from _strings([k.value for k in keywords if k.arg == "kind"], JOBS)
            case ast.Call(func=ast.Attribute(attr="free_slots") | ast.Name(id="take_slot" | "free_slots"), args=args):
                yield from _strings(args, JOBS)
            case ast.Compare(left=ast.Attribute(attr="kind", value=owner), comparators=others):
                yield from _strings(others, _OWNERS.get(_name(owner), set()))
            case _:
                yield from _bare_statuses(node)


def _bare_statuses(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the statuses of gates, requests, waits and recovery rows that a node spells."""
    match node:
        case ast.Compare(left=ast.Attribute(attr="status" | "state", value=owner), comparators=others):
            yield from _strings(others if _name(owner) in _ROWS else [], ROWS)
        case ast.Call(func=ast.Name(id="MoveGate" | "MoveRequest" | "MoveWait" | "CloseRecovery"), args=args):
            yield from _strings(args[1:-1], ROWS)
        case ast.Call(func=ast.Name(id="Gate" | "InputRequest" | "Wait" | "Recovery"), keywords=keywords):
            yield from _strings([k.value for k in keywords if k.arg == "status"], ROWS)
        case ast.Call(func=ast.Name(id="SetCell"), args=[ast.Constant(value=table), key, _, *to]) if table in _TABLES:
            yield from _strings([key, *to[:1]], ROWS)
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            yield from _strings([v for k, v in named if isinstance(k, ast.Constant) and k.value == "Status"], ROWS)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _strings(nodes: list[ast.expr], words: set[str]) -> Iterator[tuple[int, str]]:
    for node in (one for outer in nodes for one in ast.walk(outer)):
        if isinstance(node, ast.Constant) and node.value in words:
            yield node.lineno, node.value


def test_no_module_writes_an_event_a_hold_a_kind_of_job_or_the_status_of_a_row_as_a_string() -> None:
    modules = [p for p in SOURCE.rglob("*.py") if p.name != "events.py"]
    found = {p.relative_to(SOURCE).as_posix(): list(bare_words(p.read_text("utf-8"))) for p in modules}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('Entry("mission.paused", why)', "mission.paused"),
        ('draft.hold("", "budget", why)', "budget"),
        ('Hold(feature.number, "slot", why)', "slot"),
        ('JobSpec(key=key, kind="check", tree=tree)', "check"),
        ('if self._spec.kind == "plan": pass', "plan"),
        ('[h for h in holds if h.kind in {"request", "wait"}]', "request"),
        ('machine.free_slots("worker")', "worker"),
        ('if gate.status == "waiting": pass', "waiting"),
        ('if request.status in {"open", "expired"}: pass', "expired"),
        ('MoveWait(feature, name, was, "resolved", why)', "resolved"),
        ('CloseRecovery(number, "recovered" if done else "skipped", why)', "recovered"),
        ('Wait(feature=number, waiting_for="time:", status="failed")', "failed"),
        ('SetCell("Gates", {"Gate": name}, "Status", "approved")', "approved"),
        ('SetCell("Recovery Log", {"Status": "open"}, "Status", to)', "open"),
        ('row = {"Feature": number, "Status": "open"}', "open"),
    ],
)
def test_each_form_in_which_one_could_be_written_is_found(source: str, word: str) -> None:
    assert word in [found for _, found in bare_words(source)]


def test_every_event_is_named_by_a_part_and_what_happened() -> None:
    parts = {event.partition(".")[0] for event in EVENTS}
    assert parts == {
        "account", "agent", "approval", "attempt", "budget", "criteria", "deadline", "decision", "deploy", "draft", "event", "feature", "feedback", "gate", "hook", "issue", "judgment", "landing", "mail", "message", "milestone", "mission", "phase", "plan", "preview", "progress", "pull", "purchase", "recovery", "request", "resource", "review", "runs", "scope", "skill", "state", "test", "wait", "watcher", "work", "workspace",
    }  # fmt: skip
    statuses = {
        "mission": [*MissionStatus], "milestone": [*MilestoneStatus], "feature": [*FeatureStatus],
        "gate": [*(set(GateStatus) - {GateStatus.OPEN, GateStatus.DONE}), "until 2026-11-21"],
        "request": [RequestStatus.EXPIRED, RequestStatus.WITHDRAWN], "wait": [WaitStatus.RESOLVED, WaitStatus.FAILED],
    }  # fmt: skip
    for part, words in statuses.items():
        assert {str(EventKind.of(part, word)) for word in words} <= EVENTS, "each status that is set has its event"
    assert EventKind.of("gate", "approved (Ada)") is EventKind.GATE_APPROVED
    with pytest.raises(ValueError, match=r"gate\.nonsense"):
        EventKind.of("gate", "nonsense")
