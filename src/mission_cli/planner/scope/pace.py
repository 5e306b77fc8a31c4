"""What the rest of a mission will use, judged by what its own finished features have used.

Nothing but the mission file and the run records counts, so every machine projects the same at the same commit. The
forecast that people see (`app.forecasting`) also knows earlier missions.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import amount_of, held
from mission_cli.domain.forecast.figures import of_sum
from mission_cli.domain.forecast.priors import PRIOR
from mission_cli.domain.status import FeatureStatus, MilestoneStatus
from mission_cli.planner.mission.money import stand, usual_hours, weight_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.planner.core.draft import Draft

FEWEST_DONE = 2
"""With fewer finished features nothing is projected."""
_P90 = 1.2816
_SPREADS = {"usd": 0.5, "tokens": 0.5, "hours": 0.7}
"""How much the attempts of one mission differ, as in `PRIOR`: the standard deviation of the logarithm."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a mission has used so far, and what a usual feature of it uses."""

    each: Mapping[str, float]
    """What a feature of size 1 has used, by category."""
    left: Mapping[str, float]
    """What the caps leave, by category that has a cap and has been used."""
    spent: Mapping[str, Decimal]
    sizes: Mapping[FeatureNumber, float]
    """Of all features, 1 for a usual one: by the estimates of the plan, where it has any."""
    done: int

    def likely(self, category: str, size: float) -> float:
        """Return what features of this size use on average."""
        return self.each[category] * size

    def at_most(self, category: str, size: float, features: int) -> float:
        """Return what so many features use at most in nine of ten cases."""
        spread = _SPREADS[category]
        unsure = math.hypot(of_sum(spread, self.done), of_sum(spread, max(1, features)))
        return self.likely(category, size) * math.exp(_P90 * unsure - unsure**2 / 2)

    def room(self, features: int, *, sure: bool = True) -> float:
        """Return how large so many features may be together, so that they fit in nine of ten cases, or on average."""
        used = [
            self.left[category] / (self.at_most(category, 1.0, features) if sure else self.likely(category, 1.0))
            for category in self.left
        ]
        return max(0.0, min(used, default=math.inf))


def pace_of(draft: Draft, fewest: int = FEWEST_DONE) -> Pace | None:
    """Return the pace of a mission; None before so many features are done, or if nothing that it uses has a cap."""
    mission = draft.mission
    finished = [feature for feature in mission.features() if feature.status is FeatureStatus.DONE]
    sizes = sizes_of(mission)
    size = math.fsum(sizes[feature.number] for feature in finished)
    if len(finished) < fewest or size <= 0:
        return None
    records = [record for record in draft.observation.records if not record.planning]
    usages = [record.usage for record in records if not record.open]
    account = stand(draft)
    kept = held([record for record in records if not record.open])
    each: dict[str, float] = {}
    left: dict[str, float] = {}
    for category in CATEGORIES:
        amounts = [amount for usage in usages if (amount := amount_of(usage, category)) is not None]
        cap = account.cap(category)
        if used := sum(amounts, Decimal(0)):
            each[category] = float(used) / size
            if cap is not None:
                left[category] = float(cap - account.spent.of(category) - kept.of(category))
    spent = {category: account.spent.of(category) for category in CATEGORIES}
    return Pace(each, left, spent, sizes, len(finished)) if left else None


def sizes_of(mission: Mission) -> Mapping[FeatureNumber, float]:
    """Return the size of each feature; that of a planned one, if it is open, includes the fixes to come."""
    usual = usual_hours(mission)
    found: dict[FeatureNumber, float] = {}
    for milestone in mission.milestones:
        more = 1 + PRIOR.fixes if milestone.status is not MilestoneStatus.PASSED else 1.0
        for feature in milestone.features:
            size = float(weight_of(feature, usual) / usual)
            found[feature.number] = size if feature.fixes or feature.finished else size * more
    return found


def open_features(mission: Mission) -> Sequence[Feature]:
    """Return the features that are not finished, of the milestones that are not."""
    todo = (milestone for milestone in mission.milestones if not milestone.finished)
    return [feature for milestone in todo for feature in milestone.features if not feature.finished]
