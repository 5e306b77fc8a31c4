"""What `start` says of a mission that was run through before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.sim.sim import RecurringSim, Sim

from mission_cli.app.queries.outlook import outlook
from mission_cli.document.reading.load import load
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.consent import consent_lines

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

DONE = {"| pending": "| done", "status: planning": "status: completed", "executions: 0": "executions: 1"}


def nothing(_spec: JobSpec) -> Outcome:
    return Outcome(1.0)


@pytest.mark.parametrize(
    ("plan", "spent", "said"),
    [
        (Sim.plan, "", "no worker: every feature is done or skipped; all criteria are checked again"),
        (RecurringSim.plan, "", "script, 2 at a time, each for at most $4 and 1 h (twice its share by estimate)"),
        (RecurringSim.plan, "12", "script, once the budget is raised: nothing is left for an attempt"),
    ],
)
def test_what_a_new_execution_runs_is_said_as_it_is(plan: str, spent: str, said: str) -> None:
    host = make_host(nothing)
    mission = make_mission(host, plan)
    ctx = host.context()
    text = ctx.state.snapshot().missions[mission].text
    for old, new in DONE.items():
        assert old in text
        text = text.replace(old, new)
    if spent:
        head = next(line for line in text.splitlines() if line.startswith("| Date"))
        rule = text.splitlines()[text.splitlines().index(head) + 1]
        text = text.replace(f"{head}\n{rule}\n", f"{head}\n{rule}\n| 2026-11-20 | usd | ${spent} | all of it | |\n")
    loaded = load(text, "m")
    found = plain(consent_lines(ctx, loaded, outlook(ctx, loaded.mission), 0)).splitlines()
    [runs] = [line for line in found if line.startswith("     runs")]
    assert runs.removeprefix("     runs  ") == said
