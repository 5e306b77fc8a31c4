"""What pulses know of the clock, so that no single wrong reading causes something irreversible.

The wall clock jumps: a person sets it, a machine boots with an empty battery, a virtual machine is resumed. The time
since boot does not jump, and it includes sleep. Between two pulses of one boot the difference of both clocks is the
jump. A third clock counts the time awake; its difference from the time since boot is sleep. A stamp from before a jump
is corrected by it. A time has come when it has for this pulse, and had for an earlier one whose clock agrees.
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
    """One reading of all clocks. `up`: seconds since boot; `awake`: those of them without sleep."""

    wall: datetime
    up: float
    awake: float
    boot: str
    """Id of the boot; empty if the system does not report it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A jump of the wall clock, or time asleep: stamps up to `until` are from before it."""

    until: datetime
    length: timedelta
    """Negative when the clock was set back."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the last pulse recorded for the next one."""

    last: Moment
    candidate: Moment
    """An earlier pulse of this boot whose clock later ones agree with; proven when it is old enough."""
    proven: datetime | None = None
    """Times up to this one have come for two pulses that agree; None: there are not two yet."""
    jumps: tuple[Gap, ...] = ()
    sleeps: tuple[Gap, ...] = ()

    def since(self, start: datetime) -> timedelta:
        """Return how long ago `start` was, without clock jumps; sleep counts."""
        return self.last.wall - start - self._jumped(start)

    def awake_since(self, start: datetime) -> timedelta:
        """Return how long ago `start` was, without clock jumps and without sleep."""
        return self.since(start) - sum((g.length for g in self.sleeps if start <= g.until), timedelta(0))

    def _jumped(self, start: datetime) -> timedelta:
        """Return by how much the clock was set since it last showed the stamp `start`.

        A stamp that it never showed counts as old as possible. Stamps have no fractions of a second: what began in the
        pulse that saw the clock set back may seem to have begun just before.
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
    """Return the timeline with one more reading. Two agree if `least` or a boot lies between them, and no jump.

    If `least` is zero, one reading is enough.
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
    """Return the timeline after a boot: time off is unknown, but a clock that was set back is noticed."""
    jumps = before.jumps
    if now.wall < before.last.wall - _SLACK:
        jumps = _kept(jumps, Gap(now.wall, now.wall - before.last.wall), now)
    return replace(before, last=now, candidate=now, jumps=jumps)


def _settled(line: Timeline, least: timedelta) -> Timeline:
    return line if least else replace(line, proven=line.last.wall)


def _kept(gaps: tuple[Gap, ...], new: Gap, now: Moment) -> tuple[Gap, ...]:
    return (*(g for g in gaps if g.until > now.wall - _KEPT), new)[-_MOST:]
