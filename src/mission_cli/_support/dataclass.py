"""`dataclass`, `field`, `replace` and `asdict` of the standard library for classes with slots, in less time.

The standard library compiles six methods for each class at its definition, which took a third of the time of a pulse.
Here methods are shared, and `__init__` is compiled when the first object is made (docs/adr/0025). To type checkers, to
`fields`, its own `asdict` and `is_dataclass` these are dataclasses. No base classes, no `__post_init__`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["asdict", "dataclass", "field", "replace", "set_fields"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
else:

    def dataclass(*, slots: bool, frozen: bool = False, order: bool = False) -> Callable[[type], type]:
        """Make a class a dataclass with slots."""
        if not slots:
            raise TypeError("only dataclasses with slots are supported")
        return lambda plain: _remade(plain, frozen=frozen, order=order)

    def field(*, default_factory: Callable[[], Any]) -> _Factory:
        """Return a default that is created for each object."""
        return _Factory(default_factory)

    def replace(record: Any, /, **changes: Any) -> Any:
        """Return a copy with other values in some fields."""
        return type(record)(**{name: getattr(record, name) for name in record.__match_args__} | changes)


_ABSENT: Any = object()


def asdict(record: Any) -> dict[str, Any]:
    """Return the values of an object by field, and those of the dataclasses in them; nothing else is copied."""
    return {name: _by_field(getattr(record, name)) for name in record.__match_args__}


def set_fields(record: Any) -> dict[str, Any]:
    """Return the values of an object by field, without those that are the defaults of their fields."""
    defaults = type(record).__defaults__
    found = {}
    for name in record.__match_args__:
        value, default = getattr(record, name), defaults.get(name, _ABSENT)
        if isinstance(default, _Factory):
            default = default.make()
        if default is _ABSENT or type(value) is not type(default) or value != default:
            found[name] = value
    return found


def _by_field(value: Any) -> Any:
    kind = type(value)
    if "__dataclass_fields__" in vars(kind):
        return asdict(value)
    if kind is tuple or kind is list:
        return kind(map(_by_field, value))
    return {name: _by_field(one) for name, one in value.items()} if kind is dict else value


class _Factory:
    """Placeholder in a class for a default that is created for each object."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class _Fields:
    """What identifies a dataclass to the standard library, created at first access because that imports it."""

    __slots__ = ("_defaults",)

    def __init__(self, defaults: dict[str, Any]) -> None:
        self._defaults = defaults

    def __get__(self, record: object, owner: type) -> object:
        import dataclasses

        defaults = {
            name: dataclasses.field(default_factory=value.make) if isinstance(value, _Factory) else value
            for name, value in self._defaults.items()
        }
        body = {"__annotations__": owner.__annotations__, "__module__": owner.__module__, "__doc__": "", **defaults}
        found = vars(dataclasses.dataclass(init=False, repr=False, eq=False)(type(owner.__name__, (), body)))
        owner.__dataclass_fields__ = found["__dataclass_fields__"]  # type: ignore[attr-defined]  # as dataclasses does
        return found["__dataclass_fields__"]


def _remade(plain: type, *, frozen: bool, order: bool) -> type:
    """Return the class with slots and methods; slots cannot be added to an existing class."""
    if plain.__bases__ != (object,) or "__post_init__" in vars(plain):
        raise TypeError(f"{plain.__name__}: base classes and __post_init__ are not supported")
    names = tuple(name for name, kind in plain.__annotations__.items() if not kind.startswith("ClassVar"))
    body = {name: value for name, value in vars(plain).items() if name not in {"__dict__", "__weakref__"}}
    defaults = {name: body.pop(name) for name in names if name in body}
    for name, method in _methods(names, frozen=frozen, order=order).items():
        body.setdefault(name, method)

    def first(self: Any, *args: Any, **values: Any) -> None:
        made.__init__ = _init(made, names, defaults)  # type: ignore[misc]  # created once, at first use
        made.__init__(self, *args, **values)  # type: ignore[misc]  # the one just made

    body |= {"__slots__": names, "__match_args__": names, "__init__": first, "__dataclass_fields__": _Fields(defaults)}
    body["__defaults__"] = defaults
    made = type(plain.__name__, (), body)
    made.__qualname__ = plain.__qualname__
    return made


def _init(made: Any, names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """Return the `__init__` that puts arguments into slots, past a `__setattr__` that refuses."""
    around: dict[str, Any] = {"_absent": _ABSENT}
    head, lines = ["self"], []
    for name in names:
        value, default = name, defaults.get(name, _ABSENT)
        around[f"_set_{name}"] = made.__dict__[name].__set__
        if isinstance(default, _Factory):
            around[f"_make_{name}"], default = default.make, _ABSENT
            value = f"_make_{name}() if {name} is _absent else {name}"
        if name in defaults:
            around[f"_default_{name}"] = default
        head.append(f"{name}=_default_{name}" if name in defaults else name)
        lines.append(f"    _set_{name}(self, {value})\n")
    exec(f"def __init__({', '.join(head)}):\n{''.join(lines) or '    pass'}", around)  # noqa: S102 - names of fields
    around["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return around["__init__"]


def _methods(names: tuple[str, ...], *, frozen: bool, order: bool) -> dict[str, Any]:
    key = _key(names)

    def equal(self: Any, other: Any) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def less(self: Any, other: Any) -> Any:
        return key(self) < key(other) if other.__class__ is self.__class__ else NotImplemented

    def less_or_equal(self: Any, other: Any) -> Any:
        return key(self) <= key(other) if other.__class__ is self.__class__ else NotImplemented

    found: dict[str, Any] = {"__repr__": _repr, "__eq__": equal, "__hash__": None, "__reduce__": _reduce}
    if frozen:
        found |= {"__hash__": lambda self: hash(key(self)), "__setattr__": _refuse, "__delattr__": _refuse}
    if order:  # the other two follow from these by reflection
        found |= {"__lt__": less, "__le__": less_or_equal}
    return found


def _key(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that returns the values of an object."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _repr(self: Any) -> str:
    facts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({facts})"


def _reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)


def _refuse(self: Any, name: str, *_: Any) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")
