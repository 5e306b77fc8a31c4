"""What a mission will cost and when it will be finished. No model is asked: it is simulated from figures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import sha256_of
from mission_cli.app.forecasting.expected import Worker, basis_of, figures_of
from mission_cli.app.forecasting.history import past_of, pasts_of, records_in, sort_of
from mission_cli.app.forecasting.remaining import work_of
from mission_cli.app.results.outlook import FinishRange, Forecast, HoursRange, TimeRange, TokenRange, UsdRange
from mission_cli.domain.budget.amounts import rounded, seconds_as_hours
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.forecast.memory import Simulated
from mission_cli.domain.mission import counts
from mission_cli.domain.routing import routes
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.engine.context import agent_of, policy_of
from mission_cli.planner.mission.money import bills
from mission_cli.planner.mission.workers import model_of
from mission_cli.ports.agents.usage import Bill, Prices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mission_cli.app.forecasting.expected import Basis
    from mission_cli.domain.budget.ledger import Totals
    from mission_cli.domain.forecast.figures import Past
    from mission_cli.domain.forecast.outcomes import Outcomes, Range
    from mission_cli.domain.forecast.work import Stage, Work
    from mission_cli.domain.ids import RunId
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.runs.usage import Usage
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.ports.git.state import Snapshot

_SLOT = 10
"""Minutes for which a forecast of the same state stays as it is."""
_FEWEST_DONE = 2
"""With fewer done features, and no own mission that has ended, nothing is said about the deadline."""


@dataclass(frozen=True, slots=True)
class _State:
    """What a forecast is made from."""

    mission: Mission
    records: Sequence[RunRecord]
    jobs: Mapping[RunId, Job]
    holds: Sequence[Hold]
    now: datetime
    bills: Mapping[RunId, Usage]
    """What attempts have cost that have ended and are not settled yet."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast, and what was simulated for it."""

    forecast: Forecast
    outcomes: Outcomes


def forecast_of(
    ctx: Context, snapshot: Snapshot, case: Case, *, until: timedelta | None, took: timedelta | None
) -> Forecast | None:
    """Return the forecast of an observed mission; None if it is finished, nothing is planned, or nothing is known.

    `until`: how long until its deadline. `took`: since its start.
    """
    seen = case.observation
    state = _State(case.mission, seen.records, seen.jobs, case.plan.holds, seen.now, bills(seen))
    found = _forecast(ctx, snapshot, state)
    if found is None:
        return None
    return _with_deadline(found.forecast, case.mission, until, took)


def forecast_before(ctx: Context, snapshot: Snapshot, mission: Mission) -> Forecast | None:
    """Return the forecast of a mission that starts now; None as for `forecast_of`."""
    found = outcomes_before(ctx, snapshot, mission)
    return _with_deadline(found.forecast, mission, None, None) if found is not None else None


def outcomes_before(ctx: Context, snapshot: Snapshot, mission: Mission) -> Ahead | None:
    """Return the forecast of a mission that starts now with what was simulated for it; None as for `forecast_of`."""
    stored = snapshot.missions.get(mission.id)
    texts = ctx.state.runs(stored, snapshot.head) if stored is not None and snapshot.head is not None else {}
    return _forecast(ctx, snapshot, _State(mission, records_in(texts), {}, (), ctx.clock.now(), {}))


def _forecast(ctx: Context, snapshot: Snapshot, state: _State) -> Ahead | None:
    mission = state.mission
    if mission.status in FINISHED_MISSION:
        return None
    mine = past_of(mission, state.records, planning=False)
    pasts, worker = pasts_of(ctx, snapshot, mission.id), worker_of(ctx, mission)
    basis = basis_of(pasts, mine, worker)
    work = work_of(
        ctx, policy_of(ctx), mission, records=state.records, jobs=state.jobs, holds=state.holds, now=state.now
    )
    if basis is None or work is None:
        return None
    outcomes = _simulated(ctx, mission, work, pasts, mine, worker, state.now)
    spent = account(mission.limits, mission.spends, list(state.records), state.bills, mission.purchases).spent
    return Ahead(shown(basis, outcomes, spent, state.now), outcomes)


def worker_of(ctx: Context, mission: Mission, runner: str = "", model: str = "") -> Worker:
    """Return who will do the next work of a mission, unless a runner or a model is named."""
    feature = next((f for f in mission.features() if not f.finished), None)
    route = routes(mission, feature)[0] if feature is not None else None
    name = runner or (route.runner if route is not None else "") or mission.preferences.runner or ctx.default_runner()
    settings = ctx.settings.runners.get(name)
    agent = agent_of(ctx, name, settings) if settings is not None else None
    policy = policy_of(ctx).runners.get(name)
    if not model and route is not None and policy is not None:
        model = model_of(policy, route)
    known = agent is not None and agent.bill is not Bill.FILE
    bill = agent.bill if agent is not None else Bill.FILE
    return Worker(mission.kind, sort_of(name, model), bill, lambda: ctx.prices.prices(model) if known else Prices())


def _simulated(
    ctx: Context, mission: Mission, work: Work, pasts: Sequence[Past], mine: Past | None, worker: Worker, now: datetime
) -> Outcomes:
    """Return the outcomes of this state: as noted if the same one was simulated on the same day, as prices change."""
    still = replace(work, minute=_slot(work.minute) if work.windows else 0, stages=tuple(map(_coarse, work.stages)))
    key = sha256_of(repr((still, pasts, mine, worker.kind, worker.model, worker.bill, f"{now:%F}")))
    kept = ctx.runtime.forecasts()
    known = kept.simulated.get(mission.id)
    if known is not None and known.key == key:
        return known.outcomes
    from mission_cli.domain.forecast.outcomes import NOTHING_YET, SoFar
    from mission_cli.domain.forecast.simulate import simulate

    so_far = SoFar(mine.attempts, mine.tokens, mine.usd, mine.minutes) if mine is not None else NOTHING_YET
    outcomes = simulate(still, figures_of(pasts, mine, worker), mission.id, so_far)
    ctx.runtime.note_forecasts(replace(kept, simulated={**kept.simulated, mission.id: Simulated(key, outcomes)}))
    return outcomes


def _coarse(stage: Stage) -> Stage:
    """Return a milestone with times in steps of ten minutes, so that each minute is not another state."""
    return replace(
        stage,
        units=tuple(
            replace(unit, running=None if unit.running is None else _slot(unit.running), opens=_slot(unit.opens))
            for unit in stage.units
        ),
    )


def _slot(minutes: float) -> int:
    return int(minutes) // _SLOT * _SLOT


def shown(basis: Basis, outcomes: Outcomes, spent: Totals, now: datetime) -> Forecast:
    """Return outcomes as a forecast of everything: what is spent already, and what is still to come."""
    usd, used = outcomes.usd if not spent.unknown else None, outcomes.tokens
    left = [timedelta(minutes=round(minutes)) for minutes in _ends(outcomes.minutes)]
    return Forecast(
        usd=UsdRange(*(_usd(spent.usd, more) for more in _ends(usd))) if usd is not None else None,
        tokens=TokenRange(*(int(spent.tokens) + round(more) for more in _ends(used))) if used is not None else None,
        finish=FinishRange(*(now.replace(microsecond=0) + span for span in left)),
        left=TimeRange(*left),
        hours=HoursRange(*(_hours(spent.hours, more) for more in _ends(outcomes.worked))),
        from_runs=basis.runs,
        from_missions=basis.missions,
        others=basis.others,
    )


def _ends(outcome: Range) -> tuple[float, float, float]:
    return outcome.p10, outcome.p50, outcome.p90


def _usd(spent: Decimal, more: float) -> Decimal:
    return rounded("usd", spent + Decimal(str(more)))


def _hours(spent: Decimal, minutes: float) -> Decimal:
    return spent + seconds_as_hours(minutes * 60)


def _with_deadline(found: Forecast, mission: Mission, until: timedelta | None, took: timedelta | None) -> Forecast:
    """Add how much of the work is done, and whether the mission will miss its deadline."""
    done, planned = counts(mission.features())
    found = replace(found, done=done, planned=planned, took=took)
    known = done >= _FEWEST_DONE or found.from_missions
    if mission.status is not MissionStatus.ACTIVE or until is None or until <= timedelta(0) or not known:
        return found
    late = found.left.p50 - until
    if late <= timedelta(0):
        return found
    return replace(found, misses_by=late, at_least=max(found.left.p10 - until, timedelta(0)))
