"""A planning after the answers of its model: with a plan, or with why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.plannings.material import with_questions
from mission_cli.app.plannings.order import fitted
from mission_cli.app.plannings.stored import PlanningState, StoredPlanning
from mission_cli.app.rounds.asking import session_of, way_in
from mission_cli.document.plans.plan import with_assumptions, write_plan
from mission_cli.document.runs.record import write_run

if TYPE_CHECKING:
    from mission_cli.app.planning import Planned
    from mission_cli.engine.context import Context


def planned_by(ctx: Context, one: StoredPlanning, planned: Planned) -> StoredPlanning:
    """Return a planning after the answers of the model."""
    last = planned.rounds[-1] if planned.rounds else None
    records = tuple(write_run(one.record) for one in planned.rounds)
    session = session_of(ctx, planned.desk, last) if last is not None else ""
    one = replace(one, records=records, session=session, notes=tuple(planned.read.notes) if planned.read else ())
    if planned.plan is not None:
        questions = planned.read.questions if planned.read is not None else ()
        plan = fitted(with_assumptions(planned.plan, questions), one.order, planned.desk.runner)
        return with_questions(ctx, replace(one, state=PlanningState.READY, plan=write_plan(plan)), plan, questions)
    failed = replace(one, state=PlanningState.FAILED)
    if last is None:
        return replace(failed, error=planned.refused, hint="raise plan_max_usd, or the caps of the request")
    cost = f"planning cost {planned.cost}"
    if last.read is None:
        error = f"{planned.desk.runner} made no plan: {last.record.cause}: {last.record.detail}"
        entry = way_in(ctx, planned.desk.runner, last.record.cause)
        return replace(failed, error=error, hint="; ".join(filter(None, [entry, cost])))
    found = tuple(last.read.found)
    again = f"it was not asked again: {planned.refused}; " if planned.refused else ""
    return replace(failed, problems=found, error=found[0].message, hint=f"{again}{cost}")
