"""Slots of this machine: as many lock files as workers, and as checks, may run at a time over all missions of a user.

Workers and checks have slots of their own: a check is short, and does not wait for a worker of three hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import is_locked, try_lock

if TYPE_CHECKING:
    from pathlib import Path


SLOTS = {"worker": "slot", "check": "check"}
"""Kinds of jobs that wait for a slot, and what their slots are called."""


def take_slot(folder: Path, count: int, kind: str) -> tuple[int, int] | None:
    """Return (number, descriptor) of a slot that is held from now on, or None when all are taken."""
    for number in range(count):
        handle = try_lock(folder / f"{SLOTS[kind]}-{number}")
        if handle is not None:
            return number, handle
    return None


def free_slots(folder: Path, count: int, kind: str) -> int:
    """Return how many slots of a kind are free now."""
    return sum(not is_locked(folder / f"{SLOTS[kind]}-{number}") for number in range(count))
