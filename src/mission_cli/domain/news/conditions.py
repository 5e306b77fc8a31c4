"""Conditions of notification rules: JSON over facts about an event and its mission, as Polpo writes them.

`{"field": "spent_usd", "op": ">", "value": 5}`, and `and`, `or` (lists) and `not` around conditions.
"""

from __future__ import annotations

import json
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.numbers import decimal_of
from mission_cli.domain.news.rules import severity_of
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission

FACTS = {
    "event": "its name, such as `feature.failed`",
    "part": "what is before the dot",
    "what": "what is after the dot",
    "severity": "`info`, `warning` or `error`",
    "words": "its reason",
    "feature": "the feature of an attempt or review",
    "mission": "the id of the mission",
    "title": "its title",
    "type": "its type",
    "mode": "`full` or `poc`",
    "priority": "its priority",
    "status": "its status",
    "features": "features of the mission",
    "done": "those that are done or skipped",
    "failed": "those that failed",
    "progress_pct": "the first of these in percent of the features",
    "spent_usd": "dollars in its spend log",
    "requests": "open requests",
}
"""What a condition may name, and what it is."""
_COMPARED = {">": 1, ">=": 1, "<": -1, "<=": -1}
OPS = ("==", "!=", *_COMPARED, "includes", "matches", "exists", "not_exists")
_MOST_DEPTH = 10
_MOST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison, or several joined by `and`, `or` or `not`."""

    op: str
    field: str = ""
    value: str = ""
    parts: tuple[Condition, ...] = ()


def read_condition(text: str) -> Condition:
    """Return the condition in a JSON text. Raises ValueError with what is wrong."""
    if len(text) > _MOST_TEXT:
        raise ValueError(f"it has more than {_MOST_TEXT} characters")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from error
    return _read(found, _MOST_DEPTH)


def _read(found: Any, depth: int) -> Condition:
    if not isinstance(found, dict):
        raise ValueError(f"a condition is an object, not {json.dumps(found)[:60]}")
    if not depth:
        raise ValueError(f"it is more than {_MOST_DEPTH} levels deep")
    for word in ("and", "or", "not"):
        if word in found:
            parts = found[word] if isinstance(found[word], list) else [found[word]]
            if len(found) > 1 or not parts or (word == "not" and len(parts) > 1):
                raise ValueError(f"`{word}` stands alone, with {'one condition' if word == 'not' else 'conditions'}")
            return Condition(word, parts=tuple(_read(part, depth - 1) for part in parts))
    if unknown := sorted(set(found) - {"field", "op", "value"}):
        raise ValueError(f"the key `{unknown[0]}` is not known: use field, op and value, or and, or, not")
    return _comparison(found.get("field"), found.get("op", "=="), found)


def _comparison(name: Any, op: Any, found: Mapping[str, Any]) -> Condition:
    value = found.get("value")
    if not isinstance(name, str) or name not in FACTS:
        raise ValueError(f"there is no fact {json.dumps(name)}: known are {', '.join(FACTS)}")
    if op not in OPS:
        raise ValueError(f"there is no `op` {json.dumps(op)}: known are {', '.join(OPS)}")
    bare = op in {"exists", "not_exists"}
    if bare == ("value" in found) or isinstance(value, dict | list):
        raise ValueError(f"`{op}` takes {'no value' if bare else 'a text or a number as value'}")
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    if op in _COMPARED and decimal_of(text) is None:
        raise ValueError(f"`{op}` compares numbers, and {json.dumps(value)} is none")
    return Condition(op, name, text)


def holds(condition: Condition, facts: Mapping[str, str]) -> bool:
    """Whether a condition holds for these facts; a fact that there is not is the empty text."""
    match condition.op:
        case "and":
            return all(holds(part, facts) for part in condition.parts)
        case "or":
            return any(holds(part, facts) for part in condition.parts)
        case "not":
            return not holds(condition.parts[0], facts)
    return _compares(condition.op, facts.get(condition.field, ""), condition.value)


def _compares(op: str, fact: str, value: str) -> bool:
    one, other = decimal_of(fact), decimal_of(value)
    if op in _COMPARED:
        if one is None or other is None:
            return False
        difference = (one - other) * _COMPARED[op]
        return difference > 0 or (difference == 0 and op.endswith("="))
    if op in {"exists", "not_exists"}:
        return bool(fact) is (op == "exists")
    if op in {"includes", "matches"}:
        return value.casefold() in fact.casefold() if op == "includes" else fnmatchcase(fact, value)
    same = one == other if one is not None and other is not None else fact == value
    return same is (op == "==")


def facts_of(event: str, words: str, feature: str, mission: Mission) -> Mapping[str, str]:
    """Return every fact of `FACTS` about an event."""
    every = list(mission.features())
    finished = sum(one.finished for one in every)
    spent = sum((s.amount or Decimal(0) for s in mission.spends if s.category == "usd"), Decimal(0))
    part, _, what = event.partition(".")
    return {
        "event": event,
        "part": part,
        "what": what,
        "severity": severity_of(event),
        "words": words,
        "feature": feature,
        "mission": mission.id,
        "title": mission.title,
        "type": mission.kind,
        "mode": mission.mode,
        "priority": mission.priority,
        "status": str(mission.status or mission.raw_status),
        "features": str(len(every)),
        "done": str(finished),
        "failed": str(sum(one.status is FeatureStatus.FAILED for one in every)),
        "progress_pct": str(100 * finished // max(1, len(every))),
        "spent_usd": f"{spent:f}",
        "requests": str(len(mission.open_requests())),
    }
