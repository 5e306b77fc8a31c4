"""Dataclasses as JSON and back, each named by its class; for files that only this program reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import set_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CLASS, _VALUE, _PAIRS = "class", "value", "pairs"
_DECIMAL, _TIME, _SPAN, _SET = "Decimal", "datetime", "timedelta", "frozenset"


def to_plain(value: Any, *, named: Callable[[type], str] | None = None, sparse: bool = False) -> Any:
    """Return a value of dataclasses, enums, tuples, mappings, times and plain values as what `json` can write.

    `named` gives the names of classes, if their own ones are not enough. `sparse` leaves out fields that have their
    defaults: for what the same version reads, as defaults change.
    """

    def plain(one: Any) -> Any:
        return to_plain(one, named=named, sparse=sparse)

    if isinstance(value, Enum):
        return {_CLASS: (named or _named)(type(value)), _VALUE: value.value}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not isinstance(key, Enum) for key in value):
            return {_VALUE: {str(key): plain(one) for key, one in value.items()}}
        return {_PAIRS: [[plain(key), plain(one)] for key, one in value.items()]}
    names = getattr(value, "__match_args__", None)
    if names is not None:
        fields = set_fields(value) if sparse else {name: getattr(value, name) for name in names}
        return {_CLASS: (named or _named)(type(value)), **{name: plain(one) for name, one in fields.items()}}
    return _simple(value, plain)


def _named(kind: type) -> str:
    return kind.__name__


def _simple(value: Any, plain: Callable[[Any], Any]) -> Any:
    """Return the form of an amount, a time, a span or a set; anything else as it is."""
    if isinstance(value, Decimal):
        return {_CLASS: _DECIMAL, _VALUE: str(value)}
    if isinstance(value, datetime):
        return {_CLASS: _TIME, _VALUE: value.isoformat()}
    if isinstance(value, timedelta):
        return {_CLASS: _SPAN, _VALUE: [value.days, value.seconds, value.microseconds]}
    if isinstance(value, frozenset | set):
        return {_CLASS: _SET, _VALUE: sorted(map(plain, value), key=repr)}
    return value


def from_plain(plain: Any, classes: Iterable[type] | Callable[[str], type]) -> Any:
    """Return the value that `to_plain` wrote. `classes`: those that may be made, or what finds one by its name.

    Raises ValueError, TypeError or KeyError for anything else.
    """
    if callable(classes):
        return _from_plain(plain, classes)
    kinds = {kind.__name__: kind for kind in classes}
    return _from_plain(plain, kinds.__getitem__)


def _from_plain(plain: Any, find: Callable[[str], type]) -> Any:
    if isinstance(plain, list):
        return tuple(_from_plain(one, find) for one in plain)
    if not isinstance(plain, dict):
        return plain
    if _PAIRS in plain:
        return {_from_plain(key, find): _from_plain(one, find) for key, one in plain[_PAIRS]}
    if _CLASS not in plain:
        return {key: _from_plain(one, find) for key, one in plain[_VALUE].items()}
    simple = _SIMPLE.get(plain[_CLASS])
    if simple is not None:
        return simple(plain[_VALUE], find)
    kind = find(plain[_CLASS])
    if issubclass(kind, Enum):
        return kind(plain[_VALUE])
    return kind(**{name: _from_plain(one, find) for name, one in plain.items() if name != _CLASS})


def _decimal(text: str, find: object) -> Decimal:
    del find
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error


_SIMPLE: Mapping[str, Callable[[Any, Callable[[str], type]], Any]] = {
    _DECIMAL: _decimal,
    _TIME: lambda text, find: datetime.fromisoformat(text),  # noqa: ARG005 - as the others
    _SPAN: lambda parts, find: timedelta(*parts),  # noqa: ARG005 - as the others
    _SET: lambda members, find: frozenset(_from_plain(one, find) for one in members),
}
