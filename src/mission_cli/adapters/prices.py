"""Prices from the package `genai-prices`, without network access."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.ports.agents import Prices

if TYPE_CHECKING:
    from decimal import Decimal

_SAMPLE = 1000


class GenaiPrices:
    """Looks a model up by name; an unknown model has no prices, which does not mean that it is free."""

    def prices(self, model: str) -> Prices:
        """Return dollars per token by kind, for the smallest context size."""
        provider, _, name = model.rpartition("/")
        if not name:
            return Prices()
        from genai_prices import Usage, calc_price

        kinds = {
            "input": Usage(input_tokens=_SAMPLE),
            "output": Usage(output_tokens=_SAMPLE),
            "cache_read": Usage(input_tokens=_SAMPLE, cache_read_tokens=_SAMPLE),
            "cache_write": Usage(input_tokens=_SAMPLE, cache_write_tokens=_SAMPLE),
        }
        found: dict[str, Decimal] = {}
        for kind, usage in kinds.items():
            try:
                price = calc_price(usage, model_ref=name, provider_id=provider.partition("/")[0] or None)
            except LookupError:
                return Prices()
            found[kind] = price.total_price / _SAMPLE
        return Prices(found)
