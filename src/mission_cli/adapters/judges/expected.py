"""Compare an answer with the expectations of a criterion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.judges.findings import shown
from mission_cli.document.criteria.expectations import path_steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.criteria.http import Expectation

_MISSING: Any = object()
_BROKEN = "which is not JSON"


def unmet(wanted: Expectation, *, body: str, headers: Mapping[str, str]) -> str:
    """Return, as a sentence, how an answer differs from an expectation; empty if it does not."""
    if wanted.about == "header":
        found: Any = headers.get(wanted.name.casefold(), _MISSING)
        return _unlike(wanted, found, wanted.value)
    if wanted.about == "json":
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return f"expected {wanted.words}, found an answer {_BROKEN}: {shown(body)}"
        return _unlike(wanted, at_path(document, wanted.name), json.loads(wanted.value) if wanted.value else None)
    return _unlike(wanted, body, wanted.value)


def at_path(document: Any, path: str) -> Any:
    """Return the value at a path such as `$.items[0].name` in a JSON document, or _MISSING."""
    for step in path_steps(path):
        try:
            fits = isinstance(document, list) if isinstance(step, int) else isinstance(document, dict)
            document = document[step] if fits else _MISSING
        except (KeyError, IndexError):
            document = _MISSING
    return document


def _unlike(wanted: Expectation, found: Any, value: Any) -> str:
    if found is _MISSING:
        return f"expected {wanted.words}, but there is none"
    if wanted.sign == "exists" or _holds(wanted.sign, found, value):
        return ""
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return f"expected {wanted.words}, found {shown(text) or 'nothing'}"


def _holds(sign: str, found: Any, value: Any) -> bool:
    if sign in {"contains", "lacks"}:
        inside = value in found if isinstance(found, str | list | dict) and _fits(found, value) else False
        return inside == (sign == "contains")
    if sign in {"==", "!="}:
        return _same(found, value) == (sign == "==")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    compare = {"<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value}
    return bool(compare[sign])


def _same(found: Any, value: Any) -> bool:
    """Whether two JSON values are equal; `true` is not 1."""
    return json.dumps(found, sort_keys=True) == json.dumps(value, sort_keys=True) or (
        found == value and not isinstance(found, bool) and not isinstance(value, bool)
    )


def _fits(found: Any, value: Any) -> bool:
    return not isinstance(found, str | dict) or isinstance(value, str)
