"""Rows that are read only when needed: most readers of a mission never use its logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


class Later(Sequence[T]):
    """A tuple that is created at first use; equal to any other sequence of the same items."""

    __slots__ = ("_known", "_read")

    def __init__(self, read: Callable[[], Iterable[T]]) -> None:
        self._read = read
        self._known: tuple[T, ...] | None = None

    def _all(self) -> tuple[T, ...]:
        if self._known is None:
            self._known = tuple(self._read())
        return self._known

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())
