"""Attempts on a host that is away at first: with a death at any step each starts once, and no cap is exceeded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import committed
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.hosts import Elsewhere, Park
from tests.kit.fakes.life import Kind
from tests.kit.nightly import NIGHTLY, by_day

from mission_cli.document.runs.record import read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Placed
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 3}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, on: [gpu], criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, on: [box], criteria: ["grep: `good` in `1.2.txt`"]}
"""
SELDOM = 100
"""By day a death at each so many steps: attempts here take the same ways."""


def works(spec: JobSpec) -> Outcome:
    """A worker that does what it should."""
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{feature}.txt": "good\n"}, costs=(Decimal("0.5"),), completes=feature)


def repairs(host: Host) -> bool:
    """A person who brings the host back when it is known to be away."""
    assert host.jobs.park is not None
    box = host.jobs.park.hosts["box"]
    if box.there or not box.problem:
        return False
    box.there = True
    return True


@dataclass
class PlaceDeaths(Deaths):
    """The same deaths, with a host for one attempt at a time."""

    def furnish(self, host: Host) -> None:
        """Give the clone a host that is away, and a person who repairs it."""
        host.jobs.park = Park({"box": Elsewhere("box", 1, ("gpu",), there=False)})
        host.errand = repairs

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            files = committed(self.lives.end(state))
            found = [read_run(text) for path, text in files.items() if "/runs/" in path]
            assert {one.ran_on for one in found if one is not None} == {"box"}
            self.counts["attempts"] += len(found)


@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
def test_a_death_at_every_step_of_an_attempt_on_a_host(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = PlaceDeaths(plan=PLAN, script=works)
    assert deaths.expected.status == "completed"
    deaths.every(kind, each=1 if NIGHTLY else SELDOM)
    if NIGHTLY:
        deaths.pairs(200, 1)
    record_property("counts", dict(deaths.counts))
