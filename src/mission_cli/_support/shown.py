"""Numbers and times as people read them: the one place that makes them. JSON and tables of files keep exact values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from mission_cli._support.text import LONGEST_DURATION, show_duration

if TYPE_CHECKING:
    from datetime import tzinfo

_CENT = Decimal("0.01")
_MANY_DAYS = timedelta(days=6)
_SCALES = ((Decimal(10) ** 9, " G"), (Decimal(10) ** 6, " M"), (Decimal(10) ** 3, " k"))


def dollars(amount: Decimal | None) -> str:
    """Return `$0.03`, `$20`, `$1,240`, `under $0.01`, `unknown`; whole dollars have no cents."""
    if amount is None:
        return "unknown"
    if abs(amount) < _CENT:
        return "under $0.01" if amount > 0 else "$0"
    cents = abs(amount).quantize(_CENT, rounding=ROUND_HALF_UP)
    sign = "-" if amount < 0 else ""
    return f"{sign}${cents:,.0f}" if cents == cents.to_integral_value() else f"{sign}${cents:,}"


def plain_number(amount: Decimal) -> str:
    """Return a number without zeros at the end: `3`, `3.5`."""
    return f"{amount.normalize():f}"


def tokens(amount: Decimal | int | None) -> str:
    """Return `1 token`, `950 tokens`, `12.3 k tokens`, `1.2 M tokens`, `unknown`."""
    if amount is None:
        return "unknown"
    number = short(amount)
    return f"{number} {'token' if number == '1' else 'tokens'}"


def short(amount: Decimal | int) -> str:
    """Return a whole number as `950`, `12.3 k`, `1.2 M`, `3 G`."""
    whole = Decimal(amount).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    for size, name in _SCALES:
        if abs(whole) >= size - size / 20_000:  # 999,950 is 1 M, and not 1000 k
            part = (whole / size).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
            return f"{part:f}".removesuffix(".0") + name
    return str(whole)


def hours(amount: Decimal | None) -> str:
    """Return hours as a duration: `24 s`, `12 min`, `6 h`, `2 h 10 min`; `unknown`."""
    if amount is None:
        return "unknown"
    seconds = min(float(max(amount, Decimal(0))) * 3600, LONGEST_DURATION.total_seconds())
    return show_duration(timedelta(seconds=round(seconds)))


def quantity_of(category: str, amount: Decimal | None) -> str:
    """Return an amount of a budget: usd, hours or tokens."""
    return {"usd": dollars, "hours": hours, "tokens": tokens}[category](amount)


def moment(at: datetime, now: datetime | None = None, zone: tzinfo | None = None) -> str:
    """Return a time in the local zone, and how far away it is: `14:05, in 12 min`, `Sat 14:05, in 2 d 3 h`."""
    now = now or datetime.now(UTC)
    away = at - now
    relative = f"in {show_duration(away)}" if away > timedelta(0) else f"{show_duration(-away)} ago"
    return f"{clock(at, now, zone)}, {relative}"


def clock(at: datetime, now: datetime | None = None, zone: tzinfo | None = None) -> str:
    """Return a time in the local zone: `14:05` today, `Sat 14:05` within a week, else `2026-11-20 14:05`."""
    local, today = at.astimezone(zone), (now or datetime.now(UTC)).astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs(local - today) < _MANY_DAYS else f"{local:%Y-%m-%d %H:%M}"
