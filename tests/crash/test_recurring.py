"""A mission that is run through each night, twice: whoever dies at whatever step, no night is left out or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.fakes.objects import Objects
from tests.kit.nightly import EACH, by_day

from mission_cli.document.reading.load import load
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.ports.executor import JobSpec

NIGHTS = 2
PLAN = """\
title: Each night a line
schedule: "0 3 * * *"
end_date: "2026-11-21"
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `night` in `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["grep: `night` in `1.2.txt`"]}
"""
DONE = "every milestone passed, the final validation passed, and the work has landed"
LINES = "a night\n" * NIGHTS
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"), ("1.2", "done")),
    base=(("1.1.txt", LINES), ("1.2.txt", LINES), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def adds_a_line(objects: Objects) -> Callable[[JobSpec], Outcome]:
    """A worker that adds one line to what it was given."""

    def works(spec: JobSpec) -> Outcome:
        feature = spec.program.env["MISSION_FEATURE"]
        before = objects.get(Sha(spec.tree.commit)).files.get(f"{feature}.txt", "")
        return Outcome(60.0, {f"{feature}.txt": f"{before}a night\n"}, completes=feature)

    return works


@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
def test_a_death_at_every_step_of_two_nights(kind: Kind, record_property: Callable[[str, object], None]) -> None:
    objects = Objects()
    deaths = Deaths(plan=PLAN, script=adds_a_line(objects), begun=objects)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=EACH)
    deaths.within_the_caps()
    record_property("counts", dict(deaths.counts))


def test_what_a_second_execution_leaves_in_the_file() -> None:
    objects = Objects()
    deaths = Deaths(plan=PLAN, script=adds_a_line(objects), begun=objects)
    text = committed(deaths.lives.end(deaths.begin))["m/mission.md"]
    mission = load(text).mission
    assert [(row.at, row.event, row.details) for row in mission.progress if row.event.startswith("mission.")] == [
        ("2026-11-20T10:00:00Z", "mission.started", "m is started (by Ada)"),
        ("2026-11-20T10:02:03Z", "mission.recurring", f"{DONE}; the next execution is due at Sat 2026-11-21 03:00"),
        ("2026-11-21T03:00:10Z", "mission.started", "Sat 2026-11-21 03:00 has come"),
        (
            "2026-11-21T03:02:13Z",
            "mission.completed",
            f"{DONE}; its schedule `0 3 * * *` has no time before its end, 2026-11-21",
        ),
    ]
    assert (mission.executions, mission.started, mission.completed) == (
        2, "2026-11-21T03:00:10Z", "2026-11-21T03:02:13Z",
    )  # fmt: skip
    [criterion] = mission.milestones[0].criteria
    assert criterion.baseline is not None, "that it does not pass by itself was proven before the first execution"
    assert criterion.result is not None
    assert (criterion.baseline.at, criterion.result.at) == ("2026-11-20T10:00:01Z", "2026-11-21T03:02:13Z")
    assert [(f.number, f.tries_after) for f in mission.features()] == [("1.1", 1), ("1.2", 1)]
    assert "- Nothing had to be done twice." in text
