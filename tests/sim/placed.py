"""Worlds with hosts that vanish, come back, are drained and have caps; and the laws about where attempts run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.fakes.hosts import Elsewhere, Park
from tests.sim.sim import PLAN, BrokenError, Sim

from mission_cli.app.hosts.commands import drain, examined

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

    from mission_cli.domain.runs.record import RunRecord


class PlaceSim(Sim):
    """A world in which some features ask for a label, and no host ever has more attempts than its cap."""

    plan = (
        PLAN.replace("{title: two,", "{title: two, on: [gpu],")
        .replace("{title: four,", "{title: four, on: [box],")
        .replace("max_parallel_workers: 2", "max_parallel_workers: 4")
    )

    def __init__(self, seed: int) -> None:
        self._caps = {"box": 1 + seed % 2, "farm": 1 + seed % 3}
        self._at_drain: dict[tuple[str, str], frozenset[str]] = {}
        """The attempts on a drained host when it was drained, by clone and host."""
        super().__init__(seed)

    def tick(self, event: Event) -> None:
        """Let a host vanish, come back or be drained now and then, too."""
        host = self.hosts[event.more % len(self.hosts)]
        name = ("box", "farm")[event.pick % 2]
        assert host.jobs.park is not None
        one, ctx = host.jobs.park.hosts[name], self.context(host)
        if event.pick % 5 == 0:
            one.there = not one.there
            self.counts["hosts that vanished"] += not one.there
        elif event.pick % 13 == 0:
            drain(ctx, name, on=not one.drained)
            if one.drained:
                self._at_drain[host.jobs.name, name] = frozenset(r.run for r in self._on(host, name))
            else:
                self._at_drain.pop((host.jobs.name, name), None)
        elif event.pick % 17 == 0:
            examined(ctx, [name])
        super().tick(event)

    def end(self) -> None:
        """In the end every host is back and takes attempts."""
        for host in self.hosts:
            assert host.jobs.park is not None
            for name, one in host.jobs.park.hosts.items():
                one.there = True
                if one.drained:
                    drain(self.context(host), name, on=False)
        self._at_drain.clear()
        super().end()

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        labels = {"box": ("gpu",), "farm": ("gpu", "big")}
        host.jobs.park = Park({name: Elsewhere(name, cap, labels[name]) for name, cap in self._caps.items()})
        return host

    def _on(self, host: Host, name: str) -> list[RunRecord]:
        mine = host.jobs.name
        return [record for record in self.records(host) if record.ran_on == name and record.host == mine]

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            for name, cap in self._caps.items():
                mine = self._on(host, name)
                self.counts["attempts on hosts"] = max(self.counts["attempts on hosts"], len(mine))
                busy = [record.run for record in mine if record.open]
                if len(busy) > cap and not self.reset:
                    raise BrokenError(f"{host.jobs.name}: {len(busy)} attempts on {name}, which takes {cap}: {busy}")
                known = self._at_drain.get((host.jobs.name, name))
                late = [record.run for record in mine if known is not None and record.run not in known]
                if late and not self.reset:
                    raise BrokenError(f"{host.jobs.name}: started on {name} while it is drained: {late}")
