"""What the tokens of a settled attempt cost by list prices, recorded with the day of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.budget.amounts import rounded
from mission_cli.planner.core.moves.features import Settle

if TYPE_CHECKING:
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition


def with_prices(ctx: Context, move: Transition) -> Transition:
    """Return a settlement with list prices in its record; any other transition as it is."""
    return replace(move, record=priced(ctx, move.record)) if isinstance(move, Settle) else move


def priced(ctx: Context, record: RunRecord) -> RunRecord:
    """Return a record with what its tokens cost by list prices; as it is where no price is known, or one is noted."""
    if record.priced or not record.model or not record.usage.total_tokens:
        return record
    prices = ctx.prices.prices(record.model)
    cost = prices.cost(record.usage.tokens)
    return record if cost is None else replace(record, listed_usd=rounded("usd", cost), priced=prices.table)
