"""Days, weeks and months of the calendar in local time, and sliding times: when they began, and when they end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_duration

if TYPE_CHECKING:
    from datetime import tzinfo

CALENDAR = ("day", "week", "month")


def begins(every: str, now: datetime, zone: tzinfo) -> datetime:
    """Return when the time of a time began: of the calendar in local time, or as long ago as a sliding one lasts."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if every == "day":
        return today
    if every == "week":
        return _midnight(today - timedelta(days=today.weekday()))
    if every == "month":
        return today.replace(day=1)
    return now - (parse_duration(every) or timedelta(0))


def ends(every: str, now: datetime, zone: tzinfo) -> datetime:
    """Return when the day, week or month is over."""
    start = begins(every, now, zone)
    later = start + {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=32)}[every]
    return _midnight(later.replace(day=1) if every == "month" else later)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
