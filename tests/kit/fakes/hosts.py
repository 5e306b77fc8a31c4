"""Hosts in memory: machines beside a clone that vanish, come back and are drained, and what the clone knows of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.domain.hosts.cleaning import Cleaned
from mission_cli.domain.hosts.look import HostLook
from mission_cli.ports.outside.hosts import HostFinding, no_such_host

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.kit.fakes.executor import JobHost

PATIENCE = timedelta(minutes=5)
"""How long a request is offered to a host that cannot be reached before it is given up."""


@dataclass
class Elsewhere:
    """One host: what it is, and what was heard of it last."""

    name: str
    workers: int = 1
    labels: tuple[str, ...] = ()
    there: bool = True
    """Whether it can be reached now."""
    problem: str = ""
    since: str = ""
    checked: str = ""
    drained: bool = False
    runners: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def hear(self, now: datetime) -> None:
        """Ask it, and note what came of it."""
        problem = "" if self.there else "no route to host"
        if problem != self.problem or not self.since:
            self.since = stamp(now)
        self.problem, self.checked = problem, stamp(now)


@dataclass
class Park:
    """All hosts of one clone."""

    hosts: dict[str, Elsewhere] = field(default_factory=dict)

    def copy(self) -> Park:
        """The same hosts at the same moment."""
        return Park({name: replace(host) for name, host in self.hosts.items()})

    def fingerprint(self) -> tuple[object, ...]:
        """Equal for parks in which everything will go on in the same way."""
        return tuple((h.name, h.there, h.problem, h.since, h.checked, h.drained) for h in self.hosts.values())

    def is_away(self, name: str) -> bool:
        """Whether a job is sent to a host that cannot be reached now."""
        return name in self.hosts and not self.hosts[name].there


class MemoryHosts:
    """What a pulse sees of the hosts of its clone."""

    def __init__(self, host: JobHost, park: Park) -> None:
        self._host, self._park = host, park

    def looks(self) -> Sequence[HostLook]:
        """Every host, with the jobs that were sent there and have not ended."""
        jobs = self._host.placed()
        return [
            HostLook(
                name=one.name,
                labels=one.labels,
                workers=one.workers,
                jobs=tuple(sorted(jobs.get(one.name, ()))),
                problem=one.problem,
                since=one.since,
                checked=one.checked,
                drained=one.drained,
                runners=one.runners,
                found=one.found,
                missing=one.missing,
            )
            for one in self._park.hosts.values()
        ]

    def drain(self, name: str, *, on: bool) -> None:
        """Keep new attempts away, or take that back."""
        self._one(name).drained = on

    def test(self, name: str, *, whole: bool = True) -> Sequence[HostFinding]:
        """Ask the host."""
        del whole
        one = self._one(name)
        one.hear(self._host.clock.now())
        return [HostFinding("reachable", one.there, one.problem or "it answers")]

    def clean(self, name: str, *, everything: bool, discard: bool, dry_run: bool) -> Cleaned:
        """Say that nothing is there, unless jobs are."""
        del everything, discard, dry_run
        return Cleaned(busy=tuple(sorted(self._host.placed().get(self._one(name).name, ()))))

    def ask(self, name: str) -> None:
        """Ask the host at once."""
        if name in self._park.hosts:
            self._park.hosts[name].hear(self._host.clock.now())

    def _one(self, name: str) -> Elsewhere:
        if name not in self._park.hosts:
            raise no_such_host(name, [*self._park.hosts])
        return self._park.hosts[name]
