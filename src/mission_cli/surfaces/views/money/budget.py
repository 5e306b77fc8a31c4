"""The budget of a mission in lines: what is spent, reserved and forecast."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.surfaces.lines import flow, line, paragraph
from mission_cli.surfaces.views.text import bar, currency_lines, forecast_words, money

if TYPE_CHECKING:
    from mission_cli.app.results.views import MissionView, Money
    from mission_cli.surfaces.lines import Line

_NAMES = {"usd": "money", "hours": "time", "tokens": "tokens"}
_SMALL_BAR = 10
_NAME = 8
_AFTER = 9


def budget_lines(view: MissionView, width: int) -> list[Line]:
    """Return a line each for money, time and tokens; without one for what is neither capped nor used."""
    found: list[Line] = []
    indent = _NAME + _SMALL_BAR + 1
    for category, amounts, running in _budget(view):
        share = f"{bar(float(amounts.spent / amounts.cap), _SMALL_BAR)} " if amounts.cap else " " * (_SMALL_BAR + 1)
        first, *rest = paragraph(money(category, amounts, running), width - indent if width else 0)
        found.append(line(f"{_NAMES[category]:<{_NAME}}{share}", *first))
        found += [line(" " * indent, *more) for more in rest]
    if view.forecast is not None:
        first, *rest = paragraph(forecast_words(view.forecast), width - _AFTER if width else 0)
        found.append(line(f"{'forecast':<{_AFTER}}", *first))
        found += [line(" " * _AFTER, *more) for more in rest]
    for words in currency_lines(view.currency):
        first, *rest = paragraph(words, width)
        found += [line(*first), *(line(*more) for more in rest)]
    if view.list_prices is not None:
        words = f"{view.list_prices.text} → {view.list_prices.remedy}"
        first, *rest = paragraph(words, width - _AFTER if width else 0, "yellow")
        found.append(line(f"{'prices':<{_AFTER}}", *first))
        found += [line(" " * _AFTER, *more) for more in rest]
    return found


def budget_brief(view: MissionView, width: int) -> list[Line]:
    """Return the same in one paragraph, without bars."""
    parts = (line((f"{_NAMES[name]} ", "dim"), money(name, amounts, used)) for name, amounts, used in _budget(view))
    return flow(parts, width)


def _budget(view: MissionView) -> list[tuple[str, Money, Decimal]]:
    """Return what is shown of the budget: category, amounts, and what running attempts have used so far."""
    tallies = [f.tally for milestone in view.milestones for f in milestone.features if f.tally is not None]
    running = {
        "usd": sum((tally.usd or Decimal(0) for tally in tallies), Decimal(0)),
        "hours": Decimal(0),
        "tokens": Decimal(sum(tally.total_tokens for tally in tallies)),
    }
    return [
        (category, amounts, running[category])
        for category, amounts in ((category, view.budget[category]) for category in CATEGORIES)
        if category == "usd" or amounts.cap or amounts.spent or amounts.reserved or running[category]
    ]
