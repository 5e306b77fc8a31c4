"""Repositories of one machine that share budgets: pulses at the same time, deaths in between, and two laws.

Every intent that is committed anywhere fits into each budget, together with everything else; and what is committed is
never more than what is noted for others to see.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from tests.kit.fakes.clock import Time
from tests.kit.fakes.host import Host, make_host, make_mission
from tests.kit.fakes.life import Death, Kind
from tests.sim.sim import BrokenError, head_of, says_what
from tests.sim.workers import work

from mission_cli.adapters.money.purse import FilePurse
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.why import why
from mission_cli.document.runs.record import read_run
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.engine.loop import pulse
from mission_cli.settings import check, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mission_cli.domain.runs.record import RunRecord

PLAN = """\
title: Two files
budget: {money_usd: 40, alert_threshold_pct: 100}
preferences: {land: auto, runner: script, max_parallel_workers: 2}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `good` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `good` in `1.2.txt`"]}
"""
MACHINE, HERE, HOURS = Decimal(6), Decimal(4), 5
BUDGETS = f"""\
attempts = 9
[budgets.all]
usd = {MACHINE}
every = "{HOURS}h"
across = "machine"
[budgets.here]
usd = {HERE}
every = "{HOURS}h"
[budgets.other]
usd = 1
runners = ["another"]
"""
_HOSTS, _MISSIONS = 4, ("a", "b")
_PEACE = 500


class OpenPurse(FilePurse):
    """Says whether its lock is held: no other process gets it then."""

    held = 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold it."""
        with super().locked():
            OpenPurse.held += 1
            try:
                yield
            finally:
                OpenPurse.held -= 1


class SharedSim:
    """One machine with four repositories of two missions each."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = Random(seed)  # noqa: S311 - a world, no secret
        self.time, self._folder = Time(), folder / "budgets"
        self.counts = {"ticks": 0, "intents": 0, "deaths": 0, "overtaken": 0, "held": 0}
        OpenPurse.held = 0
        self.hosts = [self._host(seed, number) for number in range(_HOSTS)]

    def _host(self, seed: int, number: int) -> Host:
        host = make_host(partial(work, seed * _HOSTS + number), name=f"here:00000{number}", time=self.time)
        host.settings = parse(BUDGETS, "config.toml", host.settings)
        check(host.settings)
        host.purse = OpenPurse(self._folder)
        for name in _MISSIONS:
            make_mission(host, PLAN, name)
            lifecycle.start(host.context(), name)
        return host

    def tick(self) -> None:
        """Let one thing happen somewhere, then look whether the laws hold. Raises BrokenError."""
        self.counts["ticks"] += 1
        host, dice = self.dice.choice(self.hosts), self.dice.random()
        self.time.pass_by(timedelta(minutes=self.dice.choice((0, 0, 1, 3, 30))))
        if dice < 0.5:
            self._pulse(host)
        elif dice < 0.75:
            self._overtaken(host)
        elif dice < 0.95:
            self._die(host, self.dice.choice((Kind.KILL, Kind.KILL, Kind.POWER_CUT)))
        elif host.jobs.supervisors:
            host.jobs.die(self.dice.choice(sorted(host.jobs.supervisors)))
        for one in self.hosts:
            one.jobs.work()
        self._laws()

    def end(self) -> None:
        """Nothing goes wrong any more: every mission ends, or says what it waits for. Raises BrokenError."""
        for _ in range(_PEACE):
            self.time.pass_by(timedelta(minutes=11))
            for host in self.hosts:
                self._pulse(host)
                host.jobs.work()
            self._laws()
            if not any(self._unfinished(host) for host in self.hosts):
                return
        for host in self.hosts:
            for name in self._unfinished(host):
                ctx = host.context()
                snapshot = ctx.state.snapshot()
                reasons = [hold for _, holds in why(ctx, snapshot, resolve(snapshot, name)) for hold in holds]
                if not any(says_what(hold) for hold in reasons):
                    raise BrokenError(f"{host.jobs.name} does not say what {name} waits for: {reasons}")

    def _unfinished(self, host: Host) -> list[str]:
        snapshot = host.context().state.snapshot()
        return [name for name in _MISSIONS if resolve(snapshot, name).mission.status not in FINISHED_MISSION]

    # What happens

    def _pulse(self, host: Host) -> None:
        report = pulse(host.context())
        if report.bugs:
            raise BrokenError("\n".join(report.bugs))

    def _die(self, host: Host, kind: Kind) -> None:
        """Kill the pulse of a host at one of its steps; it may come to its end before."""
        fate = host.jobs.fate
        fate.deaths = {fate.steps + self.dice.randrange(200): kind}
        with suppress(Death):
            self._pulse(host)
        self.counts["deaths"] += fate.steps in {place + 1 for place in fate.deaths}
        fate.deaths = {}
        host.lock.held = False
        OpenPurse.held = 0
        if kind is Kind.POWER_CUT:
            host.power_cut()

    def _overtaken(self, host: Host) -> None:
        """Let another repository be served in the middle of a pulse."""
        other = self.dice.choice([one for one in self.hosts if one is not host])
        left = [self.dice.randrange(120)]

        def watch(name: str) -> None:
            del name
            left[0] -= 1
            if left[0] == 0 and not OpenPurse.held:
                self.counts["overtaken"] += 1
                self._pulse(other)

        host.jobs.fate.watch = watch
        self._pulse(host)
        host.jobs.fate.watch = None

    # Laws

    def _laws(self) -> None:
        every = {host.jobs.name: self._records(host) for host in self.hosts}
        since = self.time.now - timedelta(hours=HOURS)
        sums = {
            name: sum((_counted(one) for one in found if _counts(one, since)), Decimal(0))
            for name, found in every.items()
        }
        for name, used in sums.items():
            if used > HERE:
                raise BrokenError(f"{name} has spent and reserved ${used} of ${HERE}")
        if sum(sums.values()) > MACHINE:
            raise BrokenError(f"{sums} are spent and reserved, of ${MACHINE} for the machine")
        noted = {row.run: row.usd for part in FilePurse(self._folder).parts().known.values() for row in part.rows()}
        known = FilePurse(self._folder).parts().known
        for name, found in every.items():
            noted = {row.run: row.usd for row in known[name].rows()} if name in known else {}
            for record in found:
                if record.open and record.reserve.usd > noted.get(str(record.run), Decimal(0)):
                    raise BrokenError(f"{name} has ${record.reserve.usd} for {record.run}, and ${noted} are noted")
        self.counts["intents"] = sum(map(len, every.values()))
        self.counts["held"] += sum(sums.values()) > MACHINE - 1

    def _records(self, host: Host) -> list[RunRecord]:
        files = host.jobs.objects.get(head_of(host)).files
        return [r for path, text in files.items() if "/runs/" in path and (r := read_run(text)) is not None]


def _counted(record: RunRecord) -> Decimal:
    """What an attempt may have taken of a budget: what it cost above its promise counts to no budget."""
    if record.open or record.usage.usd is None:
        return record.reserve.usd
    return min(record.usage.usd, record.reserve.usd)


def _counts(record: RunRecord, since: object) -> bool:
    from mission_cli._support.text import parse_stamp

    at = parse_stamp(record.ended)
    return record.open or at is None or at >= since  # type: ignore[operator]  # both are times
