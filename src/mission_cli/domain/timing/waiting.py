"""What a feature can wait for, read from the cell `Waiting for`, and how long it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_duration

if TYPE_CHECKING:
    from datetime import timedelta

_PULL = pattern(r"pr:#?(?P<number>[1-9][0-9]{0,8})")
_REPLY = pattern(r"email_reply:(?P<mail>[1-9][0-9]{0,8})(?:/(?P<need>all|[1-9][0-9]{0,2}))?")
_CALENDAR = pattern(
    r"calendar:(?P<source>[^#\s][^#]{0,500})#(?P<event>[^#]{1,200}?)"
    r"(?:@(?P<edge>start|end)(?:(?P<sign>[+-])(?P<offset>[0-9][0-9a-z]{0,15}))?)?"
)
_NAMED = pattern(r"(?:mission:[A-Za-z0-9][\w.-]*|(?:webhook|person): *\S.*)")
_TIMEOUT = pattern(r"(?:(?P<times>[1-9][0-9]?) *[x×*] *)?(?P<span>.+)")
_SECURE = "https://"
REPLY_PERIODS = 3
"""How many times the timeout of a mail passes, if the cell does not say: after each but the last it is sent again."""


@dataclass(frozen=True, slots=True)
class ReplyWait:
    """A wait for replies to a mail of the mission."""

    mail: str
    """The number of the mail."""
    need: int | None = 1
    """How many of its recipients have to reply; None: all."""


@dataclass(frozen=True, slots=True)
class CalendarWait:
    """A wait for an event of a calendar."""

    source: str
    """A file of the repository, `assets/NAME` of the mission, or an https URL."""
    event: str
    """The UID or the title of the event."""
    at_end: bool
    offset: timedelta
    """How long after the beginning or end; negative: before."""

    @property
    def is_address(self) -> bool:
        """Whether the calendar is asked for over the network."""
        return self.source.startswith(_SECURE)


def reply_wait(text: str) -> ReplyWait | None:
    """Read `email_reply:3`, `email_reply:3/2` or `email_reply:3/all`; None if it is something else."""
    found = _REPLY.fullmatch(text.strip())
    if found is None:
        return None
    need = found["need"]
    return ReplyWait(found["mail"], None if need == "all" else int(need or 1))


def is_named(text: str) -> bool:
    """Whether a wait for a mission, a webhook or a person names one."""
    return _NAMED.fullmatch(text.strip()) is not None


def pull_number(text: str) -> int | None:
    """Read `pr:12` or `pr:#12`; None if it is something else."""
    found = _PULL.fullmatch(text.strip())
    return None if found is None else int(found["number"])


def calendar_wait(text: str) -> CalendarWait | None:
    """Read `calendar:team.ics#Release@start-30m`; None if it cannot be read."""
    found = _CALENDAR.fullmatch(text.strip())
    if found is None:
        return None
    source, span = found["source"].strip(), parse_duration(found["offset"] or "0s")
    scheme, colon, _ = source.partition("://")
    if span is None or (colon and f"{scheme}://" != _SECURE) or _leads_out(source):
        return None
    return CalendarWait(source, found["event"].strip(), found["edge"] == "end", -span if found["sign"] == "-" else span)


def _leads_out(source: str) -> bool:
    """Whether a path does not stay within the repository."""
    return not source.startswith(_SECURE) and (source.startswith("/") or ".." in source.split("/"))


def periods(timeout: str, usual: timedelta, times: int = 1) -> tuple[int, timedelta]:
    """Read the cell `Timeout`, such as `2h` or `3 × 24h`: how often it passes, and how long it is."""
    found = _TIMEOUT.fullmatch(timeout.strip())
    if found is None:
        return times, usual
    span = parse_duration(found["span"])
    if span is None:
        return times, usual
    return (int(found["times"]) if found["times"] else 1), span


def length_of(timeout: str) -> str:
    """Return the duration in the cell `Timeout`, without how often it passes."""
    found = _TIMEOUT.fullmatch(timeout.strip())
    return found["span"] if found else ""
