"""Work that agents review: if a process dies at any step, it ends the same way, and nothing passes unreviewed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.nightly import EACH, by_day
from tests.kit.reviews import answer
from tests.sim.reviewed import unproven

from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Reviewed
budget: {money_usd: 20, time_hours: 20}
reviews: {reviewers: [script], per_milestone: 2}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`", "review: it is what was asked for (>= 4)"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`", "review: it is right"]}
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
    """A worker that does what it should, and reviewers that say so."""
    if spec.kind is JobKind.REVIEW:
        return Outcome(30.0, costs=(Decimal("0.1"),), answer=answer(4))
    return Outcome(60.0, {"1.1.txt": "good\n"}, costs=(Decimal("0.3"), Decimal("0.2")), completes="1.1")


@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
def test_a_death_at_every_step_of_a_reviewed_mission(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = Deaths(plan=PLAN, script=works)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    deaths.within_the_caps()
    record_property("counts", dict(deaths.counts))


def test_what_reviews_leave_in_file_and_records() -> None:
    deaths = Deaths(plan=PLAN, script=works)
    files = committed(deaths.lives.end(deaths.begin))
    mission = load(files["m/mission.md"], "m").mission
    records = [r for path, text in files.items() if "/runs/" in path and (r := read_run(text)) is not None]
    reviews = sorted((r for r in records if r.reviewing), key=lambda r: r.attempt)
    assert [(r.run, r.about, str(r.cause), r.usage.usd) for r in reviews] == [
        ("m/review-a1", "1.1", "done", Decimal("0.1")),
        ("m/review-a2", "1", "done", Decimal("0.1")),
        ("m/review-a3", "1", "done", Decimal("0.1")),
    ]
    usd = [(s.description, s.amount, s.milestone) for s in mission.spends if s.category == "usd"]
    assert sorted(usd) == [
        ("1.1-a1 done", Decimal("0.5"), "1"),
        ("review-a1 of 1.1 done", Decimal("0.1"), "1"),
        ("review-a2 of 1 done", Decimal("0.1"), "1"),
        ("review-a3 of 1 done", Decimal("0.1"), "1"),
    ]
    assert [(c.text, str(c.result.verdict)) for c in mission.milestones[0].criteria if c.result] == [
        ("file: `1.1.txt`", "passed"),
        ("review: it is what was asked for (>= 4)", "passed"),
    ]
    assert unproven(mission, records) == ""
