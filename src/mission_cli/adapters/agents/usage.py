"""The usage file that MISSION_USAGE names: one JSON object, written by the worker at any time.

`{"cost_usd": 0.42, "input_tokens": 1200, "output_tokens": 80, "cache_read_tokens": 0, "cache_write_tokens": 0,
"reasoning_tokens": 0}`. Names that agents and providers use for the same values are accepted too, also below `usage`.
If a file cannot be read, has no cost, or names another `currency` than dollars, the cost is unknown, never zero.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.figures import dollars, tokens
from mission_cli.domain.runs.usage import Usage

if TYPE_CHECKING:
    from mission_cli.ports.agents.usage import Prices

_COSTS = frozenset({"costusd", "totalcostusd", "cost", "totalcost", "usd", "totalusd"})
_TOKENS = {
    "inputtokens": "input",
    "prompttokens": "input",
    "outputtokens": "output",
    "completiontokens": "output",
    "reasoningtokens": "reasoning",
    "reasoningoutputtokens": "reasoning",
    "cachereadtokens": "cache_read",
    "cachereadinputtokens": "cache_read",
    "cachewritetokens": "cache_write",
    "cachewriteinputtokens": "cache_write",
    "cachecreationtokens": "cache_write",
    "cachecreationinputtokens": "cache_write",
}
_CURRENCIES = frozenset({"currency", "costcurrency", "currencycode"})
_DOLLARS = frozenset({"usd", "$", "us$", "dollars", "none", ""})
_TOTAL = "totaltokens"
_OTHER = "other"
_SUFFIX = "tokens"
_NESTED = "usage"
_NOISE = pattern(r"[^a-z0-9]+")
_SHOWN_KEYS, _LONGEST_KEY = 5, 40


def read_usage(text: str, prices: Prices | None = None) -> Usage | None:
    """Return the usage in a report; None for an empty report. Tokens without a cost are charged at `prices`."""
    if not text.strip():
        return None
    try:
        report = json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return _unknown("unreadable report")
    if not isinstance(report, dict):
        return _unknown("unreadable report")
    found = _Found()
    found.take(report)
    return found.usage(prices)


class _Found:
    """The content of a report, key by key."""

    def __init__(self) -> None:
        self._costs: list[Decimal] = []
        self._tokens: dict[str, int] = {}
        self._total = 0
        self._unreadable: list[str] = []
        self._strange: list[str] = []

    def take(self, report: dict[str, Any], *, nested: bool = False) -> None:
        """Sort the keys of an object into known and unknown ones."""
        for key, value in report.items():
            name = _NOISE.sub("", key.lower())
            if name in _COSTS:
                self._cost(key, value)
            elif name in _CURRENCIES:
                self._unreadable += [] if str(value).strip().casefold() in _DOLLARS else [key]
            elif name.endswith(_SUFFIX):
                self._count(key, name, value)
            elif name == _NESTED and isinstance(value, dict) and not nested:
                self.take(value, nested=True)
            elif not nested:
                self._strange.append(key)

    def usage(self, prices: Prices | None) -> Usage:
        """Return the usage in the report."""
        counted = dict(self._tokens)
        rest = self._total - sum(counted.values())
        if rest > 0:
            counted[_OTHER] = counted.get(_OTHER, 0) + rest
        usd: Decimal | None = None
        words = "reported"
        if self._unreadable:
            words = f"reported, cannot be read: {_names(self._unreadable)}"
        elif self._costs:
            usd = max(self._costs)
        elif counted and prices is not None and prices.per_token:
            usd, words = prices.cost(counted), "reported tokens, list prices"
        else:
            words = "reported without a cost"
        if self._strange:
            words += f", not known: {_names(self._strange)}"
        return Usage(usd=usd, tokens=counted, source=words)

    def _cost(self, key: str, value: object) -> None:
        amount = dollars(value)
        if amount is None:
            self._unreadable.append(key)
        else:
            self._costs.append(amount)

    def _count(self, key: str, name: str, value: object) -> None:
        number = tokens(value)
        if number is None:
            self._unreadable.append(key)
        elif name == _TOTAL:
            self._total = max(self._total, number)
        else:
            kind = _TOKENS.get(name, _OTHER)
            self._tokens[kind] = self._tokens.get(kind, 0) + number


def _unknown(words: str) -> Usage:
    return Usage(usd=None, source=words)


def _names(keys: list[str]) -> str:
    """Return some keys for the run record, escaped because their content is untrusted."""
    shown = [ascii(key[:_LONGEST_KEY])[1:-1] for key in keys[:_SHOWN_KEYS]]
    return ", ".join([*shown, *(["…"] if len(keys) > _SHOWN_KEYS else [])])
