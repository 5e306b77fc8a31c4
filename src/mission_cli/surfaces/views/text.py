"""Small pieces that every view uses: bars, amounts, colors of statuses, the line that says that STOP is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import clock, dollars, plain_number, quantity_of, tokens
from mission_cli._support.text import counted, parse_stamp, show_duration
from mission_cli.engine.halt import LIFT
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rich.text import Text

    from mission_cli.app.results.changes import Undone
    from mission_cli.app.results.outlook import Bought, Converted, Forecast
    from mission_cli.app.results.views import Money
    from mission_cli.domain.runs.usage import Tally
    from mission_cli.ports.runtime import Stopped

_COLORS = {
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


def color_of(word: str) -> str:
    """Return the style of a status word."""
    return _COLORS.get(word, "")


def bar(share: float, width: int = _BAR) -> str:
    """Return a bar for a share from 0 to 1; more than 1 is shown as full."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "█" * full + "░" * (width - full)


def undone_words(done: Undone) -> str:
    """Return which decision was taken back."""
    return f"{done.id}: undone: {done.subject}"


def stopped_words(stopped: Stopped) -> str:
    """Return the first line of every view while STOP is set: since when, in local time, and by whom."""
    moment = parse_stamp(stopped.since)
    since = stopped.since
    if moment is not None:
        since = clock(moment)
    by = f" by {clean(stopped.by)}" if stopped.by else ""
    return f"STOPPED since {clean(since)}{by}: lift it with `{LIFT}`"


def stopped_line(stopped: Stopped) -> Text:
    """Return that line for Rich."""
    from rich.text import Text

    return Text(stopped_words(stopped), style="bold red")


def so_far(tally: Tally | None) -> str:
    """Return text such as `$0.12 so far, edit src/app.py`; parts that are not known are left out."""
    if tally is None:
        return ""
    if tally.usd:
        used = f"{dollars(tally.usd)} so far"
    elif tally.total_tokens:
        used = f"{tokens(tally.total_tokens)} so far"
    else:
        used = "cost unknown so far" if tally.usd is None else ""
    return ", ".join(filter(None, (used, clean(tally.action))))


def money(category: str, amounts: Money, running: Decimal | None = None) -> str:
    """Return text such as `$1.20 of $20, running $0.12 of $0.50 reserved`, to stand behind the name of the category.

    Parts that are zero are left out.
    """
    words = quantity_of(category, amounts.spent)
    if amounts.cap:
        words += f" of {quantity_of(category, amounts.cap)}"
    if running:
        words += f", running {quantity_of(category, running)}"
    if amounts.reserved:
        words += f"{' of' if running else ','} {quantity_of(category, amounts.reserved)} reserved"
    if amounts.unknown_runs:
        words += f", cost of {counted(amounts.unknown_runs, 'attempt')} unknown"
    return words.replace(" tokens", "") if category == "tokens" else words


def currency_lines(found: Converted | None) -> list[str]:
    """Return the amounts in the currency of the settings, with its rate."""
    if found is None:
        return []
    parts = ", ".join(f"{name} {amount:,}" for name, amount in found.amounts.items() if amount or name == "spent")
    of = f" of {found.date}" if found.date else ""
    return [f"{found.code:<8}{parts} ($1 = {plain_number(found.rate)} {found.code}{of})"]


def forecast_words(found: Forecast) -> str:
    """Return cost and remaining time as the middle of the forecast, each with its range, and what it is based on."""
    parts = []
    if found.usd is not None:
        usd = found.usd
        parts.append(f"{dollars(usd.p50)} in all ({dollars(usd.p10)} to {dollars(usd.p90)} in 8 of 10 cases)")
    elif found.tokens is not None:
        used = found.tokens
        parts.append(f"{tokens(used.p50)} in all ({tokens(used.p10)} to {tokens(used.p90)} in 8 of 10 cases)")
    low, middle, high = (show_duration(span) for span in (found.left.p10, found.left.p50, found.left.p90))
    parts.append(f"{middle} to go ({low} to {high})")
    return f"{', '.join(parts)}; {basis_words(found.from_runs, found.others)}"


CHANCES = {
    "safe": "in 9 of 10 cases",
    "likely": "in half of all cases",
    "stretch": "in 1 of 10 cases",
    "out": "in fewer cases, or never",
}
"""How often a budget pays for features, by `Bought.chance`."""


def menu_words(menu: Sequence[Bought]) -> list[str]:
    """Return the numbers of the features that caps pay for, by how often they do."""
    found = [(CHANCES[one.chance], [name.partition(" ")[0] for name in one.names]) for one in menu if one.features]
    return [f"{', '.join(names)} {chance}" for chance, names in found]


def basis_words(runs: int, others: str) -> str:
    """Return what a forecast is based on, in words."""
    own = f"from {counted(runs, 'attempt')} here and" if runs else "no attempt has ended here yet: from"
    return f"{own} {others}"
