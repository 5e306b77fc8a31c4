"""Interviews for which no model is asked: with a plan file, with phases, and the list of all questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import did_you_mean, one_line
from mission_cli.app.interview.kept import forget
from mission_cli.domain.errors import UsageError
from mission_cli.domain.interview.amounts import CAPS
from mission_cli.domain.interview.interview import Depth
from mission_cli.surfaces.cli.commands.guided.scoping import (
    Place,
    command_of,
    fitted_order,
    from_file,
    held,
    open_question,
    refuse_open,
)
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.document.plans.model import Plan
    from mission_cli.surfaces.cli.commands.guided.order import Order
    from mission_cli.surfaces.cli.shell import Shell


def depth_of(text: str) -> Depth | None:
    """Return a depth by its name; None for an empty text. Raises UsageError."""
    if not text:
        return None
    if text in list(Depth):
        return Depth(text)
    hint = did_you_mean(text, list(Depth), f"use one of {', '.join(Depth)}")
    raise UsageError(f"`{one_line(text, 40)}` is not a depth of an interview", hint=hint)


def interviewed(shell: Shell, place: Place, order: Order, usual: Depth = Depth.NORMAL) -> Order | int:
    """Return the order after an interview on the terminal, or with the answers of a file; an exit code without it.

    `usual`: how much is asked on a terminal, unless the person has said that.
    """
    if not (order.ask or order.interviews):
        return order
    if not order.ask:
        interview = from_file(shell, place, order)
        if open_question(interview) is not None:
            return refuse_open(shell, interview, command_of(order))
        return fitted_order(order, interview)
    with held(shell, place, order, usual) as done:
        if done is None:
            return 0
        order, kept = done
        return replace(order, forget=lambda: forget(place.ctx, kept.id))


def with_plan(shell: Shell, place: Place, order: Order, plan: Plan) -> tuple[Plan, Order] | int:
    """Return a plan file with what an interview and the command line add; what the file says itself is not asked."""
    from mission_cli.app.plannings.order import fitted

    known = {str(name): str(getattr(plan, name)) for name in ("mode", "type") if name in plan.model_fields_set}
    caps = {name: str(cap) for name, cap in plan.budget.model_dump().items() if cap and name in CAPS}
    given: dict[str, str] = {"goal": plan.goal, **known, **order.given}
    asked = replace(order, goal=order.goal or plan.goal, given=given, budget={**caps, **order.budget})
    found = interviewed(shell, place, asked)
    if isinstance(found, int):
        return found
    return fitted(plan, found.for_plan), found


def show_questions(shell: Shell, place: Place, order: Order) -> int:
    """Print all questions that fit the answers so far."""
    from mission_cli.app.interview.results import all_questions

    found = all_questions(from_file(shell, place, order), command_of(order))
    lines = []
    for one in found.questions:
        lines.append(f"{one.id}: {one.text}" + ("" if one.asked else f"  (not asked: {found.depth})"))
        lines.append(f"  {one.why}")
        for option in one.options:
            meaning = f": {option.text}" if option.text else ""
            lines.append(f"  - {option.value}{meaning}{'  (recommended)' if option.recommended else ''}")
        lines += [f"  answer: {line}" for line in (one.answer or "").splitlines()]
    shell.show(clean("\n".join(lines)), found, long=True)
    return 0
