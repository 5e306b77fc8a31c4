"""What a person should know before a mission starts: its likely cost, estimates above caps, and a missing schedule."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli.app.addressing import resolve
from mission_cli.app.forecasting.buying import menu
from mission_cli.app.forecasting.forecast import forecast_before
from mission_cli.app.results.outlook import LikelyCost, Outlook
from mission_cli.document.reading.placed import load_placed
from mission_cli.document.runs.record import read_run
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.notice import Notice, do
from mission_cli.domain.status import FeatureStatus
from mission_cli.engine.guards.health import NO_PULSE, is_scheduled, start_pulses
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

_FEWEST = 5
"""Done features with a known cost; with fewer of them, nothing is said about the cost."""
_MOST_MISSIONS = 50
_DRAWS = 2000
_CENT = Decimal("0.01")


def outlook(ctx: Context, mission: Mission) -> Outlook:
    """Return what is known about a mission before it starts."""
    snapshot = ctx.state.snapshot()
    cost = likely_cost(list(_costs(ctx, snapshot)), sum(1 for _ in _open(mission)))
    hours, unestimated = estimated_hours(mission)
    scheduled = is_scheduled(ctx)
    ahead = forecast_before(ctx, snapshot, mission)
    notices = [
        *_above_caps(mission, cost, hours, ahead),
        *_without_forge(ctx, mission),
        *([] if scheduled else [_unscheduled(mission)]),
    ]
    paid = menu(ctx, resolve(snapshot, mission.id), ahead) if mission.id in snapshot.missions else ()
    return Outlook(cost, hours, unestimated, scheduled, notices, ahead, paid)


def likely_cost(done: Sequence[Decimal], features: int) -> LikelyCost | None:
    """Return the range of the cost of a number of features, drawn from those that are done.

    The draws are the same each time: the same history gives the same range.
    """
    if len(done) < _FEWEST or not features:
        return None
    draw = random.Random(0)  # noqa: S311 - statistics, no secret
    sums = sorted(sum(draw.choices(done, k=features), Decimal(0)) for _ in range(_DRAWS))
    middle, high = (sums[_DRAWS * share // 100].quantize(_CENT) for share in (50, 90))
    return LikelyCost(middle, high, len(done))


def estimated_hours(mission: Mission) -> tuple[Decimal, int]:
    """Return the sum of the estimates of what is open, and how many open features have none.

    Where a feature has none, the estimate of its milestone counts for all its features.
    """
    total, unknown = Decimal(0), 0
    for milestone in mission.milestones:
        features = [feature for feature in milestone.features if not feature.finished]
        known = [f.estimate_hours for f in features if f.estimate_hours is not None]
        if len(known) < len(features) and milestone.estimate_hours is not None:
            known = [milestone.estimate_hours]
        elif len(known) < len(features):
            unknown += len(features) - len(known)
        total += sum(known, Decimal(0))
    return total, unknown


def _unscheduled(mission: Mission) -> Notice:
    return Notice(f"{NO_PULSE}: retries and later steps wait until you run one", start_pulses(mission.id))


def _without_forge(ctx: Context, mission: Mission) -> Iterator[Notice]:
    """Yield why no pull request can be opened, if the file asks for some."""
    if proposing(mission) is not Proposing.NONE and (why := ctx.forge.ready()):
        yield Notice(f"no pull request can be opened: {why}", do("doctor"))


def _above_caps(mission: Mission, cost: LikelyCost | None, hours: Decimal, ahead: Forecast | None) -> Iterator[Notice]:
    limits = mission.limits
    if hours and limits.hours is not None and hours > limits.hours:
        words = f"its features are estimated at {quantity_of('hours', hours)}, and its cap is "
        key = "budget.time_hours"
        yield Notice(words + quantity_of("hours", limits.hours), do("set", mission.id, key, f"{hours.normalize():f}"))
    p50, p90 = (cost.p50_usd, cost.p90_usd) if cost is not None else (None, None)
    if ahead is not None and ahead.usd is not None:
        p50, p90 = ahead.usd.p50.quantize(_CENT), ahead.usd.p90.quantize(_CENT)
    if p50 is not None and limits.usd is not None and p50 > limits.usd:
        words = f"it will cost about {quantity_of('usd', p50)}, and its cap is "
        key = "budget.money_usd"
        yield Notice(words + quantity_of("usd", limits.usd), do("set", mission.id, key, f"{p90:f}"))


def _open(mission: Mission) -> Iterator[object]:
    return (feature for feature in mission.features() if not feature.finished)


def _costs(ctx: Context, snapshot: Snapshot) -> Iterator[Decimal]:
    """Yield what each done feature of the latest missions has cost, with all its attempts, where that is known."""
    if snapshot.head is None:
        return
    for stored in sorted(snapshot.missions.values(), key=lambda one: one.id)[-_MOST_MISSIONS:]:
        records = [r for text in ctx.state.runs(stored, snapshot.head).values() if (r := read_run(text)) is not None]
        if records:
            mission = load_placed(stored.text, stored.id).mission
            done = {f.number for f in mission.features() if f.status is FeatureStatus.DONE}
            yield from _by_feature(r for r in records if not r.planning and r.feature in done)


def _by_feature(records: Iterable[RunRecord]) -> Iterator[Decimal]:
    totals: dict[str, Decimal | None] = {}
    for record in records:
        before, usd = totals.get(record.feature, Decimal(0)), record.usage.usd
        totals[record.feature] = None if before is None or usd is None else before + usd
    yield from (total for total in totals.values() if total)
