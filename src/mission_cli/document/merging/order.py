"""Merge the order of two copies; the result does not depend on which copy comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

K = TypeVar("K")


def arrange(
    base: Sequence[K],
    ours: Sequence[K],
    theirs: Sequence[K],
    *,
    keep: Collection[K],
    rank: Callable[[K], Any],
) -> list[K]:
    """Return the kept names: those of the base in order, each followed by the names that were added after it.

    Names that one copy added at a place keep their order; if both copies added some there, they are sorted by `rank`.
    """
    where = _slots(base, ours, theirs)
    old = set(base)
    added: dict[K | None, tuple[list[K], list[K]]] = {}
    for place, side in enumerate((ours, theirs)):
        for name in side:
            if name not in old and name in keep:
                added.setdefault(where[name], ([], []))[place].append(name)
    slots = {slot: _united(*names, rank=rank) for slot, names in added.items()}
    found = list(slots.get(None, ()))
    for name in _base_order(base, ours, theirs):
        found += [name] if name in keep else []
        found += slots.get(name, ())
    return found


def _united(ours: list[K], theirs: list[K], *, rank: Callable[[K], Any]) -> list[K]:
    if not ours or not theirs or ours == theirs:
        return ours or theirs
    return sorted({*ours, *theirs}, key=rank)


def _slots(base: Sequence[K], ours: Sequence[K], theirs: Sequence[K]) -> dict[K, K | None]:
    """Return for each added name the name of the base that precedes it; the later one if the copies differ."""
    place: dict[K | None, int] = {None: -1, **{name: n for n, name in enumerate(base)}}
    found: dict[K, K | None] = {}
    for side in (ours, theirs):
        behind: K | None = None
        for name in side:
            if name in place:
                behind = name
            elif name not in found or place[behind] > place[found[name]]:
                found[name] = behind
    return found


def _base_order(base: Sequence[K], ours: Sequence[K], theirs: Sequence[K]) -> list[K]:
    """Return the names of the base, in the order of the copy that moved them, if one did."""
    moved = [order for side in (ours, theirs) if (order := _moved(base, side)) is not None]
    return max(moved, key=lambda order: [str(n) for n in order]) if moved else list(base)


def _moved(base: Sequence[K], side: Sequence[K]) -> list[K] | None:
    """Return the base in the order of a copy; None if that is the same. Names that it lacks follow their neighbor."""
    here, old = set(side), set(base)
    kept = [name for name in side if name in old]
    if kept == [name for name in base if name in here]:
        return None
    order = list(kept)
    for n, name in enumerate(base):
        if name not in here:
            order.insert(order.index(base[n - 1]) + 1 if n else 0, name)
    return order
