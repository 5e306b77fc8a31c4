"""How good forecasts are: each ended mission, forecast from its plan and the missions that had ended before it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.forecasting.expected import basis_of, figures_of
from mission_cli.app.forecasting.forecast import shown, worker_of
from mission_cli.app.forecasting.history import MOST_MISSIONS, past_of, records_in
from mission_cli.app.forecasting.results import Accuracy, Checked
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import Totals, account
from mission_cli.domain.forecast.simulate import simulate
from mission_cli.domain.forecast.work import planned_work
from mission_cli.domain.status import FeatureStatus, MissionStatus
from mission_cli.engine.context import policy_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.forecast.figures import Past
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

_RUNS = 400


def accuracy(ctx: Context) -> Accuracy:
    """Return the comparison for the completed missions of this repository, the oldest first."""
    found: list[Checked] = []
    pasts: list[Past] = []
    for mission, past, spent in _ended(ctx):
        checked = _checked(ctx, mission, past, pasts, spent)
        if checked is not None:
            found.append(checked)
        pasts.append(past)
    pairs = {category: [pair for one in found if (pair := _pair(one, category)) is not None] for category in CATEGORIES}
    return Accuracy(
        found,
        {category: len(known) for category, known in pairs.items()},
        {category: sum(used <= p50 for used, p50, _ in known) for category, known in pairs.items()},
        {category: sum(used <= p90 for used, _, p90 in known) for category, known in pairs.items()},
    )


def _ended(ctx: Context) -> Iterator[tuple[Mission, Past, Totals]]:
    """Yield the completed missions with what they used, in the order in which they were completed."""
    snapshot, found = ctx.state.snapshot(), []
    for name in sorted(snapshot.missions)[-MOST_MISSIONS:]:
        stored = snapshot.missions[name]
        mission = load_placed(stored.text, stored.id).mission
        if mission.status is MissionStatus.COMPLETED and snapshot.head is not None:
            records = records_in(ctx.state.runs(stored, snapshot.head))
            past = past_of(mission, records)
            if past is not None and past.planned:
                found.append((mission, past, account(mission.limits, mission.spends, records).spent))
    yield from sorted(found, key=lambda one: (one[0].completed, one[0].id))


def _checked(ctx: Context, mission: Mission, past: Past, before: Sequence[Past], spent: Totals) -> Checked | None:
    worker = replace(worker_of(ctx, mission), model=past.model)
    basis = basis_of(before, None, worker)
    if basis is None:
        return None
    planned = [
        sum(1 for f in milestone.features if not f.fixes and f.status is FeatureStatus.DONE)
        for milestone in mission.milestones
    ]
    workers = policy_of(ctx).parallel(mission.preferences.max_parallel_workers, mission.mode)
    work = planned_work([count for count in planned if count], workers)
    ahead = shown(
        basis, simulate(work, figures_of(before, None, worker), mission.id, runs=_RUNS), Totals(), ctx.clock.now()
    )
    return Checked(
        mission.id,
        past.planned,
        len(before),
        ahead.usd,
        ahead.tokens,
        ahead.hours,
        None if spent.unknown else spent.usd,
        int(spent.tokens) or None,
        spent.hours,
    )


def _pair(one: Checked, category: str) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return what was used, P50 and P90; None if one of them is unknown."""
    ahead = {"usd": one.usd, "tokens": one.tokens, "hours": one.hours}[category]
    used = {"usd": one.used_usd, "tokens": one.used_tokens, "hours": one.used_hours}[category]
    return None if ahead is None or used is None else (Decimal(used), Decimal(ahead.p50), Decimal(ahead.p90))
