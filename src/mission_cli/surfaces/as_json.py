"""Results as JSON: the values of their fields, and the objects that an error prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.notice import Advice

if TYPE_CHECKING:
    from mission_cli.domain.problems import Problem

_LISTS = frozenset({list, tuple})
_AS_THEY_ARE = frozenset({str, int, bool, float, type(None)})
_FIELDS: dict[type, tuple[tuple[str, str], ...] | None] = {}
SCHEMA = 1
"""The value of `schema` in each object; it changes when a key goes away or changes its meaning."""


@dataclass(frozen=True, slots=True)
class Error:
    """Why a command failed."""

    message: str
    hint: str
    """What to do about it; empty if unknown."""
    code: int
    """The exit status."""


@dataclass(frozen=True, slots=True)
class FileError:
    """Why a command failed: a file cannot be read."""

    message: str
    hint: str
    """What to do about it; empty if unknown."""
    code: int
    """The exit status."""
    problems: Sequence[Problem]
    """All problems of the file; the message is the first."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What any command prints when it fails."""

    error: Error | FileError


def json_line(facts: Any, about: Mapping[str, Any], *, ascii_only: bool) -> str:
    """Return a result as one line: its format, what is said about it, such as `stopped`, and its fields."""
    import json

    return json.dumps(json_body(facts, about), ensure_ascii=ascii_only) + "\n"


def json_body(facts: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as the object that every surface gives: its format, what is said about it, and its fields."""
    return {"schema": SCHEMA, **as_json(about), **as_json(facts)}


def as_json(value: Any) -> Any:
    """Return a result as JSON can hold it: amounts as numbers, times as ISO 8601, spans of time in seconds."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind in _LISTS:
        return [as_json(v) for v in value]
    if kind is Advice or isinstance(value, str):
        return str(value)
    fields = _fields_of(kind)
    if fields is not None:
        return {key: as_json(getattr(value, name)) for name, key in fields}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, Sequence | AbstractSet):
        return [as_json(v) for v in value]
    if isinstance(value, timedelta):
        value = Decimal(str(value.total_seconds()))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _fields_of(kind: type) -> tuple[tuple[str, str], ...] | None:
    """Return name and JSON key of each field of a dataclass; None for another type."""
    import dataclasses

    if kind not in _FIELDS:
        is_one = dataclasses.is_dataclass(kind)
        _FIELDS[kind] = tuple((f.name, key_of(f.name)) for f in dataclasses.fields(kind)) if is_one else None
    return _FIELDS[kind]


def key_of(name: str) -> str:
    """Return the JSON key of a field: `from_` is `from`, which cannot name a field."""
    return name.removesuffix("_")
