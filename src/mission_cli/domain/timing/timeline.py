"""What ticks have seen of the clock, so that no single wrong reading of it does what cannot be taken back.

The wall clock jumps: somebody sets it, a machine boots with a flat battery, a virtual machine is resumed. The time
since boot does not, and it counts sleep. Between two ticks of one boot their difference is the jump; what the machine
was awake for is a third clock, and its difference to the second is sleep. A stamp of before a jump is moved by it; a
moment has come when it has for this tick and had for an earlier one that agrees with this one about the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mission_cli._support.dataclass import dataclass, replace

_SLACK = timedelta(seconds=5)
_DRIFT = 0.001
"""A clock that is being corrected runs at most half of this too fast or too slow."""
_KEPT = timedelta(days=40)
_MOST = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of all clocks. `up` is seconds since boot, `awake` those of them that the machine did not sleep."""

    wall: datetime
    up: float
    awake: float
    boot: str
    """Which boot it was; empty where the system does not say."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Time that the wall clock shows and that was none, or was slept through: stamps up to `until` are before it."""

    until: datetime
    length: timedelta
    """Negative when the clock was set back."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the last tick left for the next one."""

    last: Moment
    candidate: Moment
    """An earlier tick of this boot that later ones agree with; proven when it is old enough."""
    proven: datetime | None = None
    """What has come by then has come for two ticks that agree; None: there are no two yet."""
    jumps: tuple[Gap, ...] = ()
    sleeps: tuple[Gap, ...] = ()

    def since(self, start: datetime) -> timedelta:
        """How long ago a stamp was made, whatever the clock was set to since; sleep counts."""
        return self.last.wall - start - self._jumped(start)

    def awake_since(self, start: datetime) -> timedelta:
        """How long ago a stamp was made, as far as the machine was awake."""
        return self.since(start) - sum((g.length for g in self.sleeps if start <= g.until), timedelta(0))

    def _jumped(self, start: datetime) -> timedelta:
        """By how much the clock was set since a stamp was made: since the last time that it showed that stamp.

        One that it never showed is taken for as old as can be. Stamps have no parts of a second: what began in the
        tick that saw the clock set back may seem to have begun just before.
        """
        set_since, latest = timedelta(0), self.last.wall
        for gap in reversed(self.jumps):
            rounded = _SLACK if gap.length < timedelta(0) else timedelta(0)
            if gap.until - rounded < start <= latest:
                return set_since
            set_since += gap.length
            latest = gap.until - min(gap.length, timedelta(0))
        return set_since


def follow(before: Timeline | None, now: Moment, *, least: timedelta) -> Timeline:
    """Return the timeline with one more reading. Two agree when `least` or a boot lies between them, and no jump.

    With no `least` at all one reading is enough.
    """
    if before is None:
        return _settled(Timeline(now, now), least)
    if before.last.boot != now.boot or now.up < before.last.up:
        return _settled(_after_boot(before, now), least)
    passed = timedelta(seconds=now.up - before.last.up)
    jump = now.wall - before.last.wall - passed
    slept = passed - timedelta(seconds=now.awake - before.last.awake)
    slack = _SLACK + passed * _DRIFT
    line = replace(before, last=now)
    if slept > slack:
        line = replace(line, sleeps=_kept(line.sleeps, Gap(before.last.wall + passed - slept, slept), now))
    if abs(jump) > slack:
        gap = Gap(min(now.wall, now.wall - jump), jump)
        line = replace(line, candidate=now, proven=None, jumps=_kept(line.jumps, gap, now))
    elif timedelta(seconds=now.up - before.candidate.up) >= least:
        line = replace(line, candidate=now, proven=before.candidate.wall)
    return _settled(line, least)


def _after_boot(before: Timeline, now: Moment) -> Timeline:
    """How long the machine was off nobody knows; that the clock went back shows."""
    jumps = before.jumps
    if now.wall < before.last.wall - _SLACK:
        jumps = _kept(jumps, Gap(now.wall, now.wall - before.last.wall), now)
    return replace(before, last=now, candidate=now, jumps=jumps)


def _settled(line: Timeline, least: timedelta) -> Timeline:
    return line if least else replace(line, proven=line.last.wall)


def _kept(gaps: tuple[Gap, ...], new: Gap, now: Moment) -> tuple[Gap, ...]:
    return (*(g for g in gaps if g.until > now.wall - _KEPT), new)[-_MOST:]
