"""`mission budget`: what things cost, what a budget buys, what was spent, and how good forecasts were."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.surfaces.cli.commands.money.prices import limits, prices
from mission_cli.surfaces.cli.shell import Identity, Shell, command, group

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context

_Usd = Annotated[str, typer.Option("--usd", help="US dollars, for example 60.")]
_Hours = Annotated[str, typer.Option("--hours", help="Hours of all workers together, for example 8.")]
_Tokens = Annotated[str, typer.Option("--tokens", help="Tokens of all kinds, for example 50M.")]

_Runner = Annotated[str, typer.Option("--runner", help="Who does the work; default: that of new missions.")]
_Model = Annotated[str, typer.Option("--model", help="Whose list price counts where no cost is known.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "what-if", help="Show what the rest of a mission would cost if something were different.")(what_if)
    inner = group(app, "budget", "What missions cost, what a budget buys, and what was spent.")
    command(inner, "forecast", help="Show what a mission will cost and when it will be finished.")(forecast)
    command(inner, "estimate", help="Show what a mission of this size costs, before there is a plan.")(estimate)
    command(inner, "analyze", help="Show how many features a budget pays for.")(analyze)
    command(inner, "analyse", help="The same as analyze.", hidden=True)(analyze)
    command(inner, "recommend", help="Show caps that nine of ten such missions do not reach.")(recommend)
    command(inner, "report", help="Show what a mission has spent, and list prices beside it.")(report)
    command(inner, "record", help="Record what you have spent yourself; it counts against the caps.")(record)
    command(inner, "limits", help="Show what remains of budgets across missions, and when more is free.")(limits)
    command(inner, "prices", help="Show what models cost, and update the table of prices.")(prices)
    command(inner, "accuracy", help="Compare ended missions with what would have been forecast.")(accuracy)


def what_if(
    shell: Shell,
    mission: Identity = "",
    parallel: Annotated[int | None, typer.Option("--parallel", metavar="N", help="Workers at once.")] = None,
    runner: Annotated[str, typer.Option("--runner", help="Who does all of the work.")] = "",
    cap: Annotated[str, typer.Option("--cap", metavar="USD", help="The cap in US dollars.")] = "",
) -> int:
    """Show the forecast of a mission as it is, and with changes. Nothing is changed."""
    from mission_cli.app.forecasting.spending import amounts_given
    from mission_cli.app.forecasting.what_if import Changes
    from mission_cli.app.forecasting.what_if import what_if as compared
    from mission_cli.surfaces.reporting.budget import what_if_text

    ctx, address = _named(shell, mission)
    usd = amounts_given(ctx, {"usd": cap}, needed="").get("usd")
    found = compared(ctx, address, Changes(parallel, runner, usd))
    shell.show(what_if_text(found), found)
    return 0


def _named(shell: Shell, mission: str) -> tuple[Context, Address]:
    from mission_cli.app.addressing import resolve

    ctx = shell.open().context
    address = resolve(ctx.state.snapshot(), mission)
    address.need_whole()
    return ctx, address


def forecast(shell: Shell, mission: Identity = "") -> int:
    """Show the forecast of a mission."""
    from mission_cli.app.forecasting.buying import mission_forecast
    from mission_cli.surfaces.reporting.budget import forecast_text

    found = mission_forecast(*_named(shell, mission))
    shell.show(forecast_text(found), found)
    return 0


def estimate(
    shell: Shell,
    features: Annotated[
        int | None, typer.Argument(metavar="[FEATURES]", help="How many it has; default: several sizes.")
    ] = None,
    milestones: Annotated[
        int | None, typer.Option("--milestones", help="In how many milestones; default: four features each.")
    ] = None,
    runner: _Runner = "",
    model: _Model = "",
) -> int:
    """Show what missions of a size cost."""
    from mission_cli.app.forecasting.buying import By, estimates
    from mission_cli.surfaces.reporting.budget import estimates_text

    found = estimates(shell.open().context, features, milestones, By(runner, model))
    shell.show(estimates_text(found), found)
    return 0


def analyze(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="[ID]", help="Whose features; default: any mission.")] = "",
    usd: _Usd = "",
    hours: _Hours = "",
    tokens: _Tokens = "",
    runner: _Runner = "",
    model: _Model = "",
) -> int:
    """Show what a budget buys."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.forecasting.buying import By, bargain
    from mission_cli.app.forecasting.spending import budget_given
    from mission_cli.surfaces.reporting.budget import bargain_text

    ctx = shell.open().context
    address = resolve(ctx.state.snapshot(), mission) if mission else None
    if address is not None:
        address.need_whole()
    budget = budget_given(ctx, {"usd": usd, "hours": hours, "tokens": tokens}, address)
    found = bargain(ctx, budget, address, By(runner, model))
    shell.show(bargain_text(found), found)
    return 0


def recommend(shell: Shell, mission: Identity = "") -> int:
    """Show caps for a mission."""
    from mission_cli.app.forecasting.buying import recommended
    from mission_cli.surfaces.reporting.budget import recommended_text

    found = recommended(*_named(shell, mission))
    shell.show(recommended_text(found), found)
    return 0


def report(
    shell: Shell,
    mission: Identity = "",
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, a row for each attempt and each row by hand.")] = False,
) -> int:
    """Show what a mission has spent."""
    from mission_cli.app.forecasting.spending import budget_report
    from mission_cli.surfaces.reporting.budget import report_csv, report_text

    found = budget_report(*_named(shell, mission))
    if csv and not shell.as_json:
        sys.stdout.write(report_csv(found))
        return 0
    shell.show(report_text(found), found, long=True)
    return 0


def record(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")],
    what: Annotated[str, typer.Argument(metavar="WHAT", help="What it was spent on.")],
    usd: _Usd = "",
    hours: Annotated[str, typer.Option("--hours", help="Hours, for example 1.5.")] = "",
    tokens: _Tokens = "",
    milestone: Annotated[int | None, typer.Option("--milestone", help="For which milestone; default: none.")] = None,
) -> int:
    """Record what was spent by hand."""
    from mission_cli.app.forecasting.spending import record_spending
    from mission_cli.surfaces.cli.commands.lifecycle import finish

    opened = shell.open()
    amounts = {"usd": usd, "hours": hours, "tokens": tokens}
    return finish(shell, opened, record_spending(opened.context, mission, amounts, what, milestone))


def accuracy(
    shell: Shell, csv: Annotated[bool, typer.Option("--csv", help="As CSV, a row for each mission.")] = False
) -> int:
    """Compare ended missions with their forecasts."""
    from mission_cli.app.forecasting.accuracy import accuracy as compared
    from mission_cli.surfaces.reporting.budget import accuracy_csv, accuracy_text

    found = compared(shell.open().context)
    if csv and not shell.as_json:
        sys.stdout.write(accuracy_csv(found))
        return 0
    shell.show(accuracy_text(found), found, long=True)
    return 0
