"""Issues and `TODO.md`: if a process dies at any step, no issue and no pull request is opened, closed or said twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.test_pulled import works
from tests.kit.fakes.code import REFS
from tests.kit.fakes.life import Kind
from tests.kit.forge.laws import broken
from tests.kit.forge.records import Did
from tests.kit.forge.world import memory_world
from tests.kit.nightly import only_at_night

from mission_cli._support.dataclass import replace
from mission_cli.domain.ids import Sha
from mission_cli.settings import ForgeSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host

PLAN = """\
title: Written down
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, pull_requests: feature}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
"""
LIST = "- [x] 1.1 one #mission:m ref:GH#1 pr:#{} completed:2026-11-20\n"


@dataclass
class PaperDeaths(Deaths):
    """The same deaths, with a forge that takes issues, whose merges close none."""

    def furnish(self, host: Host) -> None:
        """Give the host a forge."""
        first = host.jobs.disk.read(f"{REFS}/heads/main", str)
        assert first is not None
        host.forge = memory_world(host.jobs.objects, {"heads/main": first})
        host.forge.site.default = "trunk"
        host.settings = replace(host.settings, forge=replace(ForgeSettings(), issues=True, todo=True))

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            host = self.lives.end(state)
            assert host.forge is not None
            site = host.forge.site
            assert broken(site.log) == []
            events = [entry.what for entry in site.log]
            said = (events.count(Did.ISSUE_OPENED), events.count(Did.ISSUE_CLOSED), events.count(Did.COMMENTED))
            assert said == (1, 1, 1)
            assert events.count(Did.OPENED) == events.count(Did.MERGED)
            assert {pull.branch for pull in site.pulls.values()} == {"mission/m/1.1", "mission/m/todo"}
            files = host.jobs.objects.get(Sha(site.commits.branches()["main"])).files
            number = next(pull.number for pull in site.pulls.values() if pull.branch == "mission/m/1.1")
            assert files["TODO.md"] == LIST.format(number)
            assert set(site.commits.branches()) == {"main"}
            self.counts["pull requests at the end"] = max(self.counts["pull requests at the end"], len(site.pulls))


@only_at_night
@pytest.mark.parametrize("kind", [*Kind])
def test_a_death_at_every_step_of_a_mission_with_issues_and_a_list(
    kind: Kind, record_property: Callable[[str, object], None]
) -> None:
    deaths = PaperDeaths(plan=PLAN, script=works)
    assert deaths.expected.status == "completed"
    deaths.every(kind)
    deaths.within_the_caps()
    assert deaths.counts["pull requests at the end"] == 3
    record_property("counts", dict(deaths.counts))
