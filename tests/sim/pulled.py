"""Worlds whose work is merged by pull requests: the forge, its people, its checks and the way to it do what they like."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.kit.forge.events import ForgeEvent, Happens, forge_events_of, happen
from tests.kit.forge.laws import broken
from tests.kit.forge.records import Did
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Troubles
from tests.kit.forge.world import World, memory_world
from tests.kit.pulls import is_list
from tests.sim.sim import PLAN, BrokenError, Sim

from mission_cli._support.dataclass import replace
from mission_cli.domain.ids import Sha
from mission_cli.settings import ForgeSettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

_TROUBLE = 0.04


class PullSim(Sim):
    """One host, and a forge with a pull request for each feature."""

    how = "feature"

    def __init__(self, seed: int) -> None:
        self.plan = PLAN.replace("land: auto", f"land: auto, pull_requests: {self.how}")
        self._seed = seed
        self.world: World | None = None
        super().__init__(seed * 3)  # what clones share is in other worlds

    def tick(self, event: Event) -> None:
        """Let something happen at the forge, too."""
        assert self.world is not None
        chosen = forge_events_of(event.pick + event.more, 1)[0]
        if event.more % 3 and happen(self.world.people, ForgeEvent(chosen.what, event.pick, event.more)):
            self.counts[f"forge: {chosen.what}"] += 1
        super().tick(event)

    def end(self) -> None:
        """Nothing goes wrong at the forge any more: checks pass, nobody objects; what a person closed stays closed."""
        assert self.world is not None
        self.world.troubles.chance = 0.0
        for what in (Happens.RENEW, Happens.RIGHT, Happens.UNARCHIVE):
            happen(self.world.people, ForgeEvent(what, 0, 0))
        super().end()

    def go_on(self) -> None:
        """Checks pass now and then by themselves."""
        assert self.world is not None
        if not self.world.troubles.chance:
            for pull in list(self.world.site.open_pulls()):
                happen(self.world.people, ForgeEvent(Happens.GREEN, pull.number - 1, 0))
            happen(self.world.people, ForgeEvent(Happens.QUEUE, 0, 0))
        super().go_on()

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        first = host.jobs.disk.read(f"{REFS}/heads/main", str)
        assert first is not None
        world = memory_world(self.objects, {"heads/main": first})
        world.site.ci = {"build": None, "lint": None}
        world.troubles = Troubles(dice=random.Random(self._seed), chance=_TROUBLE)  # noqa: S311 - dice
        self.world = host.forge = world
        told = replace(
            ForgeSettings(), poll=timedelta(seconds=30), issues=self._seed % 2 == 0, todo=self._seed % 3 == 0
        )
        host.settings = replace(host.settings, forge=told)
        return host

    def _laws(self) -> None:
        super()._laws()
        assert self.world is not None
        log = self.world.site.log
        pushed = {entry.commit for entry in log if entry.what is Did.MOVED and entry.by == OURS}
        if words := broken(log, judged=lambda head: head in pushed and self._is_good(head), fresh=True):
            raise BrokenError("; ".join(words))
        self.counts["merged by us"] = sum(e.what is Did.MERGED and e.by == OURS for e in log)
        self.counts["pull requests"] = sum(e.what is Did.OPENED and e.by == OURS for e in log)
        self.counts["issues"] = sum(e.what is Did.ISSUE_OPENED and e.by == OURS for e in log)
        self.counts["issues closed"] = sum(e.what is Did.ISSUE_CLOSED and e.by == OURS for e in log)
        self.counts["lists merged"] = sum(e.what is Did.MERGED and e.branch.endswith("/todo") for e in log)
        self.counts["replies"] = sum(e.what is Did.COMMENTED and e.by == OURS for e in log)

    def _is_good(self, commit: str) -> bool:
        """Whether somebody could have judged a commit that we pushed: what it adds is good."""
        files = self.objects.get(Sha(commit)).files
        good = any(path.endswith(".txt") and "good" in text for path, text in files.items())
        return good or is_list(self.objects, Sha(commit))


class MissionPullSim(PullSim):
    """One pull request for the whole mission."""

    how = "mission"
