"""What the mission of a plan will cost, before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.forecasting.expected import basis_of, figures_of
from mission_cli.app.forecasting.forecast import shown, worker_of
from mission_cli.app.forecasting.history import pasts_of
from mission_cli.app.forecasting.remaining import work_of
from mission_cli.document.plans.phased import with_folder
from mission_cli.document.plans.plan import template_values
from mission_cli.document.reading.load import load
from mission_cli.domain.budget.ledger import Totals
from mission_cli.domain.errors import MissionError
from mission_cli.domain.forecast.simulate import FEWEST_RUNS, simulate
from mission_cli.domain.ids import MissionId
from mission_cli.engine.context import policy_of
from mission_cli.ports.git.state import Snapshot

if TYPE_CHECKING:
    from mission_cli.app.results.outlook import Forecast
    from mission_cli.document.plans.model import Plan
    from mission_cli.engine.context import Context

_NEW = MissionId("new")
_SEED = "plan"
"""The same for all plans, so that two of them differ by what is in them alone."""


def forecast_of_plan(ctx: Context, plan: Plan) -> Forecast | None:
    """Return the forecast of the mission that a plan would become; None if nothing is known of its runner."""
    now = ctx.clock.now()
    values = template_values(
        with_folder(plan, _NEW), mission_id=_NEW, created=stamp(now)[:10], created_by="", repo="", base=plan.base
    )
    mission = load(ctx.templates.render("mission.md.j2", values), _NEW).mission
    try:
        pasts = pasts_of(ctx, ctx.state.snapshot(), _NEW)
    except MissionError:  # there are no missions here yet
        pasts = pasts_of(ctx, Snapshot(None), _NEW)
    worker = worker_of(ctx, mission)
    basis, work = basis_of(pasts, None, worker), work_of(ctx, policy_of(ctx), mission, now=now)
    if basis is None or work is None:
        return None
    outcomes = simulate(work, figures_of(pasts, None, worker), _SEED, runs=FEWEST_RUNS)
    return shown(basis, outcomes, Totals(), now)
