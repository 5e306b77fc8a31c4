"""Dataclasses as JSON and back, each named by its class; for caches that only this program reads."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CLASS, _VALUE, _DECIMAL = "class", "value", "Decimal"


def to_plain(value: Any) -> Any:
    """Return a value of dataclasses, enums, tuples, mappings and plain values as what `json` can write."""
    if isinstance(value, Enum):
        return {_CLASS: type(value).__name__, _VALUE: value.value}
    if isinstance(value, Decimal):
        return {_CLASS: _DECIMAL, _VALUE: str(value)}
    if isinstance(value, list | tuple):
        return [to_plain(one) for one in value]
    if isinstance(value, dict):
        return {_VALUE: {str(key): to_plain(one) for key, one in value.items()}}
    names = getattr(value, "__match_args__", None)
    if names is not None:
        return {_CLASS: type(value).__name__, **{name: to_plain(getattr(value, name)) for name in names}}
    return value


def from_plain(plain: Any, classes: Iterable[type]) -> Any:
    """Return the value that `to_plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""
    return _from_plain(plain, {kind.__name__: kind for kind in classes})


def _from_plain(plain: Any, kinds: Mapping[str, type]) -> Any:
    if isinstance(plain, list):
        return tuple(_from_plain(one, kinds) for one in plain)
    if not isinstance(plain, dict):
        return plain
    if _CLASS not in plain:
        return {key: _from_plain(one, kinds) for key, one in plain[_VALUE].items()}
    if plain[_CLASS] == _DECIMAL:
        return _decimal(plain[_VALUE])
    kind = kinds[plain[_CLASS]]
    if issubclass(kind, Enum):
        return kind(plain[_VALUE])
    return kind(**{name: _from_plain(one, kinds) for name, one in plain.items() if name != _CLASS})


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
