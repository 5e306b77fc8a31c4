"""A feature that fails and is judged: if a process dies at any step, the model is asked once, and it ends the same."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.judgments import judgment
from tests.kit.nightly import EACH, only_at_night

from mission_cli.document.runs.record import read_run
from mission_cli.domain.judgments.rules import JudgmentKind
from mission_cli.domain.status import Cause, JobKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Judged
budget: {money_usd: 20, time_hours: 20}
orchestrator: {judgments: act, narrative: true, budget_pct: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, limits: "attempts 1", criteria: ["grep: `good` in `1.1.txt`"]}
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"),),
    base=(("1.1.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def works(spec: JobSpec) -> Outcome:
    """A worker that needs the advice, and a model whose first answer cannot be read."""
    if spec.kind is JobKind.REVIEW:
        first = spec.key.endswith("judge-a1")
        kind = JudgmentKind(spec.program.env["MISSION_JUDGMENT"])
        return Outcome(30.0, costs=(Decimal("0.1"),), answer="It is hard." if first else judgment(kind))
    text = "good\n" if "Advice of a model" in spec.program.stdin else "bad\n"
    return Outcome(60.0, {"1.1.txt": text}, costs=(Decimal("0.3"), Decimal("0.2")), completes="1.1")


class Judged(Deaths):
    """A mission whose only feature fails once."""

    def _look(self, states: Iterable[StateId]) -> None:
        """In every end, each question was answered once, and its answer was carried out or told once."""
        states = list(states)
        super()._look(states)
        for state in states:
            files = committed(self.lives.end(state))
            mission = loaded(files["m/mission.md"]).mission
            asked = [r for name, text in files.items() if "/judge-" in name and (r := read_run(text)) is not None]
            assert sorted(r.asks for r in asked if r.cause is Cause.DONE) == ["narrative", "reduce"]
            assert len(asked) <= 7
            assert files["m/mission.md"].count("### Narrative\n") == 1
            assert [row.event for row in mission.progress].count("judgment.decided") == 1
            assert [m.sender for m in mission.messages] == ["orchestrator"]


@only_at_night
@pytest.mark.parametrize("kind", list(Kind))
def test_a_death_at_every_step_of_a_judged_mission(kind: Kind, record_property: Callable[[str, object], None]) -> None:
    deaths = Judged(plan=PLAN, script=works)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    deaths.within_the_caps()
    record_property("counts", dict(deaths.counts))
