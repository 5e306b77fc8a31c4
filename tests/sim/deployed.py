"""Worlds that deploy to a preview and to production, by the loop and by people; and the laws about deployments."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.sim.sim import PLAN, BrokenError, Sim
from tests.sim.workers import work

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.features import answer
from mission_cli.app.deploys.commands import deploy, drop, roll_back, to_deploy
from mission_cli.domain.deploys.rows import DeployStatus, newest
from mission_cli.domain.errors import MissionError
from mission_cli.domain.status import FINISHED_MISSION, JobKind
from mission_cli.settings import DeploySettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

_TARGETS = {
    "staging": DeploySettings(command="up", after="milestone", health="/health", rollback="back"),
    "live": DeploySettings(
        command="up", kind="production", after="landed", url="https://live.example", rollback="back"
    ),
}


class DeploySim(Sim):
    """A world in which one deployment to a target runs at a time, each once, and people approve those to production."""

    plan = PLAN.replace("preferences: {", 'preferences: {deploy_target: "staging, live", ')

    def __init__(self, seed: int) -> None:
        self._seed = seed
        super().__init__(seed)

    def script(self, seed: int, spec: JobSpec) -> Outcome:
        """Deploy, which fails now and then, as rolling back does; else work."""
        env = spec.program.env
        if spec.kind is not JobKind.HOOK or "MISSION_DEPLOY" not in env:
            return work(seed, spec)
        dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=1).digest()[0]
        self.counts["deployments that ran"] += 1
        prints = "https://sick.example" if dice % 5 == 0 else "https://well.example"
        return Outcome(200.0, code=int(dice % 7 == 0), prints=(prints,))

    def tick(self, event: Event) -> None:
        """Let a person decide about deployments now and then, too."""
        host = self.hosts[event.more % len(self.hosts)]
        ctx, name = self.context(host), ("staging", "live")[event.pick % 2]
        with suppress(MissionError):
            asked = self.mission(host).open_requests()
            if event.pick % 5 == 0 and asked and asked[0].options:
                answer(ctx, "m", asked[0].number, asked[0].options[0])
            elif event.pick % 17 == 0:
                deploy(ctx, to_deploy(ctx, "m", name))
            elif event.pick % 19 == 0:
                roll_back(ctx, "m", name)
            elif event.pick % 23 == 0:
                drop(ctx, "m", name)
        super().tick(event)

    def end(self) -> None:
        """Where the mission is over, nothing of any deployment is left."""
        super().end()
        for host in self.hosts:
            mission = self.mission(host)
            if mission.status in FINISHED_MISSION and mission.host == host.jobs.name:
                busy = [row.number for row in mission.deploys if row.going and row.status is not DeployStatus.STUCK]
                if busy:
                    raise BrokenError(f"{host.jobs.name}: the deployments {busy} are left at the end")

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        host.settings = replace(host.settings, deploy=dict(_TARGETS))
        return host

    def _laws(self) -> None:
        super()._laws()
        if self.reset:
            return
        twice = [run for run, times in Counter(self.truth.starts).items() if times > 1 and "/deploy-" in run]
        if twice:
            raise BrokenError(f"deployed or rolled back twice: {twice}")
        for host in self.hosts:
            mission = self.mission(host)
            if mission.host == host.jobs.name:
                self._laws_of(host, mission)

    def _laws_of(self, host: Host, mission: Mission) -> None:
        rows = {f"m/deploy-{row.number}": row for row in mission.deploys}
        begun = [
            s.key for s in host.jobs.supervisors.values() if s.began and "/deploy-" in s.key and "health" not in s.key
        ]
        at = Counter(
            rows[key.removesuffix("-rollback")].target for key in begun if key.removesuffix("-rollback") in rows
        )
        if [target for target, times in at.items() if times > 1]:
            raise BrokenError(f"{host.jobs.name}: two deployments to one target run: {begun}")
        bare = [key for key in begun if key in rows and rows[key].target == "live" and not rows[key].by]
        if bare:
            raise BrokenError(f"{host.jobs.name}: production without an approval: {bare}")
        for target in _TARGETS:
            last = newest(mission.deploys, target)
            self.counts["deployments that failed"] += last is not None and last.status is DeployStatus.FAILED
