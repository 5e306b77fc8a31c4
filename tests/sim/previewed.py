"""Worlds in which people look at previews, in a phase of their own or whenever they like; and the laws about them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import SERVES, Outcome
from tests.sim.sim import PLAN, BrokenError, Sim

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.gates import decide_gate
from mission_cli.app.commands.steer.preview import start_preview, stop_preview
from mission_cli.domain.errors import MissionError
from mission_cli.domain.preview.rows import PreviewStatus, job_key
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.settings import PreviewSettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

_PHASES = """\
phases:
  - {name: building, worker: milestones}
  - {name: deploying, worker: preview, on_reject: building}
  - {name: previewing, gate: merge_approval, on_reject: building}
  - {name: merging, worker: landing}
milestones:"""
_SHOWS = (Outcome(seconds=SERVES), Outcome(seconds=SERVES), Outcome(seconds=5000.0), Outcome(seconds=1.0, code=3))
"""What servers do: most run until they are stopped, some die later, some at once."""


class PreviewSim(Sim):
    """One world; every second one has phases. Nobody decides about code that was not shown."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        if seed % 2:
            self.plan = PLAN.replace("milestones:", _PHASES)
        super().__init__(seed)

    def tick(self, event: Event) -> None:
        """Let a person look at the work now and then, too."""
        host = self.hosts[event.more % len(self.hosts)]
        host.jobs.shows = _SHOWS[(self._seed + event.pick) % len(_SHOWS)]
        ctx = self.context(host)
        with suppress(MissionError):
            if event.pick % 6 == 0:
                start_preview(ctx, "m", again=event.more % 2 == 0)
                self.counts["previews asked for"] += 1
            elif event.pick % 23 == 0:
                stop_preview(ctx, "m")
            elif event.pick % 7 == 0:
                decide_gate(ctx, "m", "merge_approval", approved=event.more % 3 > 0)
        super().tick(event)

    def end(self) -> None:
        """Where the mission is over, nothing of any preview is left."""
        super().end()
        for host in self.hosts:
            mission, left = self.mission(host), host.jobs.supervised("preview")
            if mission.status in FINISHED_MISSION and mission.host == host.jobs.name:
                open_ones = [row.number for row in mission.previews if row.status is not PreviewStatus.CLOSED]
                if left or open_ones:
                    raise BrokenError(f"{host.jobs.name}: {left} and the previews {open_ones} are left at the end")
            self.counts["previews"] += len(mission.previews)
            self.counts["previews closed"] += sum(row.status is PreviewStatus.CLOSED for row in mission.previews)

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        cleanup = "true" if self._seed % 3 else ""
        host.settings = replace(host.settings, preview=PreviewSettings(run="serve", cleanup=cleanup))
        return host

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            mission, running = self.mission(host), host.jobs.supervised("preview")
            ports = [s.port for s in host.jobs.supervisors.values() if s.port]
            if len(set(ports)) != len(ports):
                raise BrokenError(f"{host.jobs.name}: two previews have one port: {ports}")
            if len([row for row in mission.previews if row.status is PreviewStatus.READY]) > 1:
                raise BrokenError(f"{host.jobs.name}: two previews are ready at once")
            recorded = {job_key("m", row.number) for row in mission.previews}
            if not self.reset and mission.host == host.jobs.name and not set(running) <= recorded:
                raise BrokenError(f"{host.jobs.name}: {running} run without a row")
            self.counts["previews that ran"] += len(running)
