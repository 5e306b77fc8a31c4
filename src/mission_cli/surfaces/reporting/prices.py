"""What `mission budget prices` prints, as text and as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mission_cli._support.shown import plain_number
from mission_cli._support.text import counted
from mission_cli.surfaces.lines import columns, line, plain, said
from mission_cli.surfaces.reporting.budget import cell

if TYPE_CHECKING:
    from decimal import Decimal

    from mission_cli.app.forecasting.results import PriceOf, PricesShown

_HEAD = ("model", "input", "output", "cache read", "cache write", "prices of")


def prices_text(found: PricesShown) -> str:
    """Return a row for each model, and where the prices are from."""
    rows = []
    if found.prices:
        table = [_HEAD, *((said(one.model), *map(_amount, _of(one)), one.table or "unknown") for one in found.prices)]
        made = plain(columns([[line(text) for text in row] for row in table]))
        rows = [*(text.rstrip() for text in made.splitlines()), ""]
    if found.more:
        rows.append(f"and {counted(found.more, 'more model')}")
    rows.append(f"dollars per million tokens, of {counted(found.known, 'known model')}, from {said(found.source)}")
    return "\n".join([*rows, f"table of {found.date}: {said(found.place)}"])


def prices_csv(found: PricesShown) -> str:
    """Return a row for each model."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["model", "input", "output", "cache_read", "cache_write", "table"])
    for one in found.prices:
        amounts = ["" if amount is None else plain_number(amount) for amount in _of(one)]
        writer.writerow([cell(one.model), *amounts, cell(one.table)])
    return out.getvalue()


def _of(one: PriceOf) -> tuple[Decimal | None, ...]:
    return one.input, one.output, one.cache_read, one.cache_write


def _amount(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${plain_number(amount)}"
