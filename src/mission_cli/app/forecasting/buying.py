"""What missions of a size cost, what a budget buys, and which caps a mission needs."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.shown import quantity_of
from mission_cli.app.forecasting.currency import converted
from mission_cli.app.forecasting.expected import basis_of, figures_of
from mission_cli.app.forecasting.forecast import forecast_before, shown, worker_of
from mission_cli.app.forecasting.history import past_of, pasts_of, records_in
from mission_cli.app.forecasting.results import (
    Bargain,
    Estimate,
    Estimates,
    Level,
    MissionForecast,
    Recommended,
)
from mission_cli.app.given import configured_runner
from mission_cli.app.results.outlook import Bought
from mission_cli.domain.budget.amounts import CATEGORIES, as_cap
from mission_cli.domain.budget.ledger import KEYS, Totals, account
from mission_cli.domain.errors import BlockedError, MissionError, UsageError
from mission_cli.domain.forecast.simulate import FEWEST_RUNS, simulate
from mission_cli.domain.forecast.work import planned_work, spread_evenly
from mission_cli.domain.ids import MissionId, milestone_of
from mission_cli.domain.mission import Mission
from mission_cli.domain.notice import Notice, do
from mission_cli.engine.context import policy_of
from mission_cli.ports.git.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.forecasting.expected import Basis
    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.forecast.figures import Figures
    from mission_cli.domain.forecast.outcomes import Outcomes
    from mission_cli.domain.forecast.work import Work
    from mission_cli.domain.mission import Feature
    from mission_cli.engine.context import Context

_USUAL_SIZES = (1, 3, 5, 10, 20)
_MOST_FEATURES = 200
_A_MILESTONE = 4
"""Features of a milestone, where only the number of features is known."""
_MOST_BOUGHT = 60
_ALL_PCT = 100
_MINUTES = 60
_P10, _P50, _P90 = range(3)
CHANCES = ("safe", "likely", "stretch", "out")
"""In 9 of 10 cases, in half, in 1 of 10, in fewer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A level of outcome; `percent` of the features that a goal names are needed for it."""

    name: str
    percent: int
    contains: tuple[str, ...]


LEVELS = (
    Step("working", 100, ("the features of the goal, each with its criteria",)),
    Step("complete", 150, ("tests of whole journeys", "documentation", "errors that users can act on")),
    Step("polished", 225, ("deployment", "monitoring", "performance, security and accessibility")),
)
"""Each adds a milestone: half as many features again, and then half as many as there are by then."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does the work; empty: as usual."""

    runner: str = ""
    model: str = ""


USUAL = By()


def estimates(ctx: Context, features: int | None, milestones: int | None, by: By = USUAL) -> Estimates:
    """Return what missions of some sizes cost, from their numbers of features alone. Raises UsageError."""
    if features is not None and not 1 <= features <= _MOST_FEATURES:
        raise UsageError(f"{features} is not a number of features", hint=f"write 1 to {_MOST_FEATURES}")
    if milestones is not None and features is not None and not 1 <= milestones <= features:
        raise UsageError(f"{milestones} is not a number of milestones", hint=f"write 1 to {features}")
    (basis, figures), sizes = _known(ctx, None, by), (features,) if features is not None else _USUAL_SIZES

    def estimate(size: int, stages: int) -> Estimate:
        work = planned_work(spread_evenly(size, stages), policy_of(ctx).parallel(None, "full"))
        outcomes = simulate(work, figures, f"{size} features")
        return Estimate(size, stages, shown(basis, outcomes, Totals(), ctx.clock.now()))

    made = [estimate(size, milestones or -(-size // _A_MILESTONE)) for size in sizes]
    parts = [level.contains for level in LEVELS]
    levels = [
        Level(
            level.name,
            level.contains,
            [one for later in parts[at + 1 :] for one in later],
            estimate(-(-features * level.percent // _ALL_PCT), (milestones or -(-features // _A_MILESTONE)) + at),
        )
        for at, level in enumerate(LEVELS)
        if features is not None
    ]
    return Estimates(made, levels)


def mission_forecast(ctx: Context, address: Address) -> MissionForecast:
    """Return what a mission will cost, beside its caps."""
    mission, spent = address.mission, _spent(ctx, address)
    found = forecast_before(ctx, ctx.state.snapshot(), mission)
    notices = []
    for category, high in _needed(found).items():
        cap = caps_of(mission)[category]
        if cap is not None and high > cap:
            words = f"nine of ten such missions use at most {quantity_of(category, high)}, and its cap is "
            remedy = do("set", mission.id, KEYS[category], f"{as_cap(category, high):f}")
            notices.append(Notice(words + quantity_of(category, cap), remedy))
    usd = found.usd if found is not None else None
    ranges = {} if usd is None else {"p10": usd.p10, "p50": usd.p50, "p90": usd.p90}
    return MissionForecast(
        mission.id,
        found,
        caps_of(mission),
        {category: spent.of(category) for category in CATEGORIES},
        converted(ctx.settings.currency, spent=spent.usd, cap=mission.limits.usd, **ranges),
        notices,
    )


def recommended(ctx: Context, address: Address) -> Recommended:
    """Return caps with which nine of ten such missions end before the threshold at which they pause."""
    mission = address.mission
    found = forecast_before(ctx, ctx.state.snapshot(), mission)
    share = Decimal(_ALL_PCT) / min(mission.limits.alert_pct, Decimal(_ALL_PCT))
    caps = {category: as_cap(category, high * share) for category, high in _needed(found).items()}
    commands = [str(do("set", mission.id, KEYS[category], f"{cap:f}")) for category, cap in caps.items()]
    return Recommended(mission.id, caps, commands, found)


def bargain(ctx: Context, budget: Mapping[str, Decimal], address: Address | None, by: By = USUAL) -> Bargain:
    """Return how many features a budget pays for: those of a mission in their order, or any. Raises BlockedError."""
    mission = address.mission if address is not None else None
    basis, figures = _known(ctx, address, by)
    todo = _in_order(mission) if mission is not None else []
    spent = _spent(ctx, address) if address is not None else Totals()
    left = {category: float(amount - spent.of(category)) for category, amount in budget.items()}
    if mission is not None and not todo:
        raise BlockedError(f"{mission.id} has no open features", hint=do("budget", "report", mission.id))
    preferred = mission.preferences.max_parallel_workers if mission is not None else None
    workers = policy_of(ctx).parallel(preferred, mission.mode if mission is not None else "full")
    seed, runs = (mission.id, None) if mission is not None else ("", FEWEST_RUNS)

    @cache
    def outcome(count: int) -> Outcomes:
        return simulate(_first(todo, count, workers), figures, seed, runs=runs)

    counts = [_most(len(todo) or _MOST_BOUGHT, outcome, left, place) for place in (_P90, _P50, _P10)]
    names = [f"{feature.number} {feature.title}" for feature in todo]
    bounds = [0, *accumulate(counts, max), max(len(names), *counts)]
    bought = [
        Bought(chance, end - begin, names[begin:end])
        for chance, begin, end in zip(CHANCES, bounds, bounds[1:], strict=False)
    ]
    return Bargain(mission.id if mission else "", dict(budget), bought, basis.runs, basis.others)


def menu(ctx: Context, address: Address, found: Forecast | None) -> Sequence[Bought]:
    """Return which open features the caps of a mission pay for, if its forecast says that these may be too low."""
    caps, needed = caps_of(address.mission), _needed(found)
    budget = {category: cap for category, cap in caps.items() if cap is not None and category in needed}
    short = any(needed[category] > cap for category, cap in budget.items())
    return bargain(ctx, budget, address).bought if short and _in_order(address.mission) else ()


def _known(ctx: Context, address: Address | None, by: By) -> tuple[Basis, Figures]:
    """Return the figures for a mission, or for any new one with a runner. Raises BlockedError if nothing is known."""
    if by.runner:
        configured_runner(ctx, by.runner)
    mission = address.mission if address is not None else Mission(MissionId(""), "", None)
    snapshot = _committed(ctx)
    records = []
    if address is not None and snapshot.head is not None:
        records = records_in(ctx.state.runs(address.stored, snapshot.head))
    mine = past_of(mission, records, planning=False)
    worker = worker_of(ctx, mission, by.runner, by.model)
    pasts = pasts_of(ctx, snapshot, mission.id)
    basis = basis_of(pasts, mine, worker)
    if basis is None:
        name = worker.model or "the default runner"
        raise BlockedError(
            f"nothing is known about {name}: no two attempts have ended here",
            hint="name an agent that is configured: --runner NAME",
        )
    return basis, figures_of(pasts, mine, worker)


def _committed(ctx: Context) -> Snapshot:
    """Return what is committed; nothing in a repository that has no missions yet."""
    try:
        return ctx.state.snapshot()
    except MissionError:
        return Snapshot(None)


def _spent(ctx: Context, address: Address) -> Totals:
    head = ctx.state.head()
    records = records_in(ctx.state.runs(address.stored, head)) if head is not None else []
    return account(address.mission.limits, address.mission.spends, records, purchases=address.mission.purchases).spent


def caps_of(mission: Mission) -> dict[str, Decimal | None]:
    """Return the caps of a mission by category."""
    limits = mission.limits
    return {"usd": limits.usd, "hours": limits.hours, "tokens": limits.tokens}


def _needed(found: Forecast | None) -> dict[str, Decimal]:
    """Return what nine of ten missions use at most, by category, as far as that is known."""
    if found is None:
        return {}
    usd = {"usd": found.usd.p90} if found.usd is not None else {}
    tokens = {"tokens": Decimal(found.tokens.p90)} if found.tokens is not None else {}
    return {**usd, "hours": found.hours.p90, **tokens}


def _in_order(mission: Mission) -> list[Feature]:
    """Return the open features in the order in which they can be done."""
    todo = [f for m in mission.milestones if not m.finished for f in m.features if not f.finished]
    found: list[Feature] = []
    while todo:
        waiting = {feature.number for feature in todo}
        ready = next((f for f in todo if not waiting.intersection(f.depends)), todo[0])
        found.append(ready)
        todo.remove(ready)
    return found


def _first(todo: Sequence[Feature], count: int, workers: int) -> Work:
    """Return the work of the first features of a mission, or of any mission with so many."""
    if not todo:
        return planned_work(spread_evenly(count, -(-count // _A_MILESTONE)), workers)
    stages = Counter(milestone_of(feature.number) for feature in todo[:count])
    return planned_work([stages[number] for number in sorted(stages)], workers)


def _most(limit: int, outcome: Callable[[int], Outcomes], left: Mapping[str, float], place: int) -> int:
    """Return how many features fit into the rest of the budget, by bisection; `place`: at P10, P50 or P90."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        fits = _fits(outcome(middle), left, place)
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _fits(outcome: Outcomes, left: Mapping[str, float], place: int) -> bool:
    for category, amount in left.items():
        found = {"usd": outcome.usd, "tokens": outcome.tokens, "hours": outcome.worked}[category]
        if found is None:
            words = {"usd": "dollars", "tokens": "tokens"}[category]
            raise BlockedError(
                f"it is not known what a feature costs in {words} here",
                hint="name a model whose price is known (--model), or give hours or tokens",
            )
        used = (found.p10, found.p50, found.p90)[place]
        if used / (_MINUTES if category == "hours" else 1) > amount:
            return False
    return True
