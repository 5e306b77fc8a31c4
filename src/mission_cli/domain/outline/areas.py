"""Which files features work on, and which features that may run at the same time work on the same ones."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BAD = frozenset("`|[]<>\\")
_WILD = "*"


class WithArea(Protocol):
    """A feature of a plan or of a mission."""

    @property
    def number(self) -> str: ...  # noqa: D102 - as its name says

    @property
    def depends(self) -> Sequence[str]: ...  # noqa: D102 - as its name says

    @property
    def files(self) -> Sequence[str]: ...  # noqa: D102 - as its name says


Feature = TypeVar("Feature", bound=WithArea)


def why_no_area(path: str) -> str:
    """Return why a text cannot be a file or folder of a feature; empty if it can."""
    if not path.strip() or any(
        not char.isprintable() or char.isspace() or char in _BAD or char in ",;" for char in path
    ):
        return "has characters that a path of an area cannot have"
    parts = path.split("/")
    if path.startswith(("/", "~")) or ".." in parts:
        return "does not begin in the top folder of the repository"
    return ""


def shared(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Return the paths of the first area that are in the second one, or contain a path of it."""
    return tuple(path for path in one if any(_meet(_plain(path), _plain(there)) for there in other))


def _plain(path: str) -> str:
    return path.removeprefix("./").rstrip("/").removesuffix("/**").removesuffix("/*") or "."


def _meet(one: str, other: str) -> bool:
    if one == other or "." in {one, other}:
        return True
    if _WILD in one and _WILD in other:
        return False
    if _WILD in one or _WILD in other:
        wild, path = (one, other) if _WILD in one else (other, one)
        return fnmatchcase(path, wild)
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")


def collisions(features: Sequence[Feature]) -> Iterator[tuple[Feature, Feature, tuple[str, ...]]]:
    """Yield each two features of a milestone that may run at the same time, and the paths that they share."""
    needs = {feature.number: set(feature.depends) for feature in features}
    before = {number: _all_before(number, needs) for number in needs}
    for place, one in enumerate(features):
        for other in features[place + 1 :]:
            ordered = one.number in before[other.number] or other.number in before[one.number]
            paths = () if ordered else shared(other.files, one.files)
            if paths:
                yield one, other, paths


def collision_words(one: WithArea, other: WithArea, paths: Sequence[str]) -> str:
    """Return what is wrong with two features that may run at the same time and share paths."""
    return f"{other.number} may run at the same time as {one.number}, and both change {', '.join(paths)}"


def _all_before(number: str, needs: dict[str, set[str]]) -> set[str]:
    """Return all features that have to be done before one, also through others."""
    found: set[str] = set()
    todo = [*needs[number]]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs.get(name, ())
    return found
