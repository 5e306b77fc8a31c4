"""The clocks of the operating system, and the time zone of this machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo

from mission_cli.adapters.proc.scan import boot_id
from mission_cli.domain.timing.timeline import Moment

_UP = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Includes time asleep; on systems without such a clock (macOS), the monotonic clock does."""
_AWAKE = getattr(time, "CLOCK_UPTIME_RAW", time.CLOCK_MONOTONIC)
"""Does not include time asleep."""
_TOGETHER_S = 0.05
_MOST_READINGS = 10


class SystemClock:
    """Reads the clocks of the operating system."""

    def now(self) -> datetime:
        """Return the present time, in UTC."""
        return datetime.now(UTC)

    def moment(self) -> Moment:
        """Read all clocks; again if something came between the readings (sleep, a stopped process)."""
        for _ in range(_MOST_READINGS):
            up, awake, wall = time.clock_gettime(_UP), time.clock_gettime(_AWAKE), self.now()
            if time.clock_gettime(_UP) - up < _TOGETHER_S:
                break
        return Moment(wall, up, awake, boot_id())

    @property
    def zone(self) -> tzinfo:
        """The rules of the machine's time zone, including changes of its offset."""
        return _Local()


class _Local(tzinfo):
    """Local time from the C library: the rules of TZ or of the system, for each moment."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        del moment  # not needed
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        local = moment.replace(tzinfo=UTC).astimezone()
        first = local.replace(tzinfo=self, fold=0)
        return first if first.utcoffset() == local.utcoffset() else first.replace(fold=1)
