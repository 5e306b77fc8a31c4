"""Make a dated table of prices from the data of the package `genai-prices`, as installed or as published now."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mission_cli.domain.errors import ToolError
from mission_cli.ports.agents.usage import KINDS_OF_PRICE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from genai_prices.types import ModelInfo, Provider

_SAMPLE = 1000
_HOURS = range(0, 24, 2)
"""Prices may depend on the time of the day; the highest counts."""
_DAY = timedelta(days=1)


def made_table(now: datetime, *, fetch: bool) -> str:
    """Return a table from the installed data, or from what is published now. Raises ToolError."""
    return table_text(*(_published() if fetch else _installed()), now)


def _installed() -> tuple[list[Provider], str]:
    from genai_prices.data import providers

    return providers, f"genai-prices {version('genai-prices')}"


def _published() -> tuple[list[Provider], str]:
    from genai_prices import UpdatePrices

    try:
        found = UpdatePrices().fetch()
    except Exception as error:  # any error of the network, or of what was published
        hint = "without `--fetch` the data of the installed package is used"
        raise ToolError(f"the prices cannot be fetched: {type(error).__name__}: {error}", hint=hint) from error
    if found is None or not found.providers:
        raise ToolError("the prices that were fetched are empty")
    return found.providers, "genai-prices, as published"


def table_text(providers: list[Provider], source: str, now: datetime) -> str:
    """Return the file of a table: one model a line. Models without a price for input and output are left out."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    facts: dict[str, Any] = {}
    lines: list[str] = []
    for provider in providers:
        rows = [row for model in provider.models if (row := _row(model, provider, day)) is not None]
        match = _plain(provider.provider_match)
        facts[provider.id] = {"match": match} if match else {}
        names = _plain(provider.model_match)
        facts[provider.id] |= {"names": names} if names else {}
        if provider.fallback_model_providers:
            facts[provider.id]["fallback"] = provider.fallback_model_providers
        shown = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        lines.append(f"{json.dumps(provider.id)}: [\n{shown}\n]")
    head = {"date": f"{day:%Y-%m-%d}", "source": source, "unit": "dollars per million tokens", "kinds": KINDS_OF_PRICE}
    opened = json.dumps({**head, "providers": facts}, ensure_ascii=False).removesuffix("}")
    return f'{opened},\n"models": {{\n' + ",\n".join(lines) + "\n}}\n"


def _row(model: ModelInfo, provider: Provider, day: datetime) -> list[Any] | None:
    """Return name, clause and prices of a model; None if a price is missing: unknown is not free."""
    given = model.get_prices(day)
    if getattr(given, "input_mtok", None) is None or getattr(given, "output_mtok", None) is None:
        return None
    clause = _plain(model.match)
    prices = [f"{_per_million(kind, model, provider, day).normalize():f}" for kind in KINDS_OF_PRICE]
    return [model.id, None if clause == {"equals": model.id} else clause, *prices]


def _per_million(kind: str, model: ModelInfo, provider: Provider, day: datetime) -> Decimal:
    from genai_prices import Usage

    amounts = {"output": {"output_tokens": _SAMPLE}}.get(kind, {"input_tokens": _SAMPLE})
    if kind.startswith("cache"):
        amounts = {**amounts, f"{kind}_tokens": _SAMPLE}
    usage = Usage(**amounts)
    hours = [day + hour * (_DAY / 24) for hour in _HOURS] if isinstance(model.prices, list) else [day]
    found = [
        model.calc_price(usage, provider, genai_request_timestamp=at, auto_update_timestamp=None).total_price
        for at in hours
    ]
    return max(found) * 1_000_000 / _SAMPLE


def _plain(clause: Any) -> Mapping[str, Any] | None:
    if not is_dataclass(clause):
        return None
    (field,) = fields(clause)
    value = getattr(clause, field.name)
    return {field.name.rstrip("_"): [_plain(one) for one in value] if isinstance(value, list) else value}
