"""Bounded pulses: which mission is served next, and when a pulse leaves the rest to the one that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context

LONGEST_SECONDS = 5.0
"""A pulse that has done something for so long serves no further mission: the lock is free, and the next one goes on."""


class Turns:
    """The turns of one pulse. With one mission there is nobody to wait for, and it is served until it rests."""

    def __init__(self, ctx: Context) -> None:
        self._world = ctx
        self._began = ctx.clock.moment().up
        self._several = False

    def order(self, missions: Sequence[MissionId]) -> list[MissionId]:
        """Return the missions, those first that the last pulse had no time for."""
        self._several = len(missions) > 1
        last = self._world.runtime.turn() if self._several else ""
        return [m for m in missions if m > last] + [m for m in missions if m <= last]

    @property
    def late(self) -> bool:
        """Whether this pulse has been at work for as long as one should be."""
        return self._world.clock.moment().up - self._began > LONGEST_SECONDS

    @property
    def over(self) -> bool:
        """Whether other missions wait, and it is their turn."""
        return self._several and self.late

    def hand_over(self, last: MissionId) -> None:
        """Leave the rest to the next pulse, which begins behind the mission that was served last."""
        self._world.runtime.note_turn(last)
