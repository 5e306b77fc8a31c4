"""What a run of an agent used, and what that costs."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bill(StrEnum):
    """How the cost of an agent is found."""

    OWN = "own"
    """It reports dollars."""
    TOKENS = "tokens"
    """It reports tokens, which cost their list prices."""
    FILE = "file"
    """It costs only what it writes into the file MISSION_USAGE."""


KINDS_OF_PRICE = ("input", "output", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per token by kind (input, output, cache_read, cache_write); empty if unknown."""

    per_token: Mapping[str, Decimal] = field(default_factory=dict)
    table: str = ""
    """The day of the table that they are from, or `settings`; empty if unknown."""

    def cost(self, tokens: Mapping[str, int]) -> Decimal | None:
        """Return the cost of tokens by kind; None without prices. Reasoning costs as much as output."""
        if not self.per_token:
            return None
        output = self.per_token.get("output", Decimal(0))
        rates = {"reasoning": output, **self.per_token}
        return sum((rates.get(kind, Decimal(0)) * count for kind, count in tokens.items()), Decimal(0))


@dataclass(frozen=True, slots=True)
class StreamTally:
    """What the output of a run has reported so far."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal | None = Decimal(0)
    cut_in_a_row: int = 0
    """Consecutive steps whose stream broke off, without a complete step since."""
    estimated: Mapping[str, int] = field(default_factory=dict)
    """The part of `tokens` that is an estimate: what broken steps must have cost."""
    limited: str = ""
    """What the agent reported about a rate limit that it is waiting for; empty: none."""
    reset_at: str = ""
    """When that limit ends, ISO 8601, if reported."""
    open_step: bool = False
    """Whether a step has begun and is not over."""
    action: str = ""
    """The tool that it uses or used last, with what it is used on, as the agent wrote it; empty: not known."""


@dataclass(frozen=True, slots=True)
class Unreported:
    """Usage of a run that its output does not report. `sessions` counts subagents."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal = Decimal(0)
    sessions: int = 0
    before: Mapping[str, int] = field(default_factory=dict)
    """The part of `tokens` that was used before this run."""
    whole: bool = False
    """Whether it is the usage of the whole conversation, with what the output reports; else it is added to that."""
    limited: str = ""
    """What it says about a rate limit that the agent is waiting for without an event; empty: none."""
    reset_at: str = ""
    """When that limit ends, ISO 8601, if it says so."""
