"""Worlds whose mission has phases: people approve, reject, look at something else, skip and retry, whenever they like."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.kit.phases import broken, may_have_landed
from tests.sim.sim import BrokenError, Sim, head_of

from mission_cli.app.commands import gates
from mission_cli.app.commands.phases import moves
from mission_cli.domain.errors import MissionError
from mission_cli.domain.host import Person
from mission_cli.domain.ids import Sha
from mission_cli.domain.phases.table import PhaseStatus, current

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

PLAN = """\
title: Three files
budget: {money_usd: 12, time_hours: 200}
preferences: {land: ask, runner: script, max_parallel_workers: 2}
gates: [{name: code, kind: approval, rule: "2 approvals; within 40h; 2 revisions"}]
phases:
  - {name: first, worker: milestone 1}
  - {name: checking, worker: "run: `test -f 1.1.txt`", on_reject: first}
  - {name: looking, gate: code, on_reject: first}
  - {name: rest, worker: milestones}
  - {name: showing, worker: "run: `test -f 2.1.txt`", gate: merge, on_reject: rest}
  - {name: merging, worker: landing}
  - {name: completed}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, depends: ["1.1"], criteria: ["grep: `good` in `1.2.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt`"]
    features: [{title: three, criteria: ["grep: `good` in `2.1.txt`"]}]
"""
_PEOPLE = ("Ada", "Grace", "Bob")


class PhaseSim(Sim):
    """One mission in seven phases, with two gates."""

    plan = PLAN

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._judged: set[Sha] = set()
        self._landed: set[str] = set()
        """Hosts on whose base work was seen."""
        self._works: list[str] = []
        """The commits of finished work that any host had, the last ones."""

    def tick(self, event: Event) -> None:
        """Let a person decide something, too."""
        host = self.hosts[event.pick % len(self.hosts)]
        phase = current(self.mission(host).phases)
        if phase is not None:
            with suppress(MissionError):
                self._decide(host, phase.name, phase.gate, event)
        super().tick(event)

    def _decide(self, host: Host, phase: str, gate: str, event: Event) -> None:
        person = _PEOPLE[event.pick // 7 % 3]
        ctx = self.context(host).acting_as(Person(person, f"{person}@example.org"))
        dice = event.more % 24
        before = {one.gate: len(self.mission(host).approvals) for one in self.mission(host).phases}
        if dice < 12:
            gates.decide_gate(ctx, "m", gate, approved=True)
        elif dice == 12:
            gates.decide_gate(ctx, "m", gate, approved=False, comment=f"not like this, {event.more}")
        elif dice == 13:
            gates.decide_gate(ctx, "m", gate, approved=True, saw="0" * 40)
        elif dice == 14:
            moves.retry_phase(ctx, "m")
        elif dice == 15:
            moves.advance(ctx, "m", ("first", "looking", "merging")[event.more % 3])
        elif dice == 16 and phase in {"checking", "looking"} and not event.more % 5:
            moves.skip_phase(ctx, "m", phase, reason="not today")
        self.counts["decisions about phases"] += dice < 16 and bool(before)

    def end(self) -> None:
        """Two people approve whatever waits, until nothing does any more."""
        for _ in range(40):
            for host in self.hosts:
                phase = current(self.mission(host).phases)
                for person in _PEOPLE[:2]:
                    if phase is not None and phase.status is PhaseStatus.WAITING:
                        ctx = self.context(host).acting_as(Person(person, f"{person}@example.org"))
                        with suppress(MissionError):
                            gates.decide_gate(ctx, "m", phase.gate, approved=True)
            self.go_on()
        super().end()

    def go_on(self) -> None:
        """Remember what finished work there is before the pulses, and after them."""
        self._works = [*self._works[-2 * len(self.hosts) :], *map(self._work, self.hosts)]
        super().go_on()

    def _work(self, host: Host) -> str:
        return host.jobs.disk.read(f"{REFS}/heads/mission/m/work", str) or ""

    def _laws(self) -> None:
        super()._laws()
        works = {name for name in (*self._works, *map(self._work, self.hosts)) if name}
        for host in self.hosts:
            for name in self.objects.line(head_of(host)):
                if name in self._judged:
                    break
                self._judged.add(name)
                if words := broken(self.objects, self.objects.get(name), works):
                    raise BrokenError(f"{host.jobs.name}: {words}")
            self._lands_in_its_phase(host)

    def _lands_in_its_phase(self, host: Host) -> None:
        base = self.objects.get(Sha(host.jobs.disk.read(f"{REFS}/heads/main", str) or ""))
        if "1.1.txt" not in base.files or host.jobs.name in self._landed:
            return
        self._landed.add(host.jobs.name)
        self.counts["worlds in which work has landed"] += 1
        if not self.reset and not any(may_have_landed(self.mission(one)) for one in self.hosts):
            raise BrokenError(f"{host.jobs.name}: work is on main, and its phase has not begun")
