"""The discussion of a plan in words: what it would cost, what is odd about it, and what its last change was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.shown import dollars, hours, quantity_of, tokens
from mission_cli._support.text import show_duration
from mission_cli.surfaces.views.text import forecast_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.plannings.results import LastChange, Prospect
    from mission_cli.app.results.outlook import Forecast

NOTHING = "nothing has changed"


def forecast_of(prospect: Prospect | None) -> str:
    """Return what the mission would cost and how long it would take; empty if nothing is known."""
    if prospect is None or prospect.forecast is None:
        return ""
    return f"forecast: {forecast_words(prospect.forecast)}"


def oddities(prospect: Prospect | None, path: str = "") -> list[str]:
    """Return what is odd about a plan, one line for each problem, with its place in the text."""
    found = prospect.problems if prospect is not None else ()
    if path:
        return [one.at(path) for one in found]
    return [f"line {one.line}: {one.message}" + (f" ({one.hint})" if one.hint else "") for one in found]


def change_of(change: LastChange, after: Forecast | None) -> list[str]:
    """Return the lines of a change: what it was, each difference by meaning, the totals, the forecast, its cost."""
    told = {"adjusted": "changed by the model", "edited": "edited", "set": "set"}[change.how]
    head = f"{told}: {change.wish}" if change.wish else told
    lines = [head, *(f"  {one.words}" for one in change.changes)] if change.changes else [head, f"  {NOTHING}"]
    lines += ["; ".join(one.words for one in change.totals)]
    shift = _shift(change.before, after)
    lines += [f"forecast: {shift}"] if shift else []
    paid = [quantity_of(unit, change.cost.of(unit)) for unit in ("usd", "tokens") if change.cost.of(unit)]
    unknown = ["an unknown amount"] if change.cost.unknown else []
    return [*lines, f"this change cost {' and '.join([*paid, *unknown])}"] if paid or unknown else lines


def _shift(before: Forecast | None, after: Forecast | None) -> str:
    """Return the middle and the ninth decile of money and time before and after a change."""
    if before is None or after is None:
        return ""
    parts = []
    if before.usd is not None and after.usd is not None:
        parts.append(_both("money", before.usd, after.usd, dollars))
    elif before.tokens is not None and after.tokens is not None:
        parts.append(_both("", before.tokens, after.tokens, tokens))
    parts.append(_both("work", before.hours, after.hours, hours))
    parts.append(_both("to go", before.left, after.left, show_duration))
    return ", ".join(parts)


def _both(name: str, before: Any, after: Any, show: Callable[[Any], str]) -> str:
    """Return two ranges of the same kind."""
    pairs = [(show(before.p50), show(after.p50)), (show(before.p90), show(after.p90))]
    shown = [f"{old} → {new}" if old != new else new for old, new in pairs]
    return f"{name} {shown[0]} (9 of 10 below {shown[1]})".strip()
