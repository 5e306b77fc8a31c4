"""Worlds with commands before and after steps; and the laws about them."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.sim.sim import BrokenError, Sim
from tests.sim.workers import work

from mission_cli._support.dataclass import replace
from mission_cli.domain.status import JobKind
from mission_cli.settings import HookSettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

_FACTS = ("MISSION_HOOK", "MISSION_FEATURE", "MISSION_ATTEMPT", "MISSION_MILESTONE", "MISSION_ROUND", "MISSION_COMMIT")


class HookSim(Sim):
    """A world in which no worker starts before the command before it has passed, and each command after it runs once."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._passed: set[tuple[str, str]] = set()
        """Feature and attempt before which the command passed."""
        self._early: list[str] = []
        self._after: Counter[tuple[str, ...]] = Counter()
        super().__init__(seed)

    def script(self, seed: int, spec: JobSpec) -> Outcome:
        """Do what a command or a worker does."""
        env = spec.program.env
        if spec.kind is JobKind.HOOK:
            return self._hook(spec)
        feature, _, attempt = spec.key.rpartition("/")[2].partition("-a")
        if spec.kind is JobKind.WORKER and env.get("MISSION_FEATURE") and (feature, attempt) not in self._passed:
            self._early.append(spec.key)
        return work(seed, spec)

    def _hook(self, spec: JobSpec) -> Outcome:
        """One command in six fails, whatever it is for; those before a worker pass when they are tried again."""
        env = spec.program.env
        named = tuple(env.get(fact, "") for fact in _FACTS)
        dice = blake2b(f"{self._seed} {named} {spec.key}".encode(), digest_size=1).digest()[0]
        self.counts["hooks"] += 1
        if named[0].startswith("after_"):
            self._after[named] += 1
        elif dice % 6 and named[0] == "before_dispatch":
            self._passed.add((named[1], named[2]))
        return Outcome(5.0, code=0 if dice % 6 else 1)

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        hooks = HookSettings(before_dispatch="may", after_dispatch="tell", after_validation="tell")
        host.settings = replace(host.settings, hooks=hooks)
        return host

    def _laws(self) -> None:
        super()._laws()
        if self._early:
            raise BrokenError(f"started before their commands had passed: {self._early}")
        twice = [named for named, times in self._after.items() if times > 1]
        if twice and not self.reset:
            raise BrokenError(f"commands that ran twice after one step: {twice}")
