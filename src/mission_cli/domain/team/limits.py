"""The limits of one agent or one feature, as the mission file writes them: `attempts 2, duration 2h, usd 5`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.numbers import decimal_of, whole
from mission_cli._support.text import parse_duration

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal

NAMES = ("attempts", "retry", "duration", "usd", "hours")
_MOST_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """What an agent or a feature may use; empty values change nothing."""

    attempts: int = 0
    """Attempts per feature; 0: as the settings say."""
    retry: tuple[timedelta, ...] = ()
    """Waits before the next attempts."""
    duration: timedelta | None = None
    """Longest attempt."""
    usd: Decimal | None = None
    """Dollars of all attempts at the feature, or at the features of the agent."""
    hours: Decimal | None = None
    """The same in hours."""
    wrong: str = ""
    """Why a part of the text cannot be read. Then nothing starts: that part may be a limit."""

    def amount(self, category: str) -> Decimal | None:
        """Return the limit of a category; None if there is none."""
        return {"usd": self.usd, "hours": self.hours}.get(category)


NO_LIMITS = OwnLimits()


def own_limits(text: str) -> OwnLimits:
    """Return the limits in a cell or an annotation: names with values, between commas or semicolons."""
    found = NO_LIMITS
    for part in text.replace(";", ",").split(","):
        name, _, value = part.strip().replace(":", " ", 1).partition(" ")
        if not name:
            continue
        read = _with(found, name.casefold(), value.split())
        if read is None:
            return replace(found, wrong=f"`{part.strip()}` cannot be read as a limit")
        found = read
    return found


def limits_text(limits: OwnLimits) -> str:
    """Return limits as a cell writes them; reading it gives the same."""
    spans = {"retry": limits.retry, "duration": (limits.duration,) if limits.duration is not None else ()}
    amounts = {"usd": limits.usd, "hours": limits.hours}
    parts = [f"attempts {limits.attempts}"] if limits.attempts else []
    parts += [f"{name} {' '.join(map(_span, found))}" for name, found in spans.items() if found]
    parts += [f"{name} {amount:f}" for name, amount in amounts.items() if amount is not None]
    return ", ".join(parts)


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return next(f"{seconds // size}{unit}" for unit, size in (("h", 3600), ("m", 60), ("s", 1)) if not seconds % size)


def _with(limits: OwnLimits, name: str, values: list[str]) -> OwnLimits | None:
    """Return the limits with one more; None if it cannot be read."""
    spans = tuple(span for value in values if (span := parse_duration(value)) is not None and span)
    text = values[0] if len(values) == 1 else ""
    count, amount = whole(text), decimal_of(text)
    if name == "attempts" and count is not None and 1 <= count <= _MOST_ATTEMPTS:
        return replace(limits, attempts=count)
    if name == "retry" and values and len(spans) == len(values):
        return replace(limits, retry=spans)
    if name == "duration" and len(values) == len(spans) == 1:
        return replace(limits, duration=spans[0])
    if amount is not None and amount > 0 and name in {"usd", "hours"}:
        return replace(limits, usd=amount) if name == "usd" else replace(limits, hours=amount)
    return None
