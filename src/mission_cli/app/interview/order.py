"""What a finished interview orders: a plan for its goal, with its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.plannings.order import PlanOrder
from mission_cli.domain.interview.follow_ups import MOST
from mission_cli.domain.interview.interview import GOAL, Depth, room_for
from mission_cli.domain.interview.scope import ordered, scope_of

if TYPE_CHECKING:
    from mission_cli.domain.interview.interview import Interview


def order_of(interview: Interview, order: PlanOrder, *, answers: bool) -> PlanOrder:
    """Return an order with what an interview says; what was ordered before counts more.

    `answers`: whether a person answers questions of the model before the plan is approved.
    """
    asks = MOST if interview.depth is not Depth.QUICK else 0
    room = room_for(interview) if answers and asks else 0
    said, goal = ordered(interview), interview.value(GOAL)
    given = {**said.given, **order.given, "goal": goal}
    return PlanOrder(
        goal, given, {**said.budget, **order.budget}, order.runner, order.base, scope_of(interview, asks, room)
    )
