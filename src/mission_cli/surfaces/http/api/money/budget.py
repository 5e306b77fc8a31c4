"""Operations on budgets: the same results as `mission budget`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.app.forecasting import results
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http.api.operation import Field, Operation
from mission_cli.surfaces.http.api.posting import changed, post

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.app.results.changes import Changed
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.api.operation import Call, Everything

_MOST_TOKENS = 10**12


def _report(call: Call) -> Any:
    from mission_cli.app.forecasting.spending import budget_report

    return budget_report(call.ctx, call.address()[1])


def _forecast(call: Call) -> Any:
    from mission_cli.app.forecasting.buying import mission_forecast

    return mission_forecast(call.ctx, call.address()[1])


def _recommend(call: Call) -> Any:
    from mission_cli.app.forecasting.buying import recommended

    return recommended(call.ctx, call.address()[1])


def _analyze(call: Call) -> Any:
    return _bought(call.ctx, call.address()[1], call)


def _analyze_any(everything: Everything) -> Any:
    return _bought(everything.only(), None, everything)


def _bought(ctx: Context, address: Address | None, asked: Call | Everything) -> Any:
    from mission_cli.app.forecasting.buying import By, bargain
    from mission_cli.app.forecasting.spending import budget_given

    given = asked.given
    budget = budget_given(ctx, {one: given.get(one, "") for one in CATEGORIES}, address)
    return bargain(ctx, budget, address, By(given.get("runner", ""), given.get("model", "")))


def _estimate(everything: Everything) -> Any:
    from mission_cli.app.forecasting.buying import By, estimates

    given = everything.given
    by = By(given.get("runner", ""), given.get("model", ""))
    return estimates(everything.only(), given.get("features"), given.get("milestones"), by)


def _accuracy(everything: Everything) -> Any:
    from mission_cli.app.forecasting.accuracy import accuracy

    return accuracy(everything.only())


def _record(call: Call) -> Changed:
    from mission_cli.app.forecasting.spending import record_spending

    amounts = {one: str(call.get(one)) for one in CATEGORIES}
    return changed(record_spending(call.ctx, call.mission, amounts, call.get("what"), call.get("milestone", None)))


def operations() -> tuple[Operation, ...]:
    """Return them."""
    one, read = "/missions/{id}", Scope.READ
    repo = Field("repo", "the repository, if the server has several")
    by = (
        Field("runner", "who does the work; default: that of new missions"),
        Field("model", "whose list price counts where no cost is known"),
    )
    abouts = ("US dollars, such as 60", "hours of all workers together, such as 8", "tokens of all kinds, such as 50M")
    amounts = tuple(zip(CATEGORIES, abouts, strict=True))
    budget = tuple(Field(name, about) for name, about in amounts)
    sizes = (
        Field("features", "how many it has; default: several sizes", "integer", least=1),
        Field("milestones", "in how many milestones; default: four features each", "integer", least=1),
    )
    return (
        Operation(
            *("get_budget", "GET", f"{one}/budget", "Show what it has spent, and list prices beside it.", read),
            *(results.BudgetReport, _report),
        ),
        Operation(
            *("get_forecast", "GET", f"{one}/budget/forecast", "Show what it will cost, beside its caps.", read),
            *(results.MissionForecast, _forecast),
        ),
        Operation(
            *("recommend_budget", "GET", f"{one}/budget/recommend", "Show caps that it needs.", read),
            *(results.Recommended, _recommend),
        ),
        Operation(
            *("analyze_mission_budget", "GET", f"{one}/budget/analyze", "Show how far a budget goes.", read),
            *(results.Bargain, _analyze),
            query=(*budget, *by),
        ),
        post(
            *("record_spending", f"{one}/budget/record", "Record what you have spent yourself.", Scope.MANAGE, _record),
            Field("what", "what it was spent on", required=True),
            *(Field(name, about, "scalar", most=_MOST_TOKENS) for name, about in amounts),
            Field("milestone", "for which milestone", "integer", least=1),
        ),
        Operation(
            *("estimate_budget", "GET", "/budget/estimate", "Show what a mission of a size costs.", read),
            *(results.Estimates, None, _estimate, (*sizes, *by, repo)),
        ),
        Operation(
            *("analyze_budget", "GET", "/budget/analyze", "Show how many features a budget pays for.", read),
            *(results.Bargain, None, _analyze_any, (*budget, *by, repo)),
        ),
        Operation(
            *("get_accuracy", "GET", "/budget/accuracy", "Compare ended missions with their forecasts.", read),
            *(results.Accuracy, None, _accuracy, (repo,)),
        ),
    )
