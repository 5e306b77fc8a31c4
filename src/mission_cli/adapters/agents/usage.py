"""The file that MISSION_USAGE names: one JSON object, written whenever the worker likes.

`{"cost_usd": 0.42, "input_tokens": 1200, "output_tokens": 80, "cache_read_tokens": 0, "cache_write_tokens": 0,
"reasoning_tokens": 0}`; every key may be missing. What is there counts, whoever wrote it.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

from mission_cli.domain.runs import Usage

_SUFFIX = "_tokens"


def read_usage(text: str) -> Usage | None:
    """Return the usage in a report; None for an empty one. Broken ones cost an unknown amount."""
    if not text.strip():
        return None
    try:
        report = json.loads(text, parse_float=Decimal)
    except ValueError:
        return Usage(usd=None, source="unreadable report")
    if not isinstance(report, dict):
        return Usage(usd=None, source="unreadable report")
    tokens = {
        key.removesuffix(_SUFFIX): value
        for key, value in report.items()
        if key.endswith(_SUFFIX) and isinstance(value, int) and not isinstance(value, bool) and value >= 0
    }
    return Usage(usd=_cost(report.get("cost_usd", 0)), tokens=tokens, source="reported")


def _cost(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        cost = Decimal(value)
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and cost >= 0 else None
