"""Work that is merged by pull requests: if a process dies at any step, nothing is pushed, opened, said or merged twice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.crash.deaths import Deaths
from tests.kit.fakes.code import REFS
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.life import Kind
from tests.kit.forge.commits import MemoryCommits
from tests.kit.forge.events import ADA
from tests.kit.forge.laws import broken
from tests.kit.forge.records import Did
from tests.kit.forge.site import Site
from tests.kit.forge.state import OURS
from tests.kit.forge.world import World
from tests.kit.nightly import EACH, by_day

from mission_cli.domain.forge.facts import Rules
from mission_cli.domain.ids import Sha

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.crash.lives import StateId
    from tests.kit.fakes.host import Host
    from tests.kit.fakes.objects import Objects
    from tests.kit.forge.records import CheckRecord, PullRecord

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Pulled
budget: {money_usd: 20, time_hours: 20}
preferences: {land: auto, runner: script, max_parallel_workers: 2, pull_requests: HOW}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `good` in `1.2.txt`"]}
"""


def works(spec: JobSpec) -> Outcome:
    """A worker that does what it should, and says in the file which attempt it was."""
    feature = spec.program.env["MISSION_FEATURE"]
    files = {f"{feature}.txt": f"good, by {spec.key}\n"}
    return Outcome(60.0, files, costs=(Decimal("0.3"), Decimal("0.2")), completes=feature)


class Busy(Site):
    """A forge where Ada asks something about the first pull request as soon as it is open."""

    def open(self, *args: Any, **values: Any) -> PullRecord:
        """Open it, and ask."""
        made = super().open(*args, **values)
        if made.number == 1:
            self.start_thread(ADA, made.number, "1.1.txt", 1, "Why?")
        return made


def build(objects: Objects) -> Callable[[CheckRecord], None]:
    """A check that fails for the first attempt at 1.2, unless something was done about it."""

    def run(check: CheckRecord) -> None:
        files = objects.get(Sha(check.commit)).files
        good = files.get("1.2.txt", "") != "good, by m/1.2-a1\n" or "1.3.txt" in files
        check.state, check.log = ("success", "") if good else ("failure", "E   a1\n")

    return run


@dataclass
class PullDeaths(Deaths):
    """The same deaths, with a forge beside."""

    def furnish(self, host: Host) -> None:
        """Give the host a forge."""
        first = host.jobs.disk.read(f"{REFS}/heads/main", str)
        assert first is not None
        world = World(Busy(MemoryCommits(host.jobs.objects, {"heads/main": first})))
        world.site.ci["build"] = build(host.jobs.objects)
        world.site.set_rules("main", Rules(required=("build",)))
        host.forge = world

    def _look(self, states: Iterable[StateId]) -> None:
        states = list(states)
        super()._look(states)
        for state in states:
            host = self.lives.end(state)
            assert host.forge is not None
            site = host.forge.site
            assert broken(site.log, judged=partial(is_good, host)) == []
            files = host.jobs.objects.get(Sha(site.commits.branches()["main"])).files
            assert {*files} >= {"1.1.txt", "1.2.txt", "notes.txt"}
            assert set(site.commits.branches()) == {"main"}
            replies = [e for e in site.log if e.what is Did.COMMENTED and e.by == OURS]
            assert len(replies) == 1
            self.counts["pull requests at the end"] = max(self.counts["pull requests at the end"], len(site.pulls))


def is_good(host: Host, commit: str) -> bool:
    """Whether a commit has good work."""
    files = host.jobs.objects.get(Sha(commit)).files
    return any(path.endswith(".txt") and "good" in text for path, text in files.items())


@pytest.mark.parametrize(("kind", "how"), by_day([(k, h) for k in Kind for h in ("feature", "milestone")], 1))
def test_a_death_at_every_step_of_a_mission_with_pull_requests(
    kind: Kind, how: str, record_property: Callable[[str, object], None]
) -> None:
    deaths = PullDeaths(plan=PLAN.replace("HOW", how), script=works)
    assert deaths.expected.status == "completed"
    deaths.every(kind, each=EACH)
    deaths.within_the_caps()
    assert deaths.counts["pull requests at the end"] == (2 if how == "feature" else 1)
    record_property("counts", dict(deaths.counts))
