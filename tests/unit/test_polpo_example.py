"""The example in Polpo's own documentation, imported and run to its end on a clock that only the test moves."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import Host, make_host
from tests.kit.fakes.others import ADA
from tests.kit.reviews import answer

from mission_cli.adapters.templates import JinjaTemplates
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.app.commands.create import create
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.app.queries.why import why
from mission_cli.app.report.report import mission_report
from mission_cli.app.results.mission_report import ReportedTask
from mission_cli.document.checking.lint import lint
from mission_cli.document.plans.plan import override
from mission_cli.document.reading.load import load
from mission_cli.domain.routing import reviewer_routes
from mission_cli.domain.status import HoldKind, JobKind, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.interchange.from_polpo import read_polpo
from mission_cli.interchange.to_polpo import write_polpo

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec
    from mission_cli.ports.git.state import Snapshot

EXAMPLE = """\
{
  "tasks": [
    {
      "title": "Design the API schema",
      "description": "Create OpenAPI spec for the auth endpoints",
      "assignTo": "backend-dev",
      "expectations": [
        { "type": "file_exists", "paths": ["openapi.yaml"] }
      ]
    },
    {
      "title": "Implement auth endpoints",
      "description": "Build the endpoints from the OpenAPI spec",
      "assignTo": "backend-dev",
      "dependsOn": ["Design the API schema"],
      "expectations": [
        { "type": "test", "command": "npm test -- --grep auth" }
      ]
    }
  ],
  "team": [
    {
      "name": "api-reviewer",
      "role": "Reviews API design for security",
      "model": "anthropic:claude-sonnet-4-5",
      "volatile": true
    }
  ],
  "checkpoints": [
    {
      "name": "design-review",
      "afterTasks": ["Design the API schema"],
      "blocksTasks": ["Implement auth endpoints"],
      "message": "Review the API design before implementation"
    }
  ],
  "qualityGates": [
    {
      "name": "security-check",
      "afterTasks": ["Implement auth endpoints"],
      "blocksTasks": [],
      "minScore": 4.0,
      "requireAllPassed": true
    }
  ],
  "delays": [
    {
      "name": "cooldown",
      "afterTasks": ["Design the API schema"],
      "blocksTasks": ["Implement auth endpoints"],
      "duration": "PT30M"
    }
  ]
}
"""
"""Seed 003's example, letter for letter."""
FILES = {"1.1": {"openapi.yaml": "openapi: 3.1.0\n"}, "1.2": {"auth.js": "export {}\n"}}
OF_REPORT, OF_TASK = 9, 7
"""How many keys Polpo's MissionReport and its tasks have; they are the first ones of ours."""


def works(spec: JobSpec) -> Outcome:
    """Make the files of the feature; as a reviewer, score the work."""
    if spec.kind is JobKind.REVIEW:
        assert "Your role is api-reviewer: Reviews API design for security." in spec.program.stdin
        return Outcome(60.0, answer=answer(4.5))
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(600.0, FILES[feature], completes=feature)


def imported(host: Host, text: str = EXAMPLE) -> None:
    """What `mission import` does, with a cap, a runner and landing without a look."""
    taken = read_polpo(text)
    assert taken.plan is not None, taken.problems
    assert taken.left == ()
    given = {"id": "auth", "preferences.land": "auto"}
    plan = override(taken.plan, given, {"time_hours": "10"}, "script")
    ctx, made = host.context(), JinjaTemplates()
    create(plan, store=ctx.state, templates=made, now=ctx.clock.now(), person=ADA, base=lambda _: "main")


def found(host: Host) -> Mission:
    ctx = host.context()
    return resolve(ctx.state.snapshot(), "auth").mission


def at(ctx: Context, name: str) -> tuple[Snapshot, Address]:
    """The mission files, and what is meant."""
    files = ctx.state.snapshot()
    return files, resolve(files, name)


def go_on(host: Host, minutes: int) -> None:
    """Let pulses and jobs go on, minute by minute."""
    for _ in range(minutes):
        report = pulse(host.context())
        assert not report.bugs
        assert not report.troubles
        host.jobs.clock.time.pass_by(timedelta(minutes=1))
        host.jobs.work()


def of_polpo(value: Any) -> Any:
    """The part of a report that Polpo's has too."""
    if is_dataclass(value):
        count = OF_TASK if isinstance(value, ReportedTask) else OF_REPORT
        return {f.name: of_polpo(getattr(value, f.name)) for f in fields(value)[:count]}
    return [of_polpo(one) for one in value] if isinstance(value, list | tuple) else value


def test_the_example_runs_to_its_end() -> None:
    host = make_host(works)
    imported(host)
    lifecycle.start(host.context(), "auth")
    go_on(host, 15)
    now = found(host)
    assert [(f.number, str(f.status)) for f in now.features()] == [("1.1", "done"), ("1.2", "pending")]
    assert (now.status, [g.status.partition(" ")[0] for g in now.gates]) == (
        MissionStatus.PAUSED,
        ["waiting", "pending", "until"],
    )
    assert [(w.kind, w.name, str(w.unblock)) for _, w in everything_waiting(host.context())] == snapshot(
        [
            (
                HoldKind.PAUSED,
                "checkpoint `design-review` is reached: Review the API design before implementation",
                "mission approve auth design-review",
            )
        ]
    )
    gates.decide_gate(host.context(), "auth", "design-review", approved=True, comment="good")
    go_on(host, 5)
    assert [g.status for g in found(host).gates] == snapshot(["approved", "pending", "until 2026-11-20T10:43:00Z"])
    ctx = host.context()
    assert [(h.kind, h.detail) for _, held in why(ctx, *at(ctx, "auth/1.2")) for h in held] == snapshot(
        [(HoldKind.DELAY, "the delay `cooldown` (PT30M) is not over")]
    )
    go_on(host, 45)
    assert [r.prompt for r in found(host).requests if r.open] == [
        "milestone 1 has no criterion, and no test or build command was found: accept it?"
    ]
    features.answer(host.context(), "auth", 1, "accept")
    go_on(host, 5)
    now = found(host)
    assert (now.status, [g.status for g in now.gates]) == (MissionStatus.COMPLETED, ["approved", "passed", "passed"])
    ctx = host.context()
    assert of_polpo(mission_report(ctx, at(ctx, "auth")[1])) == snapshot(
        {
            "missionId": "auth",
            "group": "auth",
            "allPassed": True,
            "totalDuration": 3900000,
            "tasks": [
                {
                    "title": "Design the API schema",
                    "status": "done",
                    "duration": 600120,
                    "score": None,
                    "filesCreated": ["openapi.yaml"],
                    "filesEdited": [],
                    "outcomes": [],
                },
                {
                    "title": "Implement auth endpoints",
                    "status": "done",
                    "duration": 600120,
                    "score": Decimal("4.5"),
                    "filesCreated": ["auth.js"],
                    "filesEdited": [],
                    "outcomes": [],
                },
            ],
            "filesCreated": ["auth.js", "openapi.yaml"],
            "filesEdited": [],
            "outcomes": [],
            "avgScore": Decimal("4.5"),
        }
    )
    assert [(row.event, row.details) for row in now.progress] == snapshot(
        [
            ("mission.started", "auth is started (by Ada)"),
            ("milestone.active", "milestone 1 starts at 16f9ad2"),
            ("attempt.settled", "1.1-a1 is done"),
            ("gate.waiting", "gate design-review is waiting: the features before it are finished"),
            (
                "mission.paused",
                "checkpoint `design-review` is reached: Review the API design before implementation: mission approve auth design-review",
            ),
            ("gate.until", "gate cooldown has begun: it lasts PT30M"),
            ("gate.approved", "gate design-review is approved: good (by Ada)"),
            ("gate.passed", "gate cooldown is open: the delay is over"),
            ("review.settled", "review-a1 of 1.2 by script:anthropic/claude-sonnet-4-5 is complete: done"),
            ("attempt.settled", "1.2-a1 is done"),
            ("gate.passed", "gate security-check is open: minScore >= 4, requireAllPassed"),
            ("milestone.validating", "every feature of milestone 1 is done or skipped"),
            ("request.asked", "1: milestone 1 has no criterion, and no test or build command was found: accept it?"),
            ("request.answered", "request 1 is answered: accept (by Ada)"),
            ("milestone.passed", "milestone 1 passed: 0 criteria on 7103a1b"),
            ("mission.completed", "every milestone passed, the final validation passed, and the work has landed"),
            ("agent.removed", "api-reviewer was only for this mission, and is removed from the team"),
        ]
    )
    record, left = write_polpo(now)
    document = json.loads(EXAMPLE)
    del document["team"]  # its only agent was made for this mission
    assert json.loads(record["data"]) == document
    assert left == snapshot(
        (
            "1.1 is done: in Polpo's record every task is open",
            "1.2 is done: in Polpo's record every task is open",
            "the budget: Polpo has no budgets",
        )
    )


def test_a_low_score_holds_the_end_of_the_mission() -> None:
    def poor(spec: JobSpec) -> Outcome:
        done = works(spec)
        return Outcome(60.0, answer=answer(3)) if spec.kind is JobKind.REVIEW else done

    host = make_host(poor)
    document = json.loads(EXAMPLE)
    imported(host, json.dumps({key: value for key, value in document.items() if key not in {"checkpoints", "delays"}}))
    lifecycle.start(host.context(), "auth")
    go_on(host, 30)
    features.answer(host.context(), "auth", 1, "accept")
    go_on(host, 5)
    now = found(host)
    assert (now.status, [(f.number, str(f.status)) for f in now.features()], [g.status for g in now.gates]) == (
        MissionStatus.ACTIVE,
        [("1.1", "done"), ("1.2", "done")],
        ["failed"],
    )
    assert [(w.kind, w.name, str(w.unblock)) for _, w in everything_waiting(host.context())] == snapshot(
        [(HoldKind.QUALITY, "`security-check` is failed", "mission approve auth security-check")]
    )


def test_what_a_record_says_of_itself_is_taken_along() -> None:
    document = json.loads(EXAMPLE)
    document["delays"][0]["message"] = "Let the caches settle"
    document["team"][0]["maxConcurrency"] = 2
    record = {
        "id": "V1StGXR8_Z5jdHi6B",
        "name": "Auth",
        "createdAt": "2026-11-01T08:00:00Z",
        "updatedAt": "2026-11-02T08:00:00Z",
        "qualityThreshold": 3.5,
        "data": json.dumps(document),
    }
    taken = read_polpo(json.dumps(record))
    assert taken.plan is not None
    assert (taken.left, taken.front) == ((), {"created": "2026-11-01T08:00:00Z"})
    assert (taken.plan.id, taken.plan.quality_threshold, taken.plan.gates[2].rule) == (
        "V1StGXR8_Z5jdHi6B",
        3.5,
        "PT30M: Let the caches settle",
    )
    host = make_host(works)
    ctx = host.context()
    create(
        taken.plan,
        store=ctx.state,
        templates=JinjaTemplates(),
        now=ctx.clock.now(),
        person=ADA,
        base=lambda _: "main",
        front=taken.front,
    )
    back, _ = write_polpo(resolve(ctx.state.snapshot(), "V1StGXR8_Z5jdHi6B").mission)
    assert json.loads(back.pop("data")) == document
    assert back == snapshot(
        {
            "id": "V1StGXR8_Z5jdHi6B",
            "name": "Auth",
            "prompt": "Auth",
            "status": "draft",
            "qualityThreshold": 3.5,
            "createdAt": "2026-11-01T08:00:00Z",
            "updatedAt": "2026-11-01T08:00:00Z",
        }
    )
    assert read_polpo(json.dumps({**record, "id": "-no"})).left == (
        "id: -no: only letters, digits, '.', '_' and '-' are allowed, and the first is a letter or digit",
    )


@pytest.mark.parametrize(
    ("reviewer", "routes"),
    [
        ("@Ann", [("claude", "opus")]),
        ("@bob", [("script", "")]),
        ("@nobody", [("script", "")]),
        ("codex:gpt-5", [("codex", "gpt-5")]),
    ],
)
def test_a_reviewer_may_be_a_member_of_the_team(reviewer: str, routes: list[tuple[str, str]]) -> None:
    team = "## Team\n| Agent | Role | Runner | Model |\n|---|---|---|---|\n| ann | Reads | claude | opus |\n| bob | | | |\n"
    front = f"---\nid: m\npreferences: {{runner: script}}\nreviews: {{reviewers: ['{reviewer}']}}\n---\n# M\n"
    loaded = load(front + team, "m")
    assert [(route.runner, route.tier) for route in reviewer_routes(loaded.mission)] == routes
    said = [p.message for p in lint(loaded) if "reviewer" in p.message and "team" in p.message]
    assert said == (
        [f"the reviewer `{reviewer}` is not in the team: the usual runner reviews"] if "nobody" in reviewer else []
    )
