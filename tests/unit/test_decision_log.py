"""The Decision Log: whatever a person or the loop decides has a row there, with the next number and the day."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.unit.test_keys_act import committed, go_on, honest, host_of

from mission_cli.app.commands import (
    features,
    gates,
    lifecycle,
    manual,
)
from mission_cli.app.commands.edit import save_edit
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.commands.steer.add import add_feature, add_milestone
from mission_cli.app.commands.steer.move import move
from mission_cli.app.commands.steer.tell import tell
from mission_cli.app.commands.undo import undo
from mission_cli.document.plans.model import PlanFeature
from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import rows_in
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec

ROOT = Path(__file__).resolve().parents[2] / "src/mission_cli"
PLAN = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
gates: [{name: Look at it, kind: approval, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Only
    validation: ["manual: it is good"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}, {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}]
"""


def rows(host: Host, name: str = "m") -> list[tuple[str, str, str, str]]:
    """Number, date, decision and rationale of each row."""
    loaded = load(host.context().state.snapshot().missions[name].text, name)  # type: ignore[index]  # it is there, or the test fails
    found = rows_in(loaded.layout, "Decision Log", "#", "decision")
    return [(row["#"], row["date"], row["decision"], row["rationale"]) for row in found]


def told(host: Host, name: str = "m") -> list[tuple[str, str]]:
    """Decision and rationale; numbers and dates are looked at."""
    found = rows(host, name)
    assert [row[0] for row in found] == [str(n) for n in range(1, len(found) + 1)]
    assert {row[1] for row in found} <= {f"{host.jobs.clock.now():%Y-%m-%d}"}
    return [row[2:] for row in found]


def start(ctx: Context) -> None:
    lifecycle.start(ctx, "m")


def by_hand(ctx: Context) -> None:
    pulse(ctx)  # the milestone begins
    manual.step_in(ctx, "m/1.2")


COMMANDS: list[tuple[Callable[[Context], object], tuple[str, str]]] = [
    (start, ("Start the mission", "by Ada")),
    (lambda ctx: features.pause(ctx, "m", reason="too hot"), ("Pause the mission", "too hot (by Ada)")),
    (lambda ctx: features.resume(ctx, "m", reason="cooler"), ("Resume the mission", "cooler (by Ada)")),
    (lambda ctx: set_value(ctx, "m", "budget.time_hours", "30"), ("budget.time_hours: 10 → 30", "mission set (by Ada)")),
    (lambda ctx: features.skip(ctx, "m/1.2", reason="not needed"), ("Skip 1.2 two", "not needed (by Ada)")),
    (lambda ctx: features.retry(ctx, "m/1.2", reason="needed"), ("Retry 1.2 two", "needed (by Ada)")),
    (lambda ctx: add_milestone(ctx, "m", "More"), ("Add milestone 2 More", "mission add-milestone (by Ada)")),
    (lambda ctx: add_feature(ctx, "m/2", PlanFeature(title="three")), ("Add 2.1 three", "mission add (by Ada)")),
    (lambda ctx: move(ctx, "m/1.2", 2), ("Move 1.2 two to milestone 2, as 2.2", "mission move (by Ada)")),
    (lambda ctx: move(ctx, "m/2.2", 1), ("Move 2.2 two to milestone 1, as 1.2", "mission move (by Ada)")),
    (lambda ctx: tell(ctx, "m/2.1", "be quick"), ("Tell the worker of 2.1: be quick", "mission tell (by Ada)")),
    (lambda ctx: gates.decide_gate(ctx, "m", "look at it", approved=False, comment="no"), ("Reject the gate Look at it", "no (by Ada)")),
    (lambda ctx: gates.decide_gate(ctx, "m", "look at it", approved=True), ("Approve the gate Look at it", "by Ada")),
    (by_hand, ("Manual attempt at 1.2", "by Ada")),
    (lambda ctx: features.cancel(ctx, "m", reason="enough"), ("Cancel the mission", "enough (by Ada)")),
    (lambda ctx: undo(ctx, "m"), ("Undo: m is cancelled: enough (by Ada)", "by Ada")),
]  # fmt: skip


def test_every_command_that_decides_leaves_a_row() -> None:
    host = make_host(honest)
    make_mission(host, PLAN, "m")
    for number, (command, row) in enumerate(COMMANDS, 1):
        command(host.context())
        assert told(host)[number - 1 :] == [row]
    features.pause(host.context(), "m")
    before = told(host)
    features.pause(host.context(), "m")
    assert told(host) == before, "what changes nothing decides nothing"


def test_answers_and_landing_leave_a_row_with_the_question_and_the_commit() -> None:
    host = host_of(honest, m=PLAN.replace("gates", "x-gates").replace("x-gates:", "constraints: [] #"))
    go_on(host)
    features.answer(host.context(), "m", 1, "pass, it is")
    assert told(host)[1:] == [("Answer request 1 with: pass, it is", "manual: it is good (by Ada)")]
    go_on(host)
    passed = committed(host).milestones[0].passed_at
    gates.land(host.context(), "m")
    assert told(host)[2:] == [(f"Land {passed[:7]} on main", "by Ada")]
    go_on(host)
    assert [row[0] for row in told(host)[3:]] == ["Complete the mission"]


def test_what_the_loop_decides_leaves_a_row() -> None:
    def works(spec: JobSpec) -> Outcome:
        return Outcome(60.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": spec.program.env["MISSION_ATTEMPT"]})

    plan = """\
title: One
budget: {time_hours: 10}
model_routing: {workers: small, escalate: big}
preferences: {runner: script}
gates:
  - {name: good, kind: quality, after: ["1.1"], blocks: ["1.2"], rule: allPassed}
  - {name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}
milestones:
  - name: Only
    validation: ["file: `never.txt`"]
    features: [{title: one, criteria: ["grep: `4` in `1.1.txt`"]}, {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}]
"""
    host = host_of(works, m=plan)
    go_on(host, 50)
    assert committed(host).status is MissionStatus.PAUSED
    gates.decide_gate(host.context(), "m", "look", approved=True)
    go_on(host, 80)
    assert [row[0] for row in told(host)] == [
        "Start the mission",
        "Try 1.1 on script with big instead of script with small",
        "The gate good passed by its rule",
        "Pause the mission",
        "Approve the gate look",
        "Add feature 1.3, fix: file: `never.txt`",
        "Try 1.3 on script with big instead of script with small",
    ]


def test_numbers_go_on_behind_those_of_a_person_whatever_else_stands_there() -> None:
    host = make_host(honest)
    make_mission(host, PLAN, "m")
    ctx = host.context()
    text = ctx.state.snapshot().missions["m"].text  # type: ignore[index]  # it is there, or the test fails
    mine = "| # | Date | Decision | Rationale | Alternatives Considered |\n|---|---|---|---|---|\n| 41 | 2026-01-02 | Use Rust | fast | Go |\n| x | | Wait | | |\n"
    head, _, tail = text.partition("## Decision Log\n")
    after = tail[tail.index("\n## ") :]
    save_edit(ctx, "m", text, f"{head}## Decision Log\n\n{mine}{after}")
    start(host.context())
    assert [row[0] for row in rows(host)] == ["41", "x", "42"]


DECIDE_NOTHING = {
    "attempt.settled", "criteria.judged", "decision.undone", "feature.added", "feature.done", "feature.dispatched", "feature.taken",
    "feature.moved", "feature.told", "milestone.added",
    "gate.{", "feature.{", "milestone.{", "mission.{", "request.{", "request.asked", "wait.{", "wait.started", "wait.resolved", "recovery.closed",
    "mission.attached", "mission.created", "mission.given-back", "mission.imported", "mission.planned", "mission.yielded", "mission.edited",
    "mission.started", "feature.retried", "feature.skipped", "request.answered", "landing.approved", "mission.taken-over",
    "mission.paused", "mission.set", "mission.values", "request.renumbered", "mission.resumed", "mission.cancelled", "runs.rolled", "state.joined", "work.synced", "",
}  # fmt: skip
"""Events that are known; a new one belongs here once it is clear whether it decides something."""


def test_every_event_that_the_program_writes_was_thought_of() -> None:
    found = set()
    for place in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name in {"Entry", "Wanted"} and isinstance(node, ast.Call) and node.args:
                event = node.args[0 if name == "Entry" else 1] if len(node.args) > (name == "Wanted") else None
                if isinstance(event, ast.Constant):
                    found.add(str(event.value))
                elif isinstance(event, ast.JoinedStr):
                    found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "{" for v in event.values))
    assert {event for event in found if event not in DECIDE_NOTHING} == set()
