"""Prices of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mission_cli.ports.agents import Prices


class PriceList(Protocol):
    """Knows what tokens cost."""

    def prices(self, model: str) -> Prices:
        """Prices of a model (`provider/name` or a name); empty ones where nobody knows it."""
        ...
