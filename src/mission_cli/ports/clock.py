"""Where the program gets the time from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from mission_cli.domain.timing.timeline import Moment


class Clock(Protocol):
    """Returns the time; tests pass their own clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def moment(self) -> Moment:
        """Return the readings of all clocks of the machine at one moment."""
        ...

    @property
    def zone(self) -> tzinfo:
        """The local time zone, with daylight saving time."""
        ...
