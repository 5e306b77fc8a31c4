"""Small pieces that every view uses: bars, amounts, colors of statuses."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from mission_cli._support.text import parse_stamp
from mission_cli.domain.budget.amounts import show_amount
from mission_cli.engine.halt import LIFT
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.app.results.views import Money
    from mission_cli.domain.runs import Tally
    from mission_cli.ports.runtime import Stopped

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
_CENT = Decimal("0.01")


def status(word: str, width: int = 0) -> Text:
    """Return a status word in its color."""
    return Text(clean(word).ljust(width), style=_COLOURS.get(word, ""))


def bar(share: float, width: int = _BAR) -> str:
    """Return a bar for a share from 0 to 1; more than 1 is shown as full."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "█" * full + "░" * (width - full)


def stopped_line(stopped: Stopped) -> Text:
    """Return the first line of every view while STOP is set: since when, in local time, and by whom."""
    moment = parse_stamp(stopped.since)
    since = stopped.since
    if moment is not None:
        local = moment.astimezone()
        since = f"{local:%H:%M}" if local.date() == datetime.now(UTC).astimezone().date() else f"{local:%Y-%m-%d %H:%M}"
    by = f" by {clean(stopped.by)}" if stopped.by else ""
    return Text(f"STOPPED since {clean(since)}{by}: lift it with `{LIFT}`", style="bold red")


def so_far(tally: Tally | None) -> str:
    """Return text such as `$0.12 so far, edit src/app.py`; parts that are not known are left out."""
    if tally is None:
        return ""
    if tally.usd:
        used = f"{_rounded(tally.usd)} so far"
    elif tally.total_tokens:
        used = f"{tally.total_tokens} tokens so far"
    else:
        used = "cost unknown so far" if tally.usd is None else ""
    return ", ".join(filter(None, (used, clean(tally.action))))


def money(category: str, amounts: Money, running: Decimal | None = None) -> str:
    """Return text such as `$1.20 + $0.12 running of $20, $0.50 held`; parts that are zero are left out."""
    words = show_amount(category, amounts.spent)
    if running:
        words += f" + {_rounded(running) if category == 'usd' else show_amount(category, running)} running"
    if amounts.cap:
        words += f" of {show_amount(category, amounts.cap)}"
    if amounts.reserved:
        words += f", {show_amount(category, amounts.reserved)} held"
    if amounts.unknown_runs:
        words += f", {amounts.unknown_runs} unknown"
    return words


def _rounded(usd: Decimal) -> str:
    """Return dollars that still change: in cents, and less than one cent as it is."""
    return f"${usd:.2f}" if usd >= _CENT else show_amount("usd", usd)
