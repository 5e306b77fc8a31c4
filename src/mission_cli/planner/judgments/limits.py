"""The bounds of judgments that no mission can raise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.runs.record import RunRecord

MOST = 20
"""How many judgments one mission may ask for, whatever they are about."""
MOST_TRIES = 2
"""How often the same question is asked: once, and once more if the answer cannot be used."""
_MOST_RUNS = 5
"""How often it is asked at most, with the runs that ended without an answer of a model."""
_FREE = frozenset({Cause.LOST, Cause.KILLED, Cause.STOPPED, Cause.RATE_LIMIT})
"""Causes that are not an answer: the question is asked again."""
DEADLINE = timedelta(minutes=10)


def is_given_up(asked: Sequence[RunRecord]) -> bool:
    """Whether a question is not asked any more after these settled judgments."""
    tries = sum(record.cause not in _FREE for record in asked)
    return tries >= MOST_TRIES or len(asked) >= _MOST_RUNS
