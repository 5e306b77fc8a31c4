"""The real clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Asks the operating system."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)
