"""The subset of a plan that a budget still pays for: the best one, with everything that it needs."""

from __future__ import annotations

from itertools import combinations
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from mission_cli.domain.forecast.subset import Block, best_subset, is_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def by_brute_force(blocks: Sequence[Block], capacity: Callable[[int], float]) -> float | None:
    """The highest value of all subsets that are allowed and fit."""
    found = None
    for count in range(len(blocks) + 1):
        for kept in combinations(range(len(blocks)), count):
            size, features = sum(blocks[p].size for p in kept), sum(blocks[p].features for p in kept)
            if is_allowed(blocks, kept) and size <= capacity(features) + 1e-9:
                found = max(found or 0.0, sum(blocks[p].value for p in kept))
    return found


def plan(draw: Random, count: int) -> list[Block]:
    """Blocks that need some of those before them; a few cannot be left out."""
    blocks: list[Block] = []
    for place in range(count):
        before = range(place)
        needs = tuple(one for one in before if draw.random() < 1.2 / count)
        group = tuple(draw.sample(before, min(place, 2))) if draw.random() < 0.3 else ()
        after = (group,) if group else ()
        must = place < 2 and draw.random() < 0.3
        value, size = draw.randint(1, 5), draw.choice([0.1, 0.5, 1, 1, 2, 4])
        blocks.append(Block(value, size, draw.randint(1, 3), needs, after, must=must))
    return blocks


def test_it_is_the_optimum_of_small_plans() -> None:
    draw, seen = Random(22), 0  # noqa: S311 - a test, no secret
    for _ in range(150):
        blocks = plan(draw, draw.randint(1, 9))
        room, more = draw.random() * sum(block.size for block in blocks), draw.choice([0, 0.05])
        capacity = lambda features, room=room, more=more: room + more * features  # noqa: E731 - as `best_subset` takes it
        best, found = by_brute_force(blocks, capacity), best_subset(blocks, capacity)
        assert (found is None) == (best is None)
        if found is not None:
            assert found.value == best
            assert found.exact
            assert is_allowed(blocks, found.kept)
            seen += 1
    assert seen > 100


def test_nothing_is_kept_without_what_it_needs() -> None:
    blocks = [Block(1, 3), Block(9, 1, needs=(0,)), Block(2, 1), Block(9, 1, after=((0, 1),))]
    for room, kept in ((0, set()), (1, {2}), (3, {2}), (4, {0, 1}), (5, {0, 1, 3}), (6, {0, 1, 2, 3})):
        found = best_subset(blocks, lambda _, room=room: room)  # type: ignore[misc]  # the room of this turn
        assert found is not None
        assert found.kept == kept, room


def test_what_cannot_be_left_out_either_fits_or_nothing_does() -> None:
    blocks = [Block(1, 3, must=True), Block(9, 1)]
    assert best_subset(blocks, lambda _: 2) is None
    found = best_subset(blocks, lambda _: 3)
    assert found is not None
    assert found.kept == {0}


def test_large_plans_are_quick_and_always_fit() -> None:
    draw, began = Random(1), perf_counter()  # noqa: S311 - a test, no secret
    for _ in range(3):
        blocks = plan(draw, 60)
        room = sum(block.size for block in blocks) / 2
        found = best_subset(blocks, lambda _, room=room: room)  # type: ignore[misc]  # the room of this turn
        assert found is not None
        assert is_allowed(blocks, found.kept)
        assert sum(blocks[place].size for place in found.kept) <= room
    assert perf_counter() - began < 5
