"""What is wrong or odd about a plan file, before it becomes a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.forecasting.planned import forecast_of_plan
from mission_cli.app.rounds.checking import problems_of
from mission_cli.document.plans.plan import read_plan
from mission_cli.domain.ids import MissionId

if TYPE_CHECKING:
    from mission_cli.domain.problems import Problem
    from mission_cli.engine.context import Context

_NEW = MissionId("new")


def judged_plan(ctx: Context, text: str, usual_base: str) -> tuple[Problem, ...]:
    """Return the problems of a plan file, on its base or the usual one."""
    plan = read_plan(text).plan
    base = (plan.base if plan is not None else "") or usual_base
    commit = ctx.code.heads(_NEW, base).base if base else None
    return problems_of(ctx, text, commit, forecast_of_plan(ctx, plan) if plan is not None else None)
