"""The result of deciding recorded rounds again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Difference:
    """One round in which this version decides something else."""

    commit: str
    """The commit of the state that recorded the round."""
    at: str
    """When it was decided."""
    recorded: Sequence[str]
    """What was decided then and is not now: the kind of the decision, and why."""
    now: Sequence[str]
    """What is decided now and was not then."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """All rounds of a mission with a commit, as far as they were recorded."""

    mission: str
    ticks: int
    """Rounds that were decided again."""
    unreadable: int
    """Rounds that cannot be decided again: written by another version, or on a commit that is gone."""
    since: str
    """When the first of them was decided; earlier ones are not kept. Empty if none can be read."""
    differences: Sequence[Difference]

    @property
    def same(self) -> bool:
        """Whether every round could be decided again, without a difference."""
        return not (self.differences or self.unreadable)
