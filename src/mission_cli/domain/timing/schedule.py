"""When a mission is due: at one time, or repeatedly by five cron fields, as Debian's cron reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp

if TYPE_CHECKING:
    from datetime import tzinfo

_FIELDS = 5
_DATE = len("2026-11-20")


def recurs(schedule: str) -> bool:
    """Whether a schedule has five fields, valid or not."""
    return len(schedule.split()) == _FIELDS


def next_due(schedule: str, after: datetime, zone: tzinfo) -> datetime | None:
    """Return the time that the schedule names, or its first time after `after`; None if there is none.

    If clocks are set forward, a time in the skipped hour is due right after the gap; if they are set back, a time in
    the repeated hour is due once (https://github.com/cuu508/cronsim, Debian's cron).
    """
    if not recurs(schedule):
        return parse_stamp(schedule, zone)
    from cronsim import CronSim, CronSimError

    try:
        found = next(CronSim(schedule, after.astimezone(zone)), None)
    except CronSimError:
        return None
    return found.astimezone(UTC) if found else None


def why_no_schedule(schedule: str) -> str:
    """Return what is wrong with a schedule, or the empty string."""
    if not recurs(schedule):
        return "" if parse_stamp(schedule) else "it is neither a time nor five cron fields"
    from cronsim import CronSim, CronSimError

    try:
        CronSim(schedule, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return str(error).lower()
    return ""


def end_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the time at which something ends: a day without an hour counts to its end."""
    moment = parse_stamp(text, zone)
    if moment is None or len(text.strip()) > _DATE:
        return moment
    day = moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    return day.replace(tzinfo=zone).astimezone(UTC)
