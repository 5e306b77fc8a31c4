"""Prices of models, and the costs of all repositories of one user on this machine."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from decimal import Decimal

    from mission_cli.domain.budget.across import Part
    from mission_cli.ports.agents.usage import Prices


@dataclass(frozen=True, slots=True)
class Table:
    """A table of prices."""

    date: str
    """The day that its prices are of, `2026-11-29`."""
    source: str
    """What it was made from."""
    place: str
    """Its file."""
    models: int
    """How many models it has."""


class PriceList(Protocol):
    """The prices of tokens, from a dated table and the settings."""

    def prices(self, model: str) -> Prices:
        """Return the prices of a model (`provider/name`); empty if unknown."""
        ...

    def told(self) -> Table:
        """Return what the table in force is."""
        ...

    def listed(self) -> Mapping[str, Mapping[str, Decimal]]:
        """Return dollars per million tokens by kind, of every model: first those that the settings name."""
        ...

    def update(self, now: datetime, *, fetch: bool) -> Table:
        """Write the user's table anew, from the installed data or from what is published now. Raises ToolError."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What every repository has noted."""

    known: Mapping[str, Part] = field(default_factory=dict)
    """By the name of the machine and clone."""
    problem: str = ""
    """Why one of them cannot be read; empty if all can."""


class Purse(Protocol):
    """One part for each repository, which only its own pulses write."""

    def parts(self) -> Parts:
        """Return all of them."""
        ...

    def note(self, me: str, part: Part) -> None:
        """Replace the part of one repository, durably."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keep others from reserving meanwhile. Raises BusyError."""
        ...


class NoPurse:
    """Nothing is known of other repositories, and nothing is noted."""

    def parts(self) -> Parts:
        """None."""
        return Parts()

    def note(self, me: str, part: Part) -> None:
        """Forget it."""

    def locked(self) -> AbstractContextManager[None]:
        """There are no others."""
        return nullcontext()
