"""The loop's own place in memory, and the fast path that reads it."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import JOBS

from mission_cli._support.text import stamp
from mission_cli.domain.deciding.grants import Ledger
from mission_cli.domain.forecast.memory import Kept as Forecasts
from mission_cli.domain.news.outbox import Outbox
from mission_cli.domain.outside.facts import Outside
from mission_cli.domain.timing.timeline import Timeline
from mission_cli.ports.runtime import Asked, Listed, Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.kit.fakes.clock import HostClock
    from tests.kit.fakes.disk import Disk
    from tests.kit.fakes.executor import JobHost

    from mission_cli.domain.ids import MissionId
    from mission_cli.ports.git.state import Settled
    from mission_cli.ports.runtime import LedgerBook, Look, Trouble

PLACE = "runtime"


@dataclass(frozen=True)
class Signature:
    """What has to change before there is anything to do again."""

    written: datetime
    due: datetime
    wake: datetime | None
    looks: Mapping[str, Look]
    jobs: tuple[str, ...]


@dataclass
class Lock:
    """Who is the one loop of a repository; the kernel gives it back when that one dies."""

    held: bool = False
    carried: set[str] = field(default_factory=set)
    """Plannings that are carried out."""
    ticks: dict[str, list[str]] = field(default_factory=dict)
    """What rounds saw and decided, by mission."""


@dataclass
class Kept:
    """A value that is read as often as one likes, and replaced as a whole."""

    facts: Mapping[str, object] = field(default_factory=dict)


class Book:
    """The ledger of decisions from outside on a disk in memory."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.ledger = disk.read(f"{PLACE}/deciding", Ledger) or Ledger()

    def note(self, ledger: Ledger) -> None:
        """Keep it."""
        self._disk.write(f"{PLACE}/deciding", ledger)
        self.ledger = ledger


class MemoryTexts:
    """The plannings or the interviews of one clone."""

    def __init__(self, disk: Disk, kind: str) -> None:
        self._disk, self._kind = disk, kind
        self.texts: dict[str, str] = dict(disk.read(f"{PLACE}/{kind}", dict) or {})

    def note(self, name: str, text: str) -> None:
        """Keep or forget one."""
        self.texts = {**self.texts, name: text} if text else {k: v for k, v in self.texts.items() if k != name}
        self._disk.write(f"{PLACE}/{self._kind}", self.texts)


class MemoryRuntime:
    """The runtime folder of one clone."""

    def __init__(self, disk: Disk, clock: HostClock, lock: Lock, *, full_look: timedelta) -> None:
        self._disk, self._clock, self._lock, self._full_look = disk, clock, lock, full_look
        self._followers = 0
        self._rested: float | None = None

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Try to become the one loop; when another is, it is kicked."""
        if self._lock.held:
            self.request_pulse()
            yield False
            return
        self._lock.held = True
        try:
            yield True
        finally:
            self._lock.held = False

    @contextmanager
    def following(self) -> Iterator[None]:
        """Be seen to follow."""
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    def followed(self) -> bool:
        """Whether a process follows."""
        return self._followers > 0

    def request_pulse(self) -> None:
        """Leave word."""
        self._disk.write(f"{PLACE}/kick", self._clock.now(), sync=False)

    def take_pulse_request(self) -> bool:
        """Whether somebody left word; it is taken away, and the signature before it."""
        if not self._disk.has(f"{PLACE}/kick"):
            return False
        self._disk.remove(f"{PLACE}/idle", sync=False)
        return self._disk.remove(f"{PLACE}/kick", sync=False)

    def stopped(self) -> Stopped | None:
        """What STOP says."""
        return self._disk.read(f"{PLACE}/STOP", Stopped)

    def press_stop(self, *, on: bool, by: str = "") -> None:
        """Make or remove STOP."""
        if not on:
            self._disk.remove(f"{PLACE}/STOP")
        elif not self._disk.has(f"{PLACE}/STOP"):
            self._disk.write(f"{PLACE}/STOP", Stopped(stamp(self._clock.now()), by))

    def payments_stopped(self) -> Stopped | None:
        """What the command `purchase stop` has left."""
        return self._disk.read(f"{PLACE}/STOP-PAYMENTS", Stopped)

    def stop_payments(self, *, on: bool, by: str = "") -> None:
        """Stop payments, or allow them."""
        if not on:
            self._disk.remove(f"{PLACE}/STOP-PAYMENTS")
        elif not self._disk.has(f"{PLACE}/STOP-PAYMENTS"):
            self._disk.write(f"{PLACE}/STOP-PAYMENTS", Stopped(stamp(self._clock.now()), by))

    def looks(self, paths: Sequence[str]) -> dict[str, Look]:
        """How values look now."""
        return {path: self._disk.look(path) for path in paths}

    def changed_at(self, paths: Sequence[str]) -> datetime | None:
        """When settings were changed last."""
        return max((at for path in paths if (at := self._disk.read(path, datetime))), default=None)

    def rest(
        self,
        *,
        looks: Mapping[str, Look],
        jobs: Sequence[str],
        wake_at: datetime | None,
        again: bool = False,
        unfinished: bool = True,
    ) -> None:
        """Write the signature."""
        del unfinished
        now = self._clock.now()
        due = now if again else min(now + self._full_look, wake_at or now + self._full_look)
        self._disk.write(f"{PLACE}/idle", Signature(now, due, wake_at, dict(looks), tuple(jobs)))
        self._rested = now.timestamp()

    def rested_at(self) -> tuple[float | None, float | None]:
        """When the signature was written, and the last one that was written here."""
        present = self._disk.read(f"{PLACE}/idle", Signature)
        return (present.written.timestamp() if present else None), self._rested

    def seems_idle(self) -> bool:
        """Nobody is told here what a look found that nothing had told of."""
        return False

    def due(self) -> datetime | None:
        """The wake-up of the last signature, or when somebody kicked."""
        signature, kick = self._disk.read(f"{PLACE}/idle", Signature), self._disk.read(f"{PLACE}/kick", datetime)
        moments = [m for m in (signature.wake if signature else None, kick) if m is not None]
        return min(moments, default=None)

    def turn(self) -> str:
        """What was noted."""
        return self._disk.read(f"{PLACE}/turn", str) or ""

    def note_turn(self, mission: str) -> None:
        """Note it."""
        self._disk.write(f"{PLACE}/turn", mission, sync=False)

    def timeline(self) -> Timeline | None:
        """What the last tick had seen of the clock."""
        return self._disk.read(f"{PLACE}/clock", Timeline)

    def note_timeline(self, timeline: Timeline) -> None:
        """Keep what this tick saw, not for a power cut."""
        self._disk.write(f"{PLACE}/clock", timeline, sync=False)

    def settled(self) -> Mapping[MissionId, Settled]:
        """What `note_settled` left."""
        return self._kept("settled")  # type: ignore[return-value]  # what was kept

    def note_settled(self, settled: Mapping[MissionId, Settled]) -> None:
        """Write it down where it is something new."""
        if self.settled() != settled:
            self._keep("settled", {str(mission): one for mission, one in settled.items()})

    def listed(self) -> Mapping[MissionId, Listed]:
        """What `note_listed` left."""
        return self._kept("listed")  # type: ignore[return-value]  # what was kept

    def note_listed(self, listed: Mapping[MissionId, Listed]) -> None:
        """Keep it."""
        self._keep("listed", {str(mission): one for mission, one in listed.items()})

    def forecasts(self) -> Forecasts:
        """What `note_forecasts` left."""
        return self._disk.read(f"{PLACE}/forecasts", Forecasts) or Forecasts()

    def note_forecasts(self, kept: Forecasts) -> None:
        """Keep it."""
        self._disk.write(f"{PLACE}/forecasts", kept, sync=False)

    def note_troubles(self, troubles: Sequence[Trouble]) -> None:
        """Keep what kept a pulse from working."""
        self._keep("trouble", {"": tuple(troubles)})

    def note_tick(self, mission: MissionId, line: str) -> None:
        """Keep it where a pulse that dies loses nothing: no decision depends on it."""
        self._lock.ticks.setdefault(mission, []).append(line)

    def ticks(self, mission: MissionId) -> Sequence[str]:
        """What was kept."""
        return tuple(self._lock.ticks.get(mission, ()))

    def troubles(self) -> tuple[Trouble, ...]:
        """What was kept."""
        return self._kept("trouble").get("", ())  # type: ignore[return-value]  # what was kept

    def told(self) -> dict[str, dict[str, str]]:
        """What a person was told last."""
        return dict(self._kept("told"))  # type: ignore[arg-type]  # values of a case

    def note_told(self, told: Mapping[str, Mapping[str, str]]) -> None:
        """Remember what was told."""
        self._keep("told", {mission: dict(facts) for mission, facts in told.items()})

    def outbox(self) -> Outbox:
        """What is not sent yet."""
        return self._disk.read(f"{PLACE}/outbox", Outbox) or Outbox()

    def note_outbox(self, outbox: Outbox) -> None:
        """Keep it."""
        self._disk.write(f"{PLACE}/outbox", outbox)

    @contextmanager
    def plannings(self) -> Iterator[MemoryTexts]:
        """Hold them."""
        yield MemoryTexts(self._disk, "plannings")

    @contextmanager
    def interviews(self) -> Iterator[MemoryTexts]:
        """Hold them."""
        yield MemoryTexts(self._disk, "interviews")

    def interviewing(self, interview: str) -> AbstractContextManager[bool]:
        """Try to be the one that asks."""
        return self.carrying(f"interview {interview}")

    @contextmanager
    def carrying(self, planning: str) -> Iterator[bool]:
        """Try to be the one that carries it out."""
        mine = planning not in self._lock.carried
        self._lock.carried |= {planning} if mine else set()
        try:
            yield mine
        finally:
            self._lock.carried -= {planning} if mine else set()

    def keep(self, name: str, text: str) -> str:
        """Keep a text for people."""
        self._disk.write(f"{PLACE}/{name}", text)
        return f"{PLACE}/{name}"

    def outside(self, mission: MissionId) -> Outside:
        """What is remembered of the world outside."""
        return self._disk.read(f"{PLACE}/outside/{mission}", Outside) or Outside()

    def note_outside(self, mission: MissionId, outside: Outside) -> None:
        """Remember it."""
        self._disk.write(f"{PLACE}/outside/{mission}", outside)

    @contextmanager
    def deciding(self) -> Iterator[LedgerBook]:
        """Hold the ledger: nothing else runs meanwhile."""
        yield Book(self._disk)

    def asked(self) -> Asked:
        """What is known of the remote."""
        return self._disk.read(f"{PLACE}/asked", Asked) or Asked()

    def note_asked(self, asked: Asked) -> None:
        """Remember it."""
        self._disk.write(f"{PLACE}/asked", asked)

    def token(self, subject: str) -> str:
        """The same for the same subject."""
        return f"token of {subject}"

    def last_look(self) -> str:
        """The state commit that the person saw last."""
        return self._disk.read(f"{PLACE}/looked", str) or ""

    def watch(self, mission: str = "") -> list[str]:
        """The parts of the disk that views of a mission show."""
        return [f"{PLACE}/stop", f"{PLACE}/troubles", f"{PLACE}/outside/{mission}"]

    def note_look(self, head: str) -> None:
        """The person has seen everything up to this commit."""
        self._disk.write(f"{PLACE}/looked", head)

    def _kept(self, name: str) -> Mapping[str, object]:
        kept = self._disk.read(f"{PLACE}/{name}", Kept)
        return kept.facts if kept else {}

    def _keep(self, name: str, facts: Mapping[str, object]) -> None:
        self._disk.write(f"{PLACE}/{name}", Kept(dict(facts)))


def is_idle(host: JobHost) -> bool:
    """What `mission_cli.fastpath` says of this clone."""
    disk, now = host.disk, host.clock.now()
    signature = disk.read(f"{PLACE}/idle", Signature)
    if signature is None or not signature.written - timedelta(seconds=1) <= now < signature.due:
        return False
    if disk.has(f"{PLACE}/kick") or disk.has(f"{PLACE}/STOP"):
        return False
    alive = all(_alive(host, job.removeprefix(f"{JOBS}/")) for job in signature.jobs)
    return alive and all(disk.look(path) == look for path, look in signature.looks.items())


def _alive(host: JobHost, key: str) -> bool:
    if host.disk.has(f"{JOBS}/{key}/exit"):
        return False
    return host.disk.has(f"{JOBS}/{key}/by-hand") or key in host.supervisors
