"""Calendars: find an event in a calendar file, and fetch such a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from mission_cli.domain.timing.waiting import CalendarWait


class Calendars(Protocol):
    """Reads the iCalendar format."""

    def moment(self, text: str, wanted: CalendarWait, since: datetime, zone: tzinfo) -> datetime | None:
        """Return when a wait for an event is over: its first occurrence for which that is not before `since`.

        None if there is none. Raises ToolError if the package for it is missing, DocumentError if it is no calendar.
        `zone`: of times that name none.
        """
        ...

    def fetch(self, url: str) -> str:
        """Return the calendar at an https URL. Raises ToolError if it cannot be had."""
        ...


class NoCalendars:
    """Reads nothing."""

    def moment(self, text: str, wanted: CalendarWait, since: datetime, zone: tzinfo) -> None:
        """Find nothing."""
        del text, wanted, since, zone

    def fetch(self, url: str) -> str:
        """Return nothing."""
        del url
        return ""
