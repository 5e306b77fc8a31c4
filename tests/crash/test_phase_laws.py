"""A mission in phases: if a process dies at any step, nothing is entered or counted twice, or landed before its phase."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import base_of
from tests.kit.fakes.life import Kind
from tests.kit.nightly import NIGHTLY, by_day
from tests.kit.phases import FILE, broken, may_have_landed

from mission_cli.document.reading.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Phased
budget: {money_usd: 20, time_hours: 20}
preferences: {land: ask, runner: script, max_parallel_workers: 2}
phases:
  - {name: building, worker: milestone 1}
  - {name: checking, worker: "run: `test -f 1.1.txt`", gate: again, on_reject: building}
  - {name: merging, worker: landing}
milestones:
  - {name: Only, validation: ["file: `1.1.txt`"], features: [{title: one, criteria: ["grep: `good` in `1.1.txt`"]}]}
"""
WHY = "the gate again is rejected by Ada: once more"


def works(spec: JobSpec) -> Outcome:
    """A worker that does what it should, once more if it is asked."""
    word = "good again" if WHY in spec.program.stdin else "good"
    return Outcome(60.0, {"1.1.txt": f"{word}\n"}, costs=(Decimal("0.3"), Decimal("0.2")), completes="1.1")


class Phased(Deaths):
    """Deaths of a mission in phases, with its laws."""

    def _look(self, states: Iterable[StateId]) -> None:
        found = list(states)
        super()._look(found)
        for state in found:
            mission = load(committed(self.lives.end(state))[FILE], "m").mission
            rows = Counter(row.event for row in mission.progress)
            assert [rows[event] for event in ("phase.entered", "phase.returned", "approval.resolved")] == [5, 1, 2]
            assert [(one.decision, bool(one.commit)) for one in mission.approvals] == [
                ("rejected", True),
                ("approved", True),
            ]
            assert [(m.sender, m.text) for m in mission.messages] == [("Ada", WHY)]

    def within_the_laws(self) -> None:
        """No commit of any life breaks a law about phases."""
        commits = [commit for commit in self.objects.all() if FILE in commit.files]
        assert [words for commit in commits if (words := broken(self.objects, commit))] == []
        self.counts["commits of phases"] += len(commits)


EXPECTED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"),),
    base=(("1.1.txt", "good again\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
def test_a_death_at_every_step_of_a_mission_in_phases(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    """At night at every step, by day at each thirteenth."""
    deaths = Phased(plan=PLAN, script=works)
    assert deaths.expected == EXPECTED
    deaths.every(kind, each=1 if NIGHTLY else 13)
    deaths.within_the_caps()
    deaths.within_the_laws()
    record_property("counts", dict(deaths.counts))


def test_work_is_on_the_base_only_when_its_phase_has_begun() -> None:
    deaths = Phased(plan=PLAN, script=works)
    landed = []
    for state, _ in deaths.lives.life(deaths.begin):
        host = deaths.lives.host(state)
        files = committed(host)
        if FILE in files and "1.1.txt" in base_of(host):
            landed.append(may_have_landed(load(files[FILE], "m").mission))
    assert landed
    assert all(landed)
