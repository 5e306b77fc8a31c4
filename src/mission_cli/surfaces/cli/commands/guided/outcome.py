"""What comes of a planning on a terminal: an approved plan, or an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mission_cli._support.dataclass import dataclass
from mission_cli.app.plannings import carry
from mission_cli.surfaces.cli.commands.guided.discussion import End, asked_for, cost_of, discuss, left

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.plannings.carry import Make
    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.domain.budget.ledger import Totals
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell

OVER = -1
"""Instead of an exit code: the person starts over with the goal."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved plan: the path of the file that stores it, what the planning cost, and what makes its mission."""

    base: str
    """The base branch that was asked for; empty: the usual one."""
    kept: str
    cost: str
    sums: Totals
    carry: Callable[[Make], tuple[str, str]]
    """Makes the mission, with the records of its planning; returns its id and the path of its file."""


def resumed(shell: Shell, ctx: Context) -> StoredPlanning | None:
    """Return a plan that waits for a decision and that the person goes on with."""
    return asked_for(shell, ctx)


def discussed(shell: Shell, ctx: Context, one: StoredPlanning) -> Approved | int:
    """Discuss a stored plan; return it approved, 0 if it was left or rejected, or OVER."""
    try:
        found = discuss(shell, ctx, one.id)
    except (typer.Abort, KeyboardInterrupt):
        shell.err.print(left(ctx.runtime.keep(f"plans/{one.id}/plan.yaml", carry.need(ctx, one.id).plan)))
        raise
    if found.end is not End.APPROVED:
        shell.note(found.words)
        return OVER if found.end is End.OVER else 0
    cost, sums = cost_of(found.one)

    def make_mission(make: Make) -> tuple[str, str]:
        made, path = carry.approve(ctx, one.id, make, seen=found.one.plan)
        return made.mission, path

    return Approved(found.one.order.base, found.kept, cost, sums, make_mission)
