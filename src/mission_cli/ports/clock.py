"""Time is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from mission_cli.domain.timing.timeline import Moment


class Clock(Protocol):
    """Says what time it is; tests hand in their own."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def moment(self) -> Moment:
        """The moment on every clock of the machine, read together."""
        ...

    @property
    def zone(self) -> tzinfo:
        """What people's clocks show here, daylight saving included."""
        ...
