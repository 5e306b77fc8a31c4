"""What judgments need to know of the plan: which features have not begun, and which depend on which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.core.moves.features import Dispatch

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.planner.core.draft import Draft


def not_begun(draft: Draft, feature: Feature) -> bool:
    """Whether a planned feature is pending and no attempt at it is open or starts in this round."""
    starts = any(isinstance(m, Dispatch) and m.record.feature == feature.number for m in draft.transitions)
    runs = starts or any(record.open for record in draft.records_of(feature.number))
    return feature.status is FeatureStatus.PENDING and not (feature.broken or feature.fixes or runs)


def reaches(mission: Mission, start: str, end: str) -> bool:
    """Whether a feature depends on another one, perhaps over others."""
    depends = {str(f.number): [str(n) for n in f.depends] for f in mission.features()}
    seen, todo = set[str](), [start]
    while todo:
        number = todo.pop()
        if number == end:
            return True
        if number not in seen:
            seen.add(number)
            todo += depends.get(number, [])
    return False


def feature_of(mission: Mission, number: str) -> Feature | None:
    """Return a feature by its number."""
    return mission.feature(FeatureNumber(number))
