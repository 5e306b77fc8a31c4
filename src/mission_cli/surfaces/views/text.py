"""Small pieces that every view uses: bars, amounts, colours of statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from mission_cli.budget.amounts import show_amount
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.engine.queries import Money

_COLOURS = {
    "active": "cyan",
    "dispatched": "cyan",
    "validating": "cyan",
    "review": "blue",
    "done": "green",
    "passed": "green",
    "completed": "green",
    "failed": "red",
    "blocked": "red",
    "could-not-run": "red",
    "waiting": "yellow",
    "waiting_human": "yellow",
    "waiting_external": "yellow",
    "paused": "yellow",
    "recovering": "yellow",
    "skipped": "dim",
    "pending": "dim",
    "planning": "dim",
}
_BAR = 20


def status(word: str, width: int = 0) -> Text:
    """Return a status word in its colour."""
    return Text(clean(word).ljust(width), style=_COLOURS.get(word, ""))


def bar(share: float, width: int = _BAR) -> str:
    """Return a bar for 0 to 1; more than 1 is full."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "█" * full + "░" * (width - full)


def money(category: str, amounts: Money) -> str:
    """Return `$1.20 of $20, $0.50 held`, as far as there is something to say."""
    words = show_amount(category, amounts.spent)
    if amounts.cap:
        words += f" of {show_amount(category, amounts.cap)}"
    if amounts.reserved:
        words += f", {show_amount(category, amounts.reserved)} held"
    if amounts.unknown_runs:
        words += f", {amounts.unknown_runs} unknown"
    return words
