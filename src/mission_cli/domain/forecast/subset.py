"""Find the most valuable subset of a plan that a budget still pays for.

Features that can only be kept together are one block. No kept block needs one that is left out. The search is exact
unless it takes more than `MOST_STEPS` steps; then it returns the best subset that it has found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MOST_STEPS = 4_000
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Block:
    """Features that are kept or left out together."""

    value: float
    size: float
    """In usual features."""
    features: int = 1
    needs: tuple[int, ...] = ()
    """Places of blocks that have to be kept with it; all of them come before it."""
    after: tuple[tuple[int, ...], ...] = ()
    """Places of blocks before it; of each group at least one has to be kept with it."""
    must: bool = False
    """Whether it cannot be left out."""


@dataclass(frozen=True, slots=True)
class Subset:
    """The blocks to keep."""

    kept: frozenset[int]
    """Their places."""
    value: float
    exact: bool
    """Whether no other subset has a higher value."""


def best_subset(blocks: Sequence[Block], capacity: Callable[[int], float]) -> Subset | None:
    """Return the subset with the highest value; None if what has to be kept does not fit.

    `capacity` returns how much a number of features may measure together; it must not fall when that number rises.
    Among equal values the smaller subset counts, then the one with the earlier blocks.
    """
    search = _Search(blocks, capacity)
    search.start_with(_greedy(blocks, capacity))
    search.look(0, frozenset(), 0.0, 0.0, 0)
    if search.best is None:
        return None
    return Subset(search.best, search.value, search.steps <= MOST_STEPS)


def is_allowed(blocks: Sequence[Block], kept: Iterable[int]) -> bool:
    """Whether a subset has everything that its blocks need, and everything that cannot be left out."""
    chosen = frozenset(kept)
    closed = all(_may_follow(blocks[place], chosen) for place in chosen)
    return closed and all(place in chosen for place, block in enumerate(blocks) if block.must)


class _Search:
    """Branch and bound: each block is kept, then left out, in their order."""

    def __init__(self, blocks: Sequence[Block], capacity: Callable[[int], float]) -> None:
        self.best: frozenset[int] | None = None
        self.value, self.size, self.steps = -1.0, 0.0, 0
        self._blocks, self._capacity = blocks, capacity
        self._most = capacity(sum(block.features for block in blocks))
        self._last_must = max((place for place, block in enumerate(blocks) if block.must), default=-1)
        by_worth = sorted(range(len(blocks)), key=lambda place: -_worth(blocks[place]))
        self._by_worth = [[place for place in by_worth if place >= first] for first in range(len(blocks) + 1)]

    def start_with(self, kept: frozenset[int] | None) -> None:
        """Take a subset as the best one so far."""
        if kept is not None:
            self._note(kept, sum(self._blocks[p].value for p in kept), sum(self._blocks[p].size for p in kept))

    def look(self, place: int, kept: frozenset[int], value: float, size: float, features: int) -> None:
        """Look at all subsets that begin with the blocks that are kept before a place."""
        self.steps += 1
        if self.steps > MOST_STEPS or size > self._most + _CLOSE:
            return
        if place > self._last_must and size <= self._capacity(features) + _CLOSE:
            self._note(kept, value, size)
        if place == len(self._blocks) or value + self._at_most(place, self._most - size) < self.value - _CLOSE:
            return
        block = self._blocks[place]
        if _may_follow(block, kept):
            self.look(place + 1, kept | {place}, value + block.value, size + block.size, features + block.features)
        elif block.must:
            return
        if not block.must:
            self.look(place + 1, kept, value, size, features)

    def _note(self, kept: frozenset[int], value: float, size: float) -> None:
        better = value > self.value + _CLOSE
        if better or (value > self.value - _CLOSE and size < self.size - _CLOSE):
            self.best, self.value, self.size = kept, value, size

    def _at_most(self, place: int, room: float) -> float:
        """Return a value that no subset of the blocks from a place on exceeds: as if they could be kept in part."""
        found = 0.0
        for number in self._by_worth[place]:
            block = self._blocks[number]
            if block.size > room:
                return found + block.value * max(0.0, room) / block.size
            found, room = found + block.value, room - block.size
        return found


def _greedy(blocks: Sequence[Block], capacity: Callable[[int], float]) -> frozenset[int] | None:
    """Return what must be kept, and then, as long as it fits, the block whose value for its size is best."""
    kept: frozenset[int] = frozenset()
    for place, block in enumerate(blocks):
        if block.must:
            kept |= _with_needs(blocks, place, kept)
    if not _fits(blocks, kept, capacity):
        return None
    left = [place for place in range(len(blocks)) if place not in kept]
    while left:
        found = {place: _with_needs(blocks, place, kept) - kept for place in left}
        place = max(left, key=lambda one: (_worth_of(blocks, found[one]), -one))
        left.remove(place)
        if _fits(blocks, kept | found[place], capacity):
            kept |= found[place]
            left = [one for one in left if one not in kept]
    return kept


def _with_needs(blocks: Sequence[Block], place: int, kept: frozenset[int]) -> frozenset[int]:
    """Return a block with everything that it needs."""
    found, todo = set(kept), [place]
    while todo:
        block_place = todo.pop()
        if block_place in found and block_place != place:
            continue
        found.add(block_place)
        block = blocks[block_place]
        todo += [need for need in block.needs if need not in found]
        todo += [min(group, key=lambda one: blocks[one].size) for group in block.after if not found.intersection(group)]
    return frozenset(found)


def _fits(blocks: Sequence[Block], kept: frozenset[int], capacity: Callable[[int], float]) -> bool:
    features = sum(blocks[place].features for place in kept)
    return sum(blocks[place].size for place in kept) <= capacity(features) + _CLOSE


def _may_follow(block: Block, kept: frozenset[int]) -> bool:
    return kept.issuperset(block.needs) and all(kept.intersection(group) for group in block.after)


def _worth(block: Block) -> float:
    return block.value / max(block.size, _CLOSE)


def _worth_of(blocks: Sequence[Block], places: frozenset[int]) -> float:
    size = sum(blocks[place].size for place in places)
    return sum(blocks[place].value for place in places) / max(size, _CLOSE)
