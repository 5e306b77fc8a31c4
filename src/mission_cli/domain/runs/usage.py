"""What attempts use, and what is reserved for them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used. `usd` is None if unknown; `source` is who counted."""

    usd: Decimal | None = Decimal(0)
    hours: Decimal = Decimal(0)
    tokens: Mapping[str, int] = field(default_factory=dict)
    source: str = "none"

    @property
    def total_tokens(self) -> int:
        """The sum over all kinds of tokens."""
        return sum(self.tokens.values())

    def at_least(self, other: Usage) -> Usage:
        """Return this usage, raised to another one where that is higher; an amount that one of them knows is known."""
        kinds = (*self.tokens, *(kind for kind in other.tokens if kind not in self.tokens))
        tokens = {kind: max(self.tokens.get(kind, 0), other.tokens.get(kind, 0)) for kind in kinds}
        known = [usd for usd in (self.usd, other.usd) if usd is not None]
        return replace(self, usd=max(known, default=None), tokens=tokens)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a running attempt has used so far and what it does now. People see it; nothing is decided by it."""

    usd: Decimal | None = Decimal(0)
    """US dollars; null if unknown."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """By kind: input, output, cache_read, cache_write, reasoning."""
    steps: int = 0
    """Requests to the model; 0 for a program."""
    last_event: str = ""
    """When it last printed or reported something, ISO 8601 in UTC; empty if it has not yet."""
    action: str = ""
    """The tool that it uses or used last, in a few words on one line; empty if unknown."""

    @property
    def total_tokens(self) -> int:
        """The sum over all kinds of tokens."""
        return sum(self.tokens.values())


@dataclass(frozen=True, slots=True)
class Reserve:
    """The most that an attempt may cost, held from its intent to its settlement."""

    usd: Decimal = Decimal(0)
    """The cap and one more step, because a step is seen only when it is over."""
    cap_usd: Decimal = Decimal(0)
    """Where the attempt is stopped; 0: no such cap."""
    hours: Decimal = Decimal(0)
    tokens: int = 0
    cap_tokens: int = 0
    """Where the attempt is stopped; 0: at `tokens`."""
    deadline_s: int = 0
    """How long it may run; stored as a field of the record."""
