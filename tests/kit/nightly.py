"""What runs with every test run, and what only `make nightly` runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

NIGHTLY = bool(os.environ.get("MISSION_NIGHTLY"))
EACH = 1 if NIGHTLY else 5
"""A death at each so many steps, where each step is one to die at."""
only_at_night = pytest.mark.skipif(not NIGHTLY, reason="runs at night: `make nightly`")


def by_day(cases: Sequence[T], number: int) -> list[T]:
    """Return all cases in a nightly run, and else `number` of them, spread evenly from the first to the last."""
    if NIGHTLY or number >= len(cases):
        return list(cases)
    last = len(cases) - 1
    return [cases[round(n * last / max(1, number - 1))] for n in range(number)]
