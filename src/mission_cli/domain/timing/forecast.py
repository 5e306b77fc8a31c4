"""Whether a mission will miss its deadline, as far as the work so far says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import show_duration

if TYPE_CHECKING:
    from decimal import Decimal

FEWEST = 2
"""Done features; with fewer of them, nothing is said."""
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """That a mission will miss its deadline, and by how much."""

    misses_by: timedelta
    """By how much if the rest goes on at the pace since the start, pauses included."""
    at_least: timedelta
    """By how much even if every worker worked all the time; 0 if the deadline could be met then."""
    done: int
    """Features that are done, on which this is based."""
    planned: int
    """Features that count."""
    took: timedelta
    """Since the start."""

    @property
    def words(self) -> str:
        """The forecast in a sentence, without its subject."""
        so_far = f"{self.done} of {self.planned} features took {show_duration(self.took)}"
        if self.at_least > _NOTHING:
            least, about = show_duration(self.at_least), show_duration(self.misses_by)
            return f"will miss its deadline by {least} at least, by about {about} at this pace ({so_far})"
        return f"will miss its deadline by about {show_duration(self.misses_by)} at this pace ({so_far})"


def forecast(
    *, done: int, planned: int, hours: Decimal, took: timedelta | None, workers: int, until: timedelta | None
) -> Forecast | None:
    """Return by how much the deadline will be missed; None if it will be met, or too little is known.

    `hours`: work on all features so far. `until`: how long until the deadline.
    """
    rest = planned - done
    if done < FEWEST or rest <= 0 or took is None or until is None or until <= _NOTHING:
        return None
    late = took / done * rest - until
    fastest = timedelta(hours=float(hours) / done * rest / max(1, workers)) - until
    if max(late, fastest) <= _NOTHING:
        return None
    return Forecast(max(late, fastest), max(fastest, _NOTHING), done, planned, took)
