"""Read the times that people type: `tomorrow 18:00`, `+3d`, `friday`, `2026-12-01 09:00`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_duration, parse_stamp

if TYPE_CHECKING:
    from datetime import tzinfo

FORMS = "write 2026-12-01, 2026-12-01T18:00, tomorrow 18:00, friday 09:00, or +3d"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEAR = pattern(r"(?:(?P<day>[a-z]+)(?:\s+at)?(?:\s+|\Z))?(?:(?P<hour>\d{1,2}):(?P<minute>\d\d))?\Z")
_AHEAD = pattern(r"(?:\+|in\s+)\s*(?P<span>.+)\Z")
_LONG_UNITS = pattern(r"\s*(w|d|h|m)(?:eek|ay|our|r|inute|in)s?\b")
_DAYS_END = time(23, 59)
_SHORTEST_DAY = 3
"""Letters by which a day of the week is known: `fri`."""


def read_moment(text: str, now: datetime) -> datetime | None:
    """Return the time that a person means, seen from `now` in the person's zone; None if it is none.

    A day without a time means its end, a time without a day the next such time.
    """
    zone = now.tzinfo
    if zone is None:
        raise ValueError("`now` needs a zone")
    words = " ".join(text.casefold().split())
    ahead = _AHEAD.match(words)
    if ahead:
        span = parse_duration(_LONG_UNITS.sub(r"\1", ahead["span"]))
        return now + span if span is not None else None
    near = _NEAR.match(words)
    return (
        _near(near["day"] or "", near["hour"], near["minute"], now, zone) if words and near else parse_stamp(text, zone)
    )


def _near(day: str, hour: str | None, minute: str | None, now: datetime, zone: tzinfo) -> datetime | None:
    ahead = _days_ahead(day, now)
    if ahead is None or (hour is not None and int(hour) > 23) or (minute is not None and int(minute) > 59):  # noqa: PLR2004 - of a clock
        return None
    clock = time(int(hour), int(minute or 0)) if hour is not None else _DAYS_END
    found = datetime.combine(now.date() + timedelta(days=ahead), clock, zone)
    return found + timedelta(days=1) if not day and found <= now else found


def _days_ahead(day: str, now: datetime) -> int | None:
    """Return how many days from now a day is; 0 without a day, None if the word is not a day."""
    if day in {"", "today"}:
        return 0
    if day == "tomorrow":
        return 1
    found = [n for n, name in enumerate(_DAYS) if len(day) >= _SHORTEST_DAY and name.startswith(day)]
    return ((found[0] - now.weekday() - 1) % 7) + 1 if found else None
