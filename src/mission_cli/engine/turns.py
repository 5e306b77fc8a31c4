"""Time limit of pulses: which mission is served next, and when the next pulse takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.syntax.front import priority_of
from mission_cli.domain.status import PRIORITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot, Stored

LONGEST_SECONDS = 5.0
"""A pulse that has worked this long serves no further mission: it frees the lock, and the next pulse continues."""


class Turns:
    """The turns of one pulse. A single mission is served until nothing is left to do."""

    def __init__(self, ctx: Context) -> None:
        self._world = ctx
        self._began = ctx.clock.moment().up
        self._several = False

    def order(self, missions: Sequence[MissionId]) -> list[MissionId]:
        """Return the missions, first those that the last pulse had no time for."""
        self._several = len(missions) > 1
        last = self._world.runtime.turn() if self._several else ""
        return [m for m in missions if m > last] + [m for m in missions if m <= last]

    @property
    def late(self) -> bool:
        """Whether the time of this pulse is over."""
        return self._world.clock.moment().up - self._began > LONGEST_SECONDS

    @property
    def over(self) -> bool:
        """Whether the time is over and there are other missions to serve."""
        return self._several and self.late

    def hand_over(self, last: MissionId) -> None:
        """Leave the rest to the next pulse, which begins after the mission that was served last."""
        self._world.runtime.note_turn(last)


def served(snapshot: Snapshot, only: Sequence[MissionId]) -> Iterable[Stored]:
    """Return the missions to serve by priority, so that urgent ones get free slots first; else in order."""
    served = [s for s in snapshot.missions.values() if not only or s.id in only]
    return sorted(served, key=lambda stored: _rank(priority_of(stored.text)))


def _rank(priority: str) -> int:
    return PRIORITIES.index(priority) if priority in PRIORITIES else PRIORITIES.index("normal")
