"""Where features stand: in columns by their dependencies, in rows near what they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_ROWS = 8
"""More features that depend on nothing else stand in several columns."""


def places_of(before: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return column and row of each feature, given the indices of those that it depends on. No two are the same."""
    layers = layers_of(before)
    places: dict[int, tuple[int, int]] = {}
    column = 0
    for layer in range(max(layers, default=-1) + 1):
        ranked = sorted((i for i, one in enumerate(layers) if one == layer), key=lambda i: (_row(i, before, places), i))
        for at, index in enumerate(ranked):
            places[index] = (column + at // _MOST_ROWS, at % _MOST_ROWS)
        column += -(-len(ranked) // _MOST_ROWS)
    return [places[index] for index in range(len(before))]


def layers_of(before: Sequence[Sequence[int]]) -> list[int]:
    """Return a layer for each feature, later than those of its dependencies; a circle is opened at its first one."""
    layers, left = [0] * len(before), list(range(len(before)))
    while left:
        waiting = set(left)
        ready = [i for i in left if not waiting.intersection(before[i]) - {i}] or left[:1]
        for index in ready:
            layers[index] = max((layers[b] + 1 for b in before[index] if b not in waiting), default=0)
        left = [i for i in left if i not in set(ready)]
    return layers


def _row(index: int, before: Sequence[Sequence[int]], places: dict[int, tuple[int, int]]) -> float:
    rows = [places[b][1] for b in before[index] if b in places]
    return sum(rows) / len(rows) if rows else 0.0
