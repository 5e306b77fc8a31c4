"""Hours of the day, for workers or for silence: `22:00-07:00`, or several windows separated by commas."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from datetime import datetime

_WINDOW = pattern(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]|24):([0-5]\d)\s*\Z")
_DAY = 24 * 60


def read_windows(text: str) -> tuple[tuple[int, int], ...]:
    """Return (begin, end) in minutes after midnight; an end before its begin is on the next day. Raises ValueError."""
    windows = []
    for part in filter(None, text.split(",")):
        found = _WINDOW.match(part)
        if found is None:
            raise ValueError(f"{part.strip()!r} is not a time window")
        begin_hour, begin, end_hour, end = map(int, found.groups())
        windows.append((begin_hour * 60 + begin, end_hour * 60 + end))
    return tuple(windows)


def opens_at(windows: tuple[tuple[int, int], ...], now: datetime) -> datetime | None:
    """Return when the next window begins, by the wall clock of `now`; None if one is open or there are none."""
    minute = now.hour * 60 + now.minute
    if not windows or any(_is_open(begin, end, minute) for begin, end in windows):
        return None
    wait = min((begin - minute) % _DAY for begin, _ in windows)
    opens = (now + timedelta(minutes=wait)).replace(second=0, microsecond=0)
    return opens if opens.astimezone(UTC) > now.astimezone(UTC) else opens.replace(fold=1)  # this hour occurs twice


def closes_at(windows: tuple[tuple[int, int], ...], now: datetime) -> datetime | None:
    """Return when the windows that are open now have ended, by the wall clock of `now`; None if none is open.

    Windows without a gap between them count as one. Those that cover the whole day end a day later.
    """
    start = now.hour * 60 + now.minute
    minute = start
    for _ in range(len(windows) + 1):
        ends = [(end - minute - 1) % _DAY + 1 for begin, end in windows if _is_open(begin, end, minute % _DAY)]
        if not ends:
            break
        minute += max(ends)
    if minute == start:
        return None
    return (now + timedelta(minutes=min(minute - start, _DAY))).replace(second=0, microsecond=0)


def never_end(windows: tuple[tuple[int, int], ...]) -> bool:
    """Whether at every time of the day one of the windows is open."""
    return all(any(_is_open(begin, end, minute) for begin, end in windows) for minute in range(_DAY))


def _is_open(begin: int, end: int, minute: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end
