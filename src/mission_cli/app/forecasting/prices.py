"""Prices of models: of those that runners use, or of those with a name; and how the user's table is updated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import did_you_mean
from mission_cli.app.forecasting.results import PriceOf, PricesShown
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.notice import do
from mission_cli.ports.agents.usage import KINDS_OF_PRICE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.engine.context import Context

_MILLION = 1_000_000
_MOST = 50


def prices_shown(ctx: Context, model: str) -> PricesShown:
    """Return the prices of models whose name contains a text; without one, of those that runners are set to use.

    Raises NotFoundError if no name contains it.
    """
    listed, table = ctx.prices.listed(), ctx.prices.told()
    if not model:
        names: Iterable[str] = dict.fromkeys(m for one in ctx.settings.runners.values() for m in one.models.values())
    else:
        found = [name for name in listed if model.lower() in name.lower() and name != model]
        exact = [model] if ("/" in model or not found) and ctx.prices.prices(model).per_token else []
        if not exact and not found:
            hint = did_you_mean(model, listed, f"prices of your own: [prices.{model!r}] in the settings")
            raise NotFoundError(f"no price of {model} is known", hint=hint)
        names = [*exact, *found]
    rows = [_price(ctx, name) for name in names]
    return PricesShown(
        date=table.date,
        source=table.source,
        place=table.place,
        known=table.models,
        prices=rows[:_MOST],
        more=max(0, len(rows) - _MOST),
    )


def _price(ctx: Context, model: str) -> PriceOf:
    prices = ctx.prices.prices(model)
    amounts = {kind: prices.per_token.get(kind) for kind in KINDS_OF_PRICE}
    return PriceOf(
        model, **{kind: None if one is None else one * _MILLION for kind, one in amounts.items()}, table=prices.table
    )


def prices_updated(ctx: Context, *, fetch: bool) -> str:
    """Write the user's table of prices anew; return what was done. Raises ToolError.

    Records that are settled keep the prices that they name.
    """
    before = ctx.prices.told()
    after = ctx.prices.update(ctx.clock.now(), fetch=fetch)
    words = f"{after.place}: prices of {after.models} models of {after.date}, from {after.source}"
    newer = f"; before: {before.date}" if before.date != after.date else ""
    return f"{words}{newer} → {do('budget', 'prices')}"
