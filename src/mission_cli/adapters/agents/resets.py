"""Find out when a rate limit ends, from an agent's or provider's message."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli._support.text import (
    parse_duration,
    parse_stamp,
    stamp,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPAN = pattern(r"(?:resets?|try again|retry|available)(?: at| after| in)?[:\s]+([^.;,)\"]+)", re.IGNORECASE)
_CLOCK = pattern(
    r"(?:resets?|try again|available)(?: at| on)?\s+"
    r"(?:(?P<month>[a-z]{3})[a-z]* (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?:(?P<year>\d{4}),? )?(?:at )?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>[ap])m\b(?: \((?P<zone>[\w/+-]+)\))?",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def reset_time(message: str, headers: Mapping[str, Any] | None = None, now: datetime | None = None) -> str:
    """Return when a limit ends (ISO 8601), from `retry-after` or the words of a message; empty if unknown."""
    now = now or datetime.now(UTC)
    for name, value in (headers or {}).items():
        seconds = whole(str(value)) if str(name).lower() == "retry-after" else None
        if seconds is not None:
            return stamp(now + timedelta(seconds=seconds))
    moment = _clock(message, now) or _span(message, now)
    return stamp(moment) if moment is not None else ""


def _span(message: str, now: datetime) -> datetime | None:
    """Parse `try again in 2h` or `resets at 2026-11-24T18:05:00Z`."""
    found = _SPAN.search(message)
    if not found:
        return None
    moment = parse_stamp(found[1].strip())
    if moment is not None:
        return moment
    span = parse_duration(found[1].strip())
    return now + span if span is not None else None


def _clock(message: str, now: datetime) -> datetime | None:
    """Parse `resets 3pm (Europe/Berlin)` or `try again at Nov 24th, 2026 6:05 PM`; local time without a zone."""
    found = _CLOCK.search(message)
    if not found:
        return None
    here = now.astimezone(_zone(found["zone"]))
    hour = int(found["hour"]) % 12 + (12 if found["half"].lower() == "p" else 0)
    try:
        moment = here.replace(hour=hour, minute=int(found["minute"] or 0), second=0, microsecond=0)
        if found["month"] is None:
            return moment if moment > now else moment + timedelta(days=1)
        month = _MONTHS.index(found["month"].lower()) + 1
        year = int(found["year"] or here.year + (month < here.month))
        return moment.replace(year=year, month=month, day=int(found["day"]))
    except ValueError:
        return None


def _zone(name: str | None) -> tzinfo | None:
    """Return the time zone of that name; None, which means local time, if it is unknown."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None
