"""A mission whose milestone fails three times: a model says why, and what the rest could be; a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.judgments import judgment
from tests.unit.test_keys_act import committed, go_on, host_of

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.app.queries.logs import judgment_of
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.app.replanning.advised import proposed_wish
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.status import JobKind, MissionStatus
from mission_cli.surfaces.views.status import head_lines

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Judged
budget: {money_usd: 20, time_hours: 20}
orchestrator: {judgments: propose, budget_pct: 50}
preferences: {land: auto, runner: script, max_parallel_workers: 1}
milestones:
  - name: Only
    validation: ["file: `never.txt`"]
    features:
      - {title: one}
"""


def works(spec: JobSpec) -> Outcome:
    """A worker that never makes what the milestone needs, and a model that answers."""
    if spec.kind is JobKind.REVIEW:
        return Outcome(60.0, answer=judgment(JudgmentKind(spec.program.env["MISSION_JUDGMENT"])))
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{name}.txt": name}, completes=name)


def test_a_milestone_that_fails_three_times_gets_a_diagnosis_and_a_proposal() -> None:
    host = host_of(works, m=PLAN)
    ctx, seen = host.context(), set[str]()
    with pytest.raises(NotFoundError, match="has not been judged by the orchestrator"):
        judgment_of(ctx, resolve(ctx.state.snapshot(), "m"))
    with pytest.raises(NotFoundError, match="no model has proposed a rest of m"):
        proposed_wish(ctx, "m")
    for _ in range(60):
        go_on(host, 1)
        seen |= _said(host)
        mission = committed(host)
        fixes = [f for f in mission.features() if f.fixes and not f.finished]
        if mission.status is MissionStatus.PAUSED and mission.requests:
            break
        if mission.milestones[0].rounds != 2 or any(r.judging and not r.open for r in _records(host)):
            for fix in fixes:
                features.skip(host.context(), f"m/{fix.number}", reason="not this time")
    assert {(r.asks, r.about, str(r.cause)) for r in _records(host) if r.judging} == {
        ("diagnose", "1", "done"),
        ("replan", "1", "done"),
    }
    assert seen == snapshot(
        {"script:opus judges it for the orchestrator (diagnose)", "script:opus judges it for the orchestrator (replan)"}
    )
    (asked,) = mission.requests
    assert asked.prompt.startswith("judge-a2: the plan does not work: ")
    assert proposed_wish(host.context(), "m") == snapshot("""\
A model (m/judge-a2) proposed this after a failed validation. Use what is right of it.
Cause: The parser cannot be extended, so every feature after it fails.
1. Replace the parser: Parse with the standard library, then add the new fields.\
""")
    advised = [r.run for r in _records(host) if "Advice: Return 0 for an empty list" in r.prompt]
    assert advised == snapshot(["m/1.3-a1"])
    features.answer(host.context(), "m", asked.number, "leave")
    go_on(host, 2)
    last = [row.details for row in committed(host).progress if row.event == "judgment.decided"]
    assert last == ["nothing comes of judge-a2: request 1 was answered with leave"]


def _records(host: Host) -> list[RunRecord]:
    ctx = host.context()
    return sorted(features.records_of(ctx, resolve(ctx.state.snapshot(), "m")), key=lambda r: r.intended)


def _said(host: Host) -> set[str]:
    """What `why` and `status` say about judgments."""
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, "m")
    found = {
        hold.detail for one in explain(ctx, snapshot, address).why for hold in one.holds if hold.kind == "judgment"
    }
    shown = "\n".join("".join(span[0] for span in line) for line in head_lines(status_of(ctx, snapshot, address), 200))
    assert all(detail in shown for detail in found)
    return found


def test_a_poc_says_that_it_is_not_judged() -> None:
    text = "---\nid: m\nmode: poc\norchestrator:\n  judgments: act\n---\n# M\n"
    assert [p.message for p in lint(load(text, "m")) if "orchestrator" in p.message] == snapshot(
        ["`orchestrator.judgments` is kept but has no effect yet"]
    )
    assert [p for p in lint(load(text.replace("act", "off"), "m")) if "orchestrator" in p.message] == []
