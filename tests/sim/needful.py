"""Worlds in which features need what people provide late, and what expires; and the law that none starts without it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.kit.fakes.vault import MemoryVault
from tests.sim.sim import PLAN, BrokenError, Sim, head_of
from tests.sim.workers import work

from mission_cli._support.text import stamp
from mission_cli.app.resources.change import check_resources, provide_resource
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import FeatureNumber, Sha
from mission_cli.domain.resources.rows import ResourceStatus
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from tests.kit.fakes.executor import Outcome
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

    from mission_cli.ports.executor import JobSpec

_RESOURCES = """\
resources:
  - {name: Key, type: credential, reference: "env:KEY"}
  - {name: Shop, type: domain}
milestones:"""
_NEEDS = {"{title: two,": "{title: two, needs: [key],", "{title: five,": "{title: five, needs: [shop, key],"}
_VALUE = "a secret value"


def _plan() -> str:
    plan = PLAN.replace("milestones:", _RESOURCES)
    for old, new in _NEEDS.items():
        plan = plan.replace(old, new)
    return plan


class NeedSim(Sim):
    """A world in which no attempt starts while something that its feature needs is not available."""

    plan = _plan()

    def __init__(self, seed: int) -> None:
        self.vault = MemoryVault()
        self._early: list[str] = []
        self._judged: set[Sha] = set()
        super().__init__(seed)

    def script(self, seed: int, spec: JobSpec) -> Outcome:
        """Do what a worker does; its job names what its feature needs, and no other job does."""
        feature = spec.program.env.get("MISSION_FEATURE", "")
        wanted = {"KEY": "env:KEY"} if feature in {"1.2", "2.2"} and spec.kind is JobKind.WORKER else {}
        if dict(spec.program.secrets) != wanted and not self.reset:
            self._early.append(f"{spec.key} got {dict(spec.program.secrets)}")
        if _VALUE in repr(spec):
            self._early.append(f"{spec.key} contains a value")
        return work(seed, spec)

    def tick(self, event: Event) -> None:
        """Let people provide things and change their minds, and let keys vanish, beside everything else."""
        host = self.hosts[event.pick % len(self.hosts)]
        if event.more % 5 == 0:
            self.vault.values["env:KEY"] = _VALUE
        elif event.more % 17 == 0:
            self.vault.values.clear()
        with suppress(MissionError):
            if event.more % 7 == 0:
                soon = "" if event.pick % 3 else stamp(host.jobs.clock.now() + timedelta(hours=event.more % 30))
                name = ("key", "shop")[event.pick % 2]
                provide_resource(self.context(host), "m", name, expires=soon)
                self.counts["provided"] += 1
            elif event.more % 19 == 0:
                check_resources(self.context(host), "m")
        super().tick(event)

    def end(self) -> None:
        """Everything is there, and stays."""
        self.vault.values["env:KEY"] = _VALUE
        for host in self.hosts:
            for name in ("key", "shop"):
                with suppress(MissionError):
                    provide_resource(self.context(host), "m", name, expires="9999-01-01")
        super().end()

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        host.vault = self.vault
        return host

    def _laws(self) -> None:
        super()._laws()
        if self._early:
            raise BrokenError("; ".join(self._early))
        for host in self.hosts:
            self._started_too_early(host)

    def _started_too_early(self, host: Host) -> None:
        """No commit intends an attempt at a feature of whose needs one was not available in the file before it."""
        name = Sha(head_of(host))
        while name not in self._judged:
            self._judged.add(name)
            commit = self.objects.get(name)
            if len(commit.parents) != 1:
                return
            name, after = commit.parents[0], load(commit.files["m/mission.md"], "m").mission
            begun = [
                run for run in commit.files if run.startswith("m/runs/") and run not in self.objects.get(name).files
            ]
            if "feature.dispatched" not in commit.message:
                continue
            before = load(self.objects.get(name).files["m/mission.md"], "m").mission
            there = {one.key for one in before.resources if one.status is ResourceStatus.AVAILABLE}
            for run in begun:
                feature = after.feature(FeatureNumber(run.rpartition("/")[2].partition("-a")[0]))
                if feature is not None and not set(feature.needs) <= there:
                    raise BrokenError(f"{run} is intended without {set(feature.needs) - there}")
                self.counts["needing attempts"] += bool(feature is not None and feature.needs)
