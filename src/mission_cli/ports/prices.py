"""Prices of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mission_cli.ports.agents import Prices


class PriceList(Protocol):
    """The prices of tokens."""

    def prices(self, model: str) -> Prices:
        """Return the prices of a model (`provider/name` or a name); empty if unknown."""
        ...
