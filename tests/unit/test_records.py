"""Records are what the standard library's dataclasses are: each test runs over both."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from typing import TYPE_CHECKING, Any, cast

import pytest

import mission_cli
from mission_cli._support import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(params=[dataclasses, dataclass], ids=["standard library", "ours"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def point(kind: Any) -> Any:
    @kind.dataclass(frozen=True, slots=True)
    class Point:
        """A place."""

        x: int
        y: int = 2
        names: list[str] = kind.field(default_factory=list)

        @property
        def sum(self) -> int:
            return self.x + self.y

    return Point


def test_arguments_and_defaults(point: Any) -> None:
    assert (point(1).x, point(1).y, point(1).names) == (1, 2, [])
    assert point(1, 5, ["a"]) == point(names=["a"], y=5, x=1)
    assert point(1).names is not point(1).names
    assert point(3, 4).sum == 7


def test_wrong_arguments_are_refused_also_at_the_first_object(point: Any) -> None:
    with pytest.raises(TypeError):
        point()
    with pytest.raises(TypeError):
        point(1, z=3)


def test_equal_are_those_of_one_class_with_equal_values(kind: Any, point: Any) -> None:
    @kind.dataclass(frozen=True, slots=True)
    class Other:
        x: int
        y: int
        names: list[str]

    assert point(1) == point(1, 2)
    assert point(1) != point(2)
    other: Any = Other
    assert point(1) != other(1, 2, [])
    assert point(1).__eq__(1) is NotImplemented


def test_a_frozen_one_is_a_key_and_does_not_change(kind: Any, point: Any) -> None:
    @kind.dataclass(frozen=True, slots=True)
    class Name:
        text: str

    name: Any = Name
    assert {name("a"): 1}[name("a")] == 1
    assert hash(name("a")) == hash(("a",))
    with pytest.raises(dataclasses.FrozenInstanceError):
        point(1).x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point(1).x


def test_an_open_one_changes_and_is_no_key(kind: Any) -> None:
    @kind.dataclass(slots=True)
    class Draft:
        lines: list[str] = kind.field(default_factory=list)
        size: int = 0

    draft: Any = Draft()
    draft.size = 3
    made: Any = Draft
    assert draft == made([], 3)
    with pytest.raises(TypeError):
        hash(draft)
    with pytest.raises(AttributeError):
        draft.other = 1


def test_those_with_an_order_can_be_sorted(kind: Any) -> None:
    @kind.dataclass(frozen=True, slots=True, order=True)
    class Version:
        major: int
        minor: int = 0

    version: Any = Version
    one, two, three = version(1), version(1, 2), version(2)
    assert sorted([three, one, two]) == [one, two, three]
    assert one < two <= three > two
    assert three >= version(2)
    with pytest.raises(TypeError):
        assert one < 1


def test_what_it_looks_like(point: Any) -> None:
    name = point.__qualname__
    assert repr(point(1, names=["a"])) == f"{name}(x=1, y=2, names=['a'])"
    assert (point.__doc__, point.__module__, point.__name__) == ("A place.", __name__, "Point")
    assert not hasattr(point(1), "__dict__")


def test_the_standard_library_takes_it_for_a_dataclass(kind: Any, point: Any) -> None:
    taken = dataclasses.is_dataclass(point)
    assert taken
    assert [(f.name, f.type) for f in dataclasses.fields(point)] == [("x", "int"), ("y", "int"), ("names", "list[str]")]
    assert dataclasses.asdict(point(1)) == {"x": 1, "y": 2, "names": []}
    assert dataclasses.replace(point(1), y=3) == point(1, 3) == kind.replace(point(1), y=3)
    assert copy.deepcopy(point(1)) == point(1)


def test_its_values_by_field_are_as_deep_as_with_the_standard_library(kind: Any) -> None:
    @kind.dataclass(frozen=True, slots=True)
    class Leaf:
        name: str

    @kind.dataclass(frozen=True, slots=True)
    class Tree:
        leaf: Leaf
        row: tuple[Leaf, ...]
        more: dict[str, list[Leaf]]
        none: Leaf | None

    leaf_of, tree_of = cast("Any", Leaf), cast("Any", Tree)
    leaf = leaf_of("a")
    tree = tree_of(leaf, (leaf, leaf_of("b")), {"c": [leaf]}, None)
    assert kind.asdict(tree) == dataclasses.asdict(tree)
    assert kind.asdict(tree)["row"] == ({"name": "a"}, {"name": "b"})


def test_it_is_matched_by_position(point: Any) -> None:
    match point(1, 9):
        case point(x, y):
            assert (x, y) == (1, 9)
        case _:
            pytest.fail("not matched")


def test_one_without_fields(kind: Any) -> None:
    @kind.dataclass(frozen=True, slots=True)
    class Nothing:
        """No fields."""

    assert Nothing() == Nothing()
    assert len({Nothing(), Nothing()}) == 1


def test_one_of_a_module_is_pickled() -> None:
    from mission_cli.domain.host import PROGRAM

    assert pickle.loads(pickle.dumps(PROGRAM)) == PROGRAM  # noqa: S301 - ours


@pytest.mark.parametrize(("bases", "body"), [((int,), {}), ((), {"__post_init__": print})], ids=["bases", "post-init"])
def test_what_is_not_there_is_refused_at_once(bases: tuple[type, ...], body: dict[str, Any]) -> None:
    plain = type("Plain", bases, {"__annotations__": {}, **body})
    make: Callable[[type], type] = dataclass.dataclass(slots=True)
    with pytest.raises(TypeError, match="Plain: base classes and __post_init__ are not supported"):
        make(plain)


def test_each_of_ours_is_one_that_the_standard_library_would_accept() -> None:
    found = 0
    for module in pkgutil.walk_packages(mission_cli.__path__, "mission_cli."):
        if module.name != "mission_cli.__main__":
            names = vars(importlib.import_module(module.name)).values()
            ours: list[Any] = [n for n in names if inspect.isclass(n) and n.__module__ == module.name]
            for one in ours:
                if "__dataclass_fields__" in vars(one):
                    assert tuple(f.name for f in dataclasses.fields(one)) == one.__match_args__
                    found += 1
    assert found > 100
