"""What a step of a model costs, with the answers that were given: a round can be decided again with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal


class Costs:
    """Asks once for each model."""

    def __init__(self, ask: Callable[[str], Decimal | None], known: Mapping[str, Decimal | None] | None = None) -> None:
        self._ask = ask
        self.known: dict[str, Decimal | None] = dict(known or {})

    def __call__(self, model: str) -> Decimal | None:
        """Return the most that one step of a model can cost, in dollars; None if unknown."""
        if model not in self.known:
            self.known[model] = self._ask(model)
        return self.known[model]
