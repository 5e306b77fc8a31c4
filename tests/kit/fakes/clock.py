"""Time that goes on only when it is told to; each host's clock may be wrong in its own way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from mission_cli.domain.timing.timeline import Moment

BEGIN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@dataclass
class Time:
    """What time it really is."""

    now: datetime = BEGIN

    def pass_by(self, span: timedelta) -> None:
        """Let time go on."""
        self.now += span


@dataclass
class HostClock:
    """The clocks of one host: the wall clock is as far off as `ahead` says, the others count from its last boot."""

    time: Time
    ahead: timedelta = field(default_factory=timedelta)
    booted: datetime = BEGIN
    asleep: timedelta = field(default_factory=timedelta)
    """How long it slept since."""
    boots: int = 0
    zone: tzinfo = UTC

    def now(self) -> datetime:
        """What the host takes for the moment."""
        return self.time.now + self.ahead

    def moment(self) -> Moment:
        """All clocks."""
        up = (self.time.now - self.booted).total_seconds()
        return Moment(self.now(), up, up - self.asleep.total_seconds(), f"boot {self.boots}")

    def boot(self) -> None:
        """The host was off for a moment."""
        self.boots += 1
        self.booted, self.asleep = self.time.now, timedelta(0)

    def copy(self, time: Time) -> HostClock:
        """The same clock in another time."""
        return replace(self, time=time)
