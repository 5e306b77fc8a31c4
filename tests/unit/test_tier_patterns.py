"""Tiers are chosen by how often they succeeded at such tasks, if a mission asks for it, and the reason is recorded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_mission
from tests.kit.missions import POLICY, feature, mission, plan_of, record
from tests.unit.test_decision_log import told
from tests.unit.test_keys_act import committed, go_on, host_of

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.why import explain
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.forecast.patterns import Seen, Sort, patterns_in
from mission_cli.domain.status import Cause
from mission_cli.engine.loop import pulse
from mission_cli.planner.core.moves.features import Dispatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.ports.executor import JobSpec

MODELS = {"workers": "sonnet", "economy": "haiku", "escalate": "opus", "patterns": "on"}
HAIKU, SONNET, OPUS = (Sort("development", "script", model) for model in ("haiku", "sonnet", "opus"))
CASES: dict[str, tuple[dict[str, str], Mapping[Sort, Seen], tuple[str, str]]] = {
    "nothing was seen": (MODELS, {}, ("sonnet", "")),
    "too little was seen": (MODELS, {HAIKU: Seen(2, 2), SONNET: Seen(0, 2)}, ("sonnet", "")),
    "the cheaper one is enough": (
        MODELS,
        {HAIKU: Seen(4, 5)},
        ("haiku", "haiku is enough for development: 4 of 5 such attempts were done"),
    ),
    "three of four are not more than 75 %": (MODELS, {HAIKU: Seen(3, 4)}, ("sonnet", "")),
    "the usual one is not enough": (
        MODELS,
        {SONNET: Seen(1, 4)},
        ("opus", "sonnet is not enough for development: 1 of 4 such attempts were done"),
    ),
    "the next one is no better": (MODELS, {SONNET: Seen(1, 4), OPUS: Seen(0, 3)}, ("sonnet", "")),
    "it is off": ({**MODELS, "patterns": ""}, {HAIKU: Seen(9, 9), SONNET: Seen(0, 9)}, ("sonnet", "")),
    "another kind of task": (MODELS, {replace(HAIKU, task="fix"): Seen(9, 9)}, ("sonnet", "")),
}


@pytest.mark.parametrize("case", CASES)
def test_tiers_are_chosen_by_what_was_seen_of_them(case: str) -> None:
    models, patterns, chosen = CASES[case]
    plan = plan_of(replace(mission(feature("1.1")), models=models), patterns=patterns)
    [move] = [move for move in plan.transitions if isinstance(move, Dispatch)]
    name = POLICY.runners["script"].models.get(chosen[0], chosen[0])
    assert (move.record.model, move.record.routed) == (name, chosen[1])
    assert move.why.endswith(f"; {chosen[1]}" if chosen[1] else "at most")
    stored = read_run(write_run(move.record))
    assert stored is not None
    assert stored.routed == chosen[1]


def test_a_feature_with_a_tier_of_its_own_keeps_it() -> None:
    own = replace(feature("1.1"), model="sonnet")
    plan = plan_of(replace(mission(own), models=MODELS), patterns={HAIKU: Seen(9, 9)})
    assert [m.record.model for m in plan.transitions if isinstance(m, Dispatch)] == ["sonnet"]


def test_only_what_says_something_about_the_worker_is_counted() -> None:
    causes = [*Cause]
    records = [replace(record(f"1.1-a{n}", cause), model="haiku") for n, cause in enumerate(causes, 1)]
    [(sort, seen)] = patterns_in([(mission(feature("1.1")), records)]).items()
    assert (sort, seen) == (HAIKU, Seen(1, 9))


PLAN = """\
title: Words
budget: {money_usd: 100}
preferences: {runner: script, land: auto, max_parallel_workers: 1}
model_routing: {workers: MODEL, economy: haiku, patterns: "on"}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: a, criteria: ["file: `1.1.txt`"]}, {title: b, criteria: ["file: `1.2.txt`"]}, {title: c, criteria: ["file: `1.3.txt`"]}]
"""


def works(spec: JobSpec) -> Outcome:
    """Make the file of a feature."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{name}.txt": spec.key}, costs=(Decimal("0.5"),), completes=name)


def test_records_of_other_missions_count_and_why_and_the_decision_log_say_so() -> None:
    host = host_of(works, m=PLAN.replace("MODEL", "haiku"))
    go_on(host, 40)
    assert str(committed(host).status) == "completed"
    make_mission(host, PLAN.replace("MODEL", "sonnet"), "n")
    lifecycle.start(host.context(), "n")
    for _ in range(6):
        pulse(host.context())
        host.jobs.clock.time.pass_by(timedelta(seconds=5))
        host.jobs.work()
    words = "haiku is enough for development: 3 of 3 such attempts were done"
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    assert explain(ctx, snapshot, resolve(snapshot, "n/1.1")).routes == (f"attempt 1 at 1.1: {words}",)
    assert explain(ctx, snapshot, resolve(snapshot, "n/1.2")).routes == (f"the next attempt at 1.2: {words}",)
    assert [row[0] for row in told(host, "n")][1:] == [f"Use haiku for 1.1: {words}"]
