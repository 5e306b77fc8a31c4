"""What a person orders before a model is asked for a plan: checked first, because the planning has to be paid for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.app.planning import PlanRequest
from mission_cli.domain.errors import UsageError
from mission_cli.domain.interview.scope import NO_SCOPE, Scope
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.plans.model import Plan


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """A goal, and what overrides the plan of the model."""

    goal: str
    given: Mapping[str, str] = field(default_factory=dict)
    """Keys of the plan that override the model's answer: goal, id, mode, …"""
    budget: Mapping[str, str] = field(default_factory=dict)
    """Caps: numbers, or `unlimited`."""
    runner: str = ""
    base: str = ""
    scope: Scope = NO_SCOPE
    """What an interview has said."""


def refuse_nonsense(order: PlanOrder) -> None:
    """Raise UsageError for mistakes that would otherwise be found only after the planning has been paid for."""
    from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone
    from mission_cli.domain.ids import why_bad_id

    if not order.goal.strip():
        raise UsageError("the goal is empty", hint=do("new", "A command that counts words, tested"))
    identity = order.given.get("id", "")
    if identity and why_bad_id(identity):
        raise UsageError(f"{identity!r} cannot be an id: {why_bad_id(identity)}", hint="choose another one")
    fitted(Plan(title="x", milestones=[PlanMilestone(name="x", features=[PlanFeature(title="x")])]), order)


def fitted(plan: Plan, order: PlanOrder, runner: str = "") -> Plan:
    """Return a plan with what the person ordered. Raises UsageError for a wrong value."""
    from mission_cli.document.plans.plan import override, with_scope

    plan = override(plan, order.given, order.budget, runner or order.runner)
    return plan if order.scope == NO_SCOPE else with_scope(plan, order.scope)


def request_of(order: PlanOrder, base: str) -> PlanRequest:
    """Return what the model is asked for."""
    return PlanRequest(
        goal=order.goal,
        base=base,
        mode=order.given.get("mode") or "full",
        kind=order.given.get("type", ""),
        deadline=order.given.get("deadline", ""),
        tier=order.given.get("model_routing.orchestrator", ""),
        runner=order.runner,
        max_usd=_cap(order, "money_usd"),
        max_hours=_cap(order, "time_hours"),
        max_tokens=int(_cap(order, "token_limit") or 0),
        said=order.scope.said,
        asks=order.scope.asks,
    )


def _cap(order: PlanOrder, name: str) -> Decimal | None:
    """Return a cap, or None. It was validated before."""
    text = order.budget.get(name, "")
    return Decimal(text) if text and text != "unlimited" else None
