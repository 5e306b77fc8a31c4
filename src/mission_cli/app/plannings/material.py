"""Which questions of a model are worth asking: those that would change criteria, or the median cost by a fifth."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.errors import MissionError
from mission_cli.domain.interview.follow_ups import is_material

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.interview.follow_ups import FollowUp
    from mission_cli.engine.context import Context


def with_questions(ctx: Context, one: StoredPlanning, plan: Plan, questions: Sequence[FollowUp]) -> StoredPlanning:
    """Return a planning with the questions that a person is asked: those that matter, as far as there is room."""
    left = one.order.scope.room - one.asked
    return replace(one, open=tuple(material(ctx, plan, questions)[: max(0, left)]) if left > 0 else (), answers={})


def material(ctx: Context, plan: Plan, questions: Sequence[FollowUp]) -> list[FollowUp]:
    """Return the questions whose answers would change criteria of a plan, or its median cost by more than a fifth."""
    stages = [len(milestone.features) for milestone in plan.milestones]
    planned = sum(stages)
    numbers = {str(m) for m in range(1, len(stages) + 1)}
    numbers |= {f"{m}.{n}" for m, count in enumerate(stages, 1) for n in range(1, count + 1)}

    def moved(more: int) -> float | None:
        before, after = (_median(ctx, size) for size in (planned, max(1, planned + more)))
        return None if not before or after is None else (after - before) / before

    moved = cache(moved)
    return [one for one in questions if is_material(one, numbers, planned, moved)]


def _median(ctx: Context, features: int) -> float | None:
    """Return the median cost of a mission of a size, in dollars, tokens or hours; None if nothing is known."""
    from mission_cli.app.forecasting.buying import estimates

    try:
        found = estimates(ctx, features, None).estimates[0].forecast
    except MissionError:
        return None
    return float((found.usd or found.tokens or found.hours).p50)
