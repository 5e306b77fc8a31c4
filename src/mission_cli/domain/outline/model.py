"""The outline of a plan or of a mission: its milestones and features as people discuss them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class OutlinedFeature:
    """One feature."""

    number: str
    title: str
    description: str = ""
    criteria: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    """Numbers of features of the same outline."""
    estimate: timedelta | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlinedMilestone:
    """One milestone."""

    number: int
    name: str
    criteria: tuple[str, ...] = ()
    estimate: timedelta | None = None
    features: tuple[OutlinedFeature, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """All of it. `lists` are lines by name, such as `non-goals`; `facts` are single values, such as `mode`."""

    title: str
    milestones: tuple[OutlinedMilestone, ...] = ()
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def features(self) -> Iterator[OutlinedFeature]:
        """Yield all features in order."""
        for milestone in self.milestones:
            yield from milestone.features

    @property
    def work(self) -> timedelta:
        """The sum of the estimates of the features, or of the milestones if no feature has one."""
        estimates = [feature.estimate for feature in self.features()]
        if not any(estimates):
            estimates = [milestone.estimate for milestone in self.milestones]
        return sum(filter(None, estimates), timedelta())
