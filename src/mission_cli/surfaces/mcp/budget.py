"""The tools about budgets (`mission budget`): forecasts, estimates, what was spent, and what a person adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mission_cli._support.shown import quantity_of
from mission_cli.app.addressing import resolve
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.notice import do
from mission_cli.surfaces.mcp.desk import Answer
from mission_cli.surfaces.mcp.given import Given, OneMission
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.mcp.desk import Desk
    from mission_cli.surfaces.mcp.given import Nothing

_Usd = Annotated[str, Field(description="US dollars, such as 60.")]
_Hours = Annotated[str, Field(description="Hours of all workers together, such as 8.")]
_Tokens = Annotated[str, Field(description="Tokens of all kinds, such as 50M.")]
_Runner = Annotated[str, Field(description="Who does the work; empty: the runner of new missions.")]
_Model = Annotated[str, Field(description="Whose list price counts where no cost is known.")]


class Sizing(Given):
    """The size of a mission that has no plan yet."""

    features: Annotated[int | None, Field(description="How many it has; default: several sizes.")] = None
    milestones: Annotated[int | None, Field(description="In how many milestones; default: four features each.")] = None
    runner: _Runner = ""
    model: _Model = ""


class Buying(Given):
    """A budget, and whose features it pays for."""

    mission: Annotated[str, Field(description="Id of a mission; empty: any one. Default budget: its caps.")] = ""
    usd: _Usd = ""
    hours: _Hours = ""
    tokens: _Tokens = ""
    runner: _Runner = ""
    model: _Model = ""


class Recording(OneMission):
    """What the person has spent themselves."""

    what: Annotated[str, Field(description="What it was spent on.", min_length=1)]
    usd: _Usd = ""
    hours: _Hours = ""
    tokens: _Tokens = ""
    milestone: Annotated[int | None, Field(description="For which milestone; default: none.")] = None


def report(desk: Desk, given: OneMission) -> Answer:
    """Return what a mission has spent (`mission budget report`)."""
    from mission_cli.app.forecasting.spending import budget_report

    return Answer(budget_report(*_named(desk, given.mission)))


def forecast(desk: Desk, given: OneMission) -> Answer:
    """Return what a mission will cost (`mission budget forecast`)."""
    from mission_cli.app.forecasting.buying import mission_forecast

    return Answer(mission_forecast(*_named(desk, given.mission)))


def recommend(desk: Desk, given: OneMission) -> Answer:
    """Return caps that a mission needs (`mission budget recommend`)."""
    from mission_cli.app.forecasting.buying import recommended

    return Answer(recommended(*_named(desk, given.mission)))


def estimate(desk: Desk, given: Sizing) -> Answer:
    """Return what missions of a size cost (`mission budget estimate`)."""
    from mission_cli.app.forecasting.buying import By, estimates

    by = By(given.runner, given.model)
    return Answer(estimates(desk.look().context, given.features, given.milestones, by))


def analyze(desk: Desk, given: Buying) -> Answer:
    """Return how many features a budget pays for (`mission budget analyze`)."""
    from mission_cli.app.forecasting.buying import By, bargain
    from mission_cli.app.forecasting.spending import budget_given

    ctx = desk.look().context
    address = _named(desk, given.mission)[1] if given.mission else None
    budget = budget_given(ctx, {one: getattr(given, one) for one in CATEGORIES}, address)
    return Answer(bargain(ctx, budget, address, By(given.runner, given.model)))


def accuracy(desk: Desk, given: Nothing) -> Answer:
    """Return how good forecasts of ended missions would have been (`mission budget accuracy`)."""
    from mission_cli.app.forecasting.accuracy import accuracy as compared

    del given
    return Answer(compared(desk.look().context))


def record(desk: Desk, given: Recording) -> Answer:
    """Record what the person has spent themselves (`mission budget record`); it counts as spent."""
    from mission_cli.app.forecasting.spending import record_spending, spending_given

    opened = desk.open()
    address = resolve(opened.context.state.snapshot(), given.mission)
    mission = address.mission
    amounts = {one: getattr(given, one) for one in CATEGORIES}
    about, spent = spending_given(opened.context, address, amounts, given.what, given.milestone)
    shown = " and ".join(quantity_of(one, amount) for one, amount in spent.items())
    flags = [word for one, text in amounts.items() if text.strip() for word in (f"--{one}", text)]
    flags += ["--milestone", str(given.milestone)] if given.milestone is not None else []
    text = f"Record that {mission.id} ({clean(mission.title)}) has cost {shown}, for {clean(about)}?"
    opened = desk.confirm(opened, text, do("budget", "record", mission.id, given.what, *flags))
    done = record_spending(opened.context, mission.id, amounts, given.what, given.milestone)
    return desk.finish(opened, done)


def _named(desk: Desk, mission: str) -> tuple[Context, Address]:
    ctx = desk.look().context
    address = resolve(ctx.state.snapshot(), mission)
    address.need_whole()
    return ctx, address
