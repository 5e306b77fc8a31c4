"""A mission with phases: if a process dies at any step, what is approved is built once, and everything ends the same way."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import NIGHTLY
from tests.kit.pipeline import REQUIRED, RESEARCH, SUGGESTED
from tests.kit.reviews import answer

from mission_cli.document.plans.model import PlanBudget, PlanPhase, PlanPreferences, PlanReviews
from mission_cli.document.plans.phased import phased_plan
from mission_cli.document.plans.plan import write_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.ports.executor import JobSpec

FILES = {
    "1.1": {f"{RESEARCH}/suggestions.json": SUGGESTED},
    "2.1": {f"{RESEARCH}/prd.json": REQUIRED},
    "3.1": {"3.1.txt": "good\n", "Makefile": "test:\n\ttrue\n"},
}
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed", "passed", "passed"),
    features=(("1.1", "done"), ("2.1", "done"), ("3.1", "done")),
    base=(("3.1.txt", "good\n"), ("Makefile", "test:\n\ttrue\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def works(spec: JobSpec) -> Outcome:
    """Workers and reviewers that do what they should."""
    costs = (Decimal("0.3"), Decimal("0.2"))
    if spec.kind is JobKind.REVIEW:
        return Outcome(30.0, costs=costs, answer=answer(4))
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, FILES[feature], costs=costs, completes=feature)


def plan() -> str:
    """The development with a command as its preview."""
    made = phased_plan("Edit texts", "development")
    phases = [
        PlanPhase(**{**p.model_dump(), "worker": "run: `true`"}) if p.worker == "preview" else p for p in made.phases
    ]
    return write_plan(
        made.model_copy(
            update={
                "phases": phases,
                "budget": PlanBudget(money_usd=50.0, time_hours=50.0),
                "preferences": PlanPreferences(runner="script"),
                "reviews": PlanReviews(reviewers=["script"], per_milestone=1, budget_pct=50.0),
            }
        )
    )


@pytest.fixture(scope="module")
def deaths() -> Deaths:
    return Deaths(plan=plan(), script=works)


def test_deaths_of_a_mission_with_phases(deaths: Deaths, record_property: Callable[[str, object], None]) -> None:
    """By day some pairs; at night every step."""
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    if NIGHTLY:
        for kind in Kind:
            deaths.every(kind)
    deaths.pairs(500 if NIGHTLY else 3, 1)
    deaths.within_the_caps()
    record_property("counts", dict(deaths.counts))


def test_each_gate_is_decided_once_and_the_plan_adopted_once(deaths: Deaths) -> None:
    mission = load(committed(deaths.lives.end(deaths.begin))["m/mission.md"], "m").mission
    assert [(a.gate, a.decision, a.comment) for a in mission.approvals] == [
        ("feature_selection", "approved", "choose 2 (Undo)"),
        ("prd_review", "approved", ""),
        ("code_review", "approved", ""),
        ("merge_approval", "approved", ""),
    ]
    assert [row.event for row in mission.progress].count("plan.adopted") == 1
    assert {str(phase.status) for phase in mission.phases} == {"done"}
