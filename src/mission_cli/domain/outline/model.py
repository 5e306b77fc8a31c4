"""The outline of a plan or of a mission: its milestones and features as people discuss them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Mission


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
    finished: bool = False


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


def outline_of_mission(mission: Mission) -> Outline:
    """Return the outline of a mission as its file describes it, finished features included."""
    milestones = tuple(
        OutlinedMilestone(
            one.number,
            one.name,
            tuple(criterion.text for criterion in one.criteria),
            _hours(one.estimate_hours),
            tuple(
                OutlinedFeature(
                    feature.number,
                    feature.title,
                    one_line(feature.description, len(feature.description) + 1),
                    tuple(criterion.text for criterion in feature.criteria),
                    tuple(feature.depends),
                    _hours(feature.estimate_hours),
                    feature.files,
                    feature.finished,
                )
                for feature in one.features
            ),
        )
        for one in mission.milestones
    )
    return Outline(mission.title, milestones, facts=(("mode", mission.mode),))


def _hours(hours: object) -> timedelta | None:
    return None if hours is None else timedelta(hours=float(str(hours)))
