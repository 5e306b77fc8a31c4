"""Flaky tests: if a process dies at any step, nothing that fails twice passes, and each name is listed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import committed, works
from tests.kit.fakes.executor import FLAKY
from tests.kit.fakes.life import Kind
from tests.kit.nightly import only_at_night

from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.ids import Sha
from mission_cli.domain.judging.quarantine import quarantined
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId

PLAN = """\
title: Two files
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["run: `suite 1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["run: `suite 1.2.txt`"]}
"""


class FlakyDeaths(Deaths):
    """Deaths after which a mission may need another attempt, because the dice of a flaky test fell in another way."""

    def _look(self, states: Iterable[StateId]) -> None:
        for state in states:
            host = self.lives.end(state)
            files = committed(host)
            mission = load(files["m/mission.md"]).mission
            names = [one.name for one in quarantined(mission) if not one.whole]
            assert {*names} <= {*FLAKY}
            told = files["m/mission.md"].count("Quarantine as flaky: ")
            assert told == sum(row.event == "test.quarantined" for row in mission.progress)
            records = [record for path, text in files.items() if "/runs/" in path and (record := read_run(text))]
            for record in records:
                head = host.jobs.objects.get(Sha(record.head)).files if record.head else {}
                good = "good" in head.get(f"{record.feature}.txt", "")
                assert good or record.cause is not Cause.DONE, f"{record.run} is done, and fails whenever it runs"
            self.counts["attempts that are not good"] += sum(record.cause is not Cause.DONE for record in records)
            self.counts["missions with a quarantine"] += any(True for _ in quarantined(mission))


@only_at_night
@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_that_fails_twice_passes_whoever_dies(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = FlakyDeaths(plan=PLAN, script=works)
    deaths.every(kind)
    assert deaths.counts["attempts that are not good"]
    assert deaths.counts["missions with a quarantine"]
    record_property("counts", dict(deaths.counts))
