"""Which features wait for something: for features, a milestone, a gate, or the whole mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.milestones.milestones import current_milestones

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.domain.mission import Feature, Mission

_UNDER_WAY = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


def features_behind(mission: Mission, subjects: set[str]) -> list[Feature]:
    """Return the features that cannot start before something is over: features, a milestone, or (``) the mission.

    A single feature is not behind itself.
    """
    waiting = [f for f in mission.features() if not f.finished and f.status not in _UNDER_WAY]
    if "" in subjects:
        return waiting
    held = {n for n in subjects if "." not in n}
    behind = _dependent(mission, {f.number for f in mission.features() if _milestone(f) in held} | subjects)
    current = {str(m.number) for m in current_milestones(mission)} & ({n.partition(".")[0] for n in subjects})
    first = min((int(n) for n in current), default=None)
    later = {f.number for f in waiting if first is not None and int(_milestone(f)) > first}
    ours = {n for n in subjects if "." in n} if len(subjects) == 1 else set()
    return [f for f in waiting if f.number in (later | behind) - ours]


def waits_for(mission: Mission, subjects: Iterable[str]) -> tuple[str, ...]:
    """Return the numbers of the features that cannot go on before something is over, itself included."""
    about = set(subjects)
    found = {f.number for f in features_behind(mission, about)}
    found |= {f.number for f in mission.features() if f.number in about and not f.finished}
    return tuple(f.number for f in mission.features() if f.number in found)


def _milestone(feature: Feature) -> str:
    return feature.number.partition(".")[0]


def _dependent(mission: Mission, subjects: set[str]) -> set[str]:
    """Return these features and those that depend on them, directly or through others."""
    found = set(subjects)
    while more := {f.number for f in mission.features() if found.intersection(f.depends)} - found:
        found |= more
    return found
