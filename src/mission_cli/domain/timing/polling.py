"""Ask the outside world again and again: soon at first, then less and less often, until something is new."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import parse_stamp, stamp

if TYPE_CHECKING:
    from datetime import datetime

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=6)
"""The shortest and the longest time between two looks."""
_SLOWING = 4
"""The next look is due after this part of the time since the last news."""
_MOST_DOUBLINGS = 8


@dataclass(frozen=True, slots=True)
class Poll:
    """What is known of one thing outside, and when it is asked again. Losing it costs one more request."""

    value: str = ""
    """The last answer."""
    trouble: str = ""
    """Why it could not be asked; empty: it answered."""
    again: str = ""
    """When it is asked next; empty: now."""
    changed: str = ""
    """When the answer changed last, or when it was asked first."""
    failures: int = 0
    """How often in a row it could not be asked."""


def is_due(poll: Poll, now: datetime, shortest: timedelta = SHORTEST) -> bool:
    """Whether it is to be asked now; a moment that is too far away comes from a clock that was wrong."""
    again = parse_stamp(poll.again)
    return again is None or not now < again <= now + max(LONGEST, shortest)


def answered(poll: Poll, value: str, now: datetime, shortest: timedelta = SHORTEST) -> Poll:
    """Return what is known after an answer."""
    before = parse_stamp(poll.changed)
    changed = before if before is not None and before <= now and value == poll.value else now
    wait = min(max((now - changed) / _SLOWING, shortest), max(LONGEST, shortest))
    return Poll(value, again=stamp(now + wait), changed=stamp(changed))


def failed(poll: Poll, trouble: str, now: datetime, shortest: timedelta = SHORTEST) -> Poll:
    """Return what is known after it could not be asked: the last answer, and that it may be old."""
    failures = poll.failures + 1
    wait = min(shortest * 2 ** min(failures - 1, _MOST_DOUBLINGS), max(LONGEST, shortest))
    return replace(poll, trouble=trouble, failures=failures, again=stamp(now + wait))
