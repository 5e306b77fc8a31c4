"""What is left to do in a mission, as the simulation needs it. Times are minutes from now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Unit:
    """A feature that is not finished."""

    needs: tuple[int, ...] = ()
    """Places of features that have to be done first, among all units of the work."""
    tries: int = 0
    """Attempts that have ended."""
    running: float | None = None
    """For how many minutes its worker has been running; None: none is."""
    judged: bool = False
    """Whether its attempt has ended and is being judged."""
    opens: float = 0
    """When it may start: after a wait or a delay."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A milestone that has not passed."""

    units: tuple[Unit, ...] = ()
    planned: int = 0
    """All its planned features, done ones included: fix features depend on these."""
    fixes: int = 0
    """Fix features that it has already."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is left of a mission: its milestones in their order."""

    stages: tuple[Stage, ...]
    workers: int = 1
    """How many may run at once."""
    attempts: int = 3
    """The most for one feature."""
    delays: tuple[float, ...] = (1, 4, 16)
    """Minutes before a further attempt; the last one repeats."""
    windows: tuple[tuple[int, int], ...] = ()
    """Minutes of the day between which workers start; empty: always."""
    minute: int = 0
    """The minute of the day now."""

    def opens(self, at: float) -> float:
        """Return when a worker that is ready at a time may start: then, or when the next window opens."""
        if not self.windows:
            return at
        minute = (self.minute + at) % _DAY
        if any(_within(begin, end, minute) for begin, end in self.windows):
            return at
        return at + min((begin - minute) % _DAY for begin, _ in self.windows)


def planned_work(features: Sequence[int], workers: int = 1) -> Work:
    """Return the work of a plan of which only the number of features of each milestone is known."""
    return Work(tuple(Stage((Unit(),) * count, count) for count in features), workers)


def spread_evenly(features: int, milestones: int) -> tuple[int, ...]:
    """Return how many features each milestone has if they are spread evenly."""
    stages = max(1, min(milestones, features))
    return tuple(features // stages + (at < features % stages) for at in range(stages))


def _within(begin: int, end: int, minute: float) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end
