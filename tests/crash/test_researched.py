"""A topic that is found out first: if a process dies at any step, the same document, row and work are there at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import End, committed, loaded
from tests.kit.fakes.life import Kind
from tests.kit.nightly import NIGHTLY, by_day
from tests.kit.research import DOCUMENT, GATE, SEARCH, broken, works

from mission_cli.app.commands import gates
from mission_cli.domain.status import GateStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

PLAN = """\
title: Search
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
research: [{topic: "Full-text search", question: "Which engine?", review: true, max_usd: 3}]
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["grep: `good` in `1.1.txt`"]}]
"""
AS_IF_NOTHING_HAD_HAPPENED = End(
    status="completed",
    milestones=("passed",),
    features=(("1.1", "done"), ("1.2", "done")),
    base=(("1.1.txt", "good\n"), ("notes.txt", "hello\n")),
    open_runs=0,
    edits=0,
)


def look(host: Host) -> bool:
    """Send the first document back, and approve the next one."""
    mission = loaded(committed(host)["m/mission.md"]).mission
    waits = any(gate.name == GATE and gate.state is GateStatus.WAITING for gate in mission.gates)
    if not waits or mission.status is not MissionStatus.ACTIVE:
        return False
    gates.decide_gate(host.context(), "m", GATE, approved=bool(mission.approvals), comment="once more")
    return True


class ResearchDeaths(Deaths):
    """The same deaths, with a person who looks at what was found out."""

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            files = committed(self.lives.end(state))
            assert files[f"m/research/{SEARCH}.md"] == DOCUMENT.format(topic=SEARCH)
            rows = [row for row in loaded(files["m/mission.md"]).mission.kept if row.section == "Research"]
            assert [row.cells["topic"] for row in rows] == [SEARCH]

    def lawful(self) -> None:
        """No commit of any life breaks a law about research."""
        for commit in self.objects.all():
            if len(commit.parents) == 1:
                assert not broken(self.objects.get(commit.parents[0]), commit)
                self.counts["attempts begun"] += "feature.dispatched" in commit.message


@pytest.mark.parametrize("kind", by_day(list(Kind), 1))
@pytest.mark.timeout(3600)
def test_a_death_at_every_step_of_research(kind: Kind, record_property: Callable[[str, object], None]) -> None:
    deaths = ResearchDeaths(plan=PLAN, script=works, person=look)
    assert deaths.expected == AS_IF_NOTHING_HAD_HAPPENED
    deaths.every(kind, each=1 if NIGHTLY else 100)
    if NIGHTLY:
        deaths.pairs(300, 1)
    deaths.within_the_caps()
    deaths.lawful()
    assert deaths.counts["attempts begun"] >= 4
    record_property("counts", dict(deaths.counts))
