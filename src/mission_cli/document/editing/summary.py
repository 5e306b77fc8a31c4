"""Compute the summary table of the budget from the caps and the spend log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import Change, SetCell
from mission_cli.document.reading.sections import rows_in
from mission_cli.domain.budget.amounts import (
    LABELS,
    category_of,
    show_amount,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.budget.ledger import Account


def summary_cells(loaded: Loaded, state: Account) -> Iterator[Change]:
    """Yield the changes that set the cells of the summary table."""
    for row in rows_in(loaded.layout, "Budget Tracking", "category", "spent"):
        category = category_of(row["category"])
        if category not in LABELS:
            continue
        cap, spent = state.cap(category), state.spent.of(category)
        used = state.used_pct(category)
        unknown = f" + {state.spent.unknown} unknown" if category == "usd" and state.spent.unknown else ""
        cells = {
            "Budget": "none" if cap is None else show_amount(category, cap),
            "Spent": show_amount(category, spent) + unknown,
            "Remaining": "-" if cap is None else show_amount(category, cap - spent),
            "% Used": "-" if used is None else f"{used:.0f}%",
        }
        for column, value in cells.items():
            if column.casefold() in row.table.columns:
                yield SetCell("Budget Tracking", {"Category": row["category"]}, column, value)
