"""Worlds in which the vendors of agents have outages and limits at random; and the laws about moving between them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.sim.sim import PLAN, BrokenError, Sim
from tests.sim.workers import work

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.domain.ids import FeatureNumber, Sha
from mission_cli.domain.status import Cause, JobKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.kit.fakes.host import Host

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

NAMES = ("script", "second", "third")
_SPELL = timedelta(hours=2)
"""A vendor is in service or not for as long as this."""
_LENGTH = timedelta(seconds=40)
_LEAST = timedelta(seconds=50)
"""A little less than the shortest pause of a runner after an outage."""


class OutageSim(Sim):
    """A world with three vendors, each of which is out of service in one spell of three."""

    plan = PLAN.replace("runner: script", "runner: script, runners: [script, second, third]")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cut: dict[tuple[str, str, str], tuple[datetime, int]] = {}
        """When the last attempt that a vendor's outage cut off ended, by host, feature and vendor; and its number."""
        self._soon: list[tuple[str, int, str]] = []
        """Feature, number of the attempt before, and run of what met the outage of a vendor again at once.

        An attempt that was lost has told nothing of the outage.
        """
        super().__init__(seed)

    def script(self, seed: int, spec: JobSpec) -> Outcome:
        """What comes of an attempt: nothing whole while its vendor is out of service."""
        vendor, env = spec.program.argv[0], spec.program.env
        if spec.kind is JobKind.WORKER:
            self._look(spec, (spec.tree.base_name, env["MISSION_FEATURE"], vendor))
        if spec.kind is not JobKind.WORKER or not self.is_down(vendor):
            return work(seed, spec)
        self._cut[spec.tree.base_name, env["MISSION_FEATURE"], vendor] = (self.time.now, int(env["MISSION_ATTEMPT"]))
        self.counts["cut off"] += 1
        dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=3).digest()
        feature = env["MISSION_FEATURE"]
        done = {f"{feature}.part.txt": f"{spec.key}\n"} if dice[0] % 3 else {}
        open_ = {f"{feature}.open.txt": f"{spec.key}\n"} if dice[1] % 2 else {}
        cause = Cause.RATE_LIMIT if dice[2] % 2 else Cause.PROVIDER_ERROR
        reset = stamp(self.time.now + _SPELL) if cause is Cause.RATE_LIMIT and dice[2] % 3 else ""
        return Outcome(_LENGTH.total_seconds(), done, open_, 1, (Decimal("0.1"),), cause=cause, reset_at=reset)

    def _look(self, spec: JobSpec, who: tuple[str, str, str]) -> None:
        """Note an attempt that meets the outage of a vendor again before it can be over."""
        at, number = self._cut.pop(who, (None, 0))
        if at is not None and self.time.now - at < _LENGTH + _LEAST:
            self._soon.append((who[1], number, spec.key))

    def is_down(self, vendor: str) -> bool:
        """Whether a vendor is out of service now."""
        spell = int(self.time.now.timestamp() // _SPELL.total_seconds())
        return blake2b(f"{self._seed} {vendor} {spell}".encode(), digest_size=1).digest()[0] % 3 == 0

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        usual = host.settings.runners["script"]
        host.settings = replace(host.settings, runners={name: replace(usual, command=(name,)) for name in NAMES})
        return host

    def _laws(self) -> None:
        super()._laws()
        known = [record for host in self.hosts for record in self.records(host)]
        lost = {(r.feature, r.attempt) for r in known if r.cause is Cause.LOST}
        told = [one for one in self._soon if (FeatureNumber(one[0]), one[1]) not in lost]
        for host in self.hosts:
            records = sorted(self.records(host), key=lambda r: (r.feature, r.attempt))
            moved = sum(bool(record.instead_of) for record in records)
            self.counts["moved"] = max(self.counts["moved"], moved)
            self.counts["taken over"] = max(self.counts["taken over"], sum(bool(record.starts) for record in records))
            fresh = {f.number: f.tries_after for f in self.mission(host).features()}
            soon = [run for name, number, run in told if number > fresh.get(FeatureNumber(name), number)]
            if soon and not self.reset:
                raise BrokenError(f"met the same outage twice: {soon}")
            if words := self._wrong(records):
                raise BrokenError(f"{host.jobs.name}: {words}")

    def _wrong(self, records: Sequence[RunRecord]) -> str:
        """Return how a move breaks a law, or the empty string."""
        for record in records:
            if record.runner not in NAMES or record.instead_of == record.runner:
                return f"{record.run} runs on {record.runner} instead of {record.instead_of}"
            before = [r for r in records if r.feature == record.feature and r.attempt < record.attempt and not r.by]
            if record.starts and not self._holds(record.starts, record.base, before):
                return f"{record.run} starts from {record.starts}, which loses work"
        return ""

    def _holds(self, start: str, base: str, before: Sequence[RunRecord]) -> bool:
        """Whether a start contains its base, and the commits of the attempt before it."""
        line = set(self.objects.ancestry(Sha(start)))
        return base in line and (not before[-1].head or before[-1].head in line)
