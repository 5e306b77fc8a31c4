"""Calendars in the iCalendar format, read with icalendar and recurring-ical-events; fetched over https."""

from __future__ import annotations

import importlib
import ssl
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener, getproxies

from mission_cli._support.text import one_line, show_bytes
from mission_cli.domain.errors import DocumentError, ToolError

if TYPE_CHECKING:
    from datetime import tzinfo

    from mission_cli.domain.timing.waiting import CalendarWait

INSTALL = "pip install icalendar recurring-ical-events"
"""Installs what reads calendars: the extra `calendar`."""
_PACKAGES = ("icalendar", "recurring_ical_events")
_LARGEST = 4 << 20
_SECONDS = 20
_MOST = 2_000
"""The most occurrences of one event that are looked at."""
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})


class IcsCalendars:
    """Reads calendar files."""

    def moment(self, text: str, wanted: CalendarWait, since: datetime, zone: tzinfo) -> datetime | None:
        """Return the first moment of a wait that is not before `since`; None if there is none."""
        icalendar, recurring = _packages()
        try:
            whole = icalendar.Calendar.from_ical(text)
            mine = _only(icalendar, whole, wanted.event)
            return _first(recurring, mine, wanted, since, zone)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise DocumentError(
                f"the calendar {wanted.source} cannot be read: {one_line(str(error)) or type(error).__name__}",
                hint="it has to be a file in the iCalendar format (.ics)",
            ) from error

    def fetch(self, url: str) -> str:
        """Return the calendar at an https URL; certificates are checked, and other schemes are never followed."""
        opener = build_opener(
            HTTPSHandler(context=ssl.create_default_context()), ProxyHandler(getproxies()), _OnlyHttps()
        )
        opener.addheaders = [("User-Agent", "mission"), ("Accept", "text/calendar, */*;q=0.1")]
        try:
            with opener.open(url, timeout=_SECONDS) as answer:
                raw: bytes = answer.read(_LARGEST + 1)
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", "") or str(error) or type(error).__name__
            raise ToolError(
                f"the calendar cannot be fetched: {one_line(str(reason))}", hint="open the URL in a browser"
            ) from error
        if len(raw) > _LARGEST:
            raise ToolError(f"the calendar has more than {show_bytes(_LARGEST)}", hint="export a smaller one")
        return raw.decode("utf-8", "replace")


class _OnlyHttps(HTTPRedirectHandler):
    """Follows redirects to https only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith("https://"):
            raise URLError("it redirects to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _packages() -> tuple[Any, Any]:
    try:
        icalendar, recurring = map(importlib.import_module, _PACKAGES)
    except ImportError as error:
        words = "calendars need the Python packages icalendar and recurring-ical-events, which are not installed"
        raise ToolError(f"{words} (extra calendar)", hint=INSTALL) from error
    return icalendar, recurring


def _only(icalendar: Any, whole: Any, event: str) -> Any:
    """Return a calendar with the time zones, and with the events of this UID or title only."""
    found = icalendar.Calendar()
    found.add("prodid", "-//mission//")
    found.add("version", "2.0")
    for part in whole.walk():
        if part.name == "VTIMEZONE":
            found.add_component(part)
        elif part.name == "VEVENT" and _is(part, event):
            rule = part.get("RRULE")
            rules = rule if isinstance(rule, list) else [rule] if rule else []
            if any(str(one).upper() in _TOO_OFTEN for rule in rules for one in rule.get("FREQ", ())):
                raise ValueError(f"the event `{event}` recurs too often")
            found.add_component(part)
    return found


def _is(part: Any, event: str) -> bool:
    names = (str(part.get("UID", "")), str(part.get("SUMMARY", "")).strip().casefold())
    return event == names[0] or event.casefold() == names[1]


def _first(recurring: Any, calendar: Any, wanted: CalendarWait, since: datetime, zone: tzinfo) -> datetime | None:
    """Return the first moment that is not before `since`; occurrences come in the order of their beginnings."""
    begin, first = since.astimezone(zone) - abs(wanted.offset) - timedelta(days=1), None
    for one in islice(recurring.of(calendar).after(begin), _MOST):
        if str(one.get("STATUS", "")).upper() == "CANCELLED":
            continue
        starts = _aware(one.start, zone) + wanted.offset
        if first is not None and starts >= first:
            break
        moment = _aware(one.end, zone) + wanted.offset if wanted.at_end else starts
        first = moment if moment >= since and (first is None or moment < first) else first
    return first


def _aware(moment: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - its zone is set below
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
