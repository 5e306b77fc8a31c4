"""Time is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Says what time it is; tests hand in their own."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...
