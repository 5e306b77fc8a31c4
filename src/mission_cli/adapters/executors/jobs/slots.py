"""Slots of this machine: lock files that limit how many workers and checks of a user run at the same time.

Workers and checks have separate slots: a short check does not wait for a worker that runs for three hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import is_locked, try_lock
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from pathlib import Path


SLOTS = {JobKind.WORKER: "slot", JobKind.REVIEW: "slot", JobKind.CHECK: "check"}
"""Kinds of jobs that need a slot, and the name of their slots."""


def take_slot(folder: Path, count: int, kind: JobKind) -> tuple[int, int] | None:
    """Return (number, descriptor) of a slot that is now held, or None if all are taken."""
    for number in range(count):
        handle = try_lock(folder / f"{SLOTS[kind]}-{number}")
        if handle is not None:
            return number, handle
    return None


def free_slots(folder: Path, count: int, kind: JobKind) -> int:
    """Return how many slots of a kind are free now."""
    return sum(not is_locked(folder / f"{SLOTS[kind]}-{number}") for number in range(count))
