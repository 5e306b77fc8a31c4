"""What a person orders with `mission new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli.app.plannings.order import PlanOrder
from mission_cli.domain.interview.scope import NO_SCOPE, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.domain.interview.interview import Depth
    from mission_cli.wiring.new_repository import NewRepository


@dataclass(frozen=True, slots=True)
class Order:
    """What the person asked for on the command line and in the interview."""

    goal: str
    given: Mapping[str, str] = field(default_factory=dict)
    """Keys of the plan that override the model's answer: goal, id, mode, …"""
    budget: Mapping[str, str] = field(default_factory=dict)
    runner: str = ""
    base: str = ""
    homeless: bool = False
    new_home: NewRepository | None = None
    """The repository that is made for the mission, once it is."""
    probe: bool = False
    """Whether the assumption of the plan is checked without asking."""
    ask: bool = False
    """Whether to ask questions and to have the plan approved on the terminal."""
    depth: Depth | None = None
    """How much the interview asks; None: as usual."""
    answers: Path | None = None
    """A file with answers."""
    plan: str = ""
    """The plan file, if there is one."""
    scope: Scope = NO_SCOPE
    """What an interview has said."""
    forget: Callable[[], None] | None = None
    """Forgets the answers that are kept, once the mission is made."""

    @property
    def for_plan(self) -> PlanOrder:
        """What a planning needs of it."""
        return PlanOrder(self.goal, self.given, self.budget, self.runner, self.base, self.scope)

    @property
    def interviews(self) -> bool:
        """Whether the person wants an interview, where none is held as a matter of course."""
        return self.depth is not None or self.answers is not None


def refuse_nonsense(order: Order) -> None:
    """Raise UsageError for mistakes that would otherwise be found only after the planning has been paid for."""
    from mission_cli.app.plannings.order import refuse_nonsense as refuse

    if order.goal.strip() or not (order.ask or order.interviews):
        refuse(order.for_plan)
    else:
        refuse(replace(order, goal="x").for_plan)
