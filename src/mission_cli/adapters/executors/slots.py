"""Slots of this machine: as many lock files as workers may run at a time, over all missions of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.fs.locks import is_locked, try_lock

if TYPE_CHECKING:
    from pathlib import Path


def take_slot(folder: Path, count: int) -> tuple[int, int] | None:
    """Return (number, descriptor) of a slot that is held from now on, or None when all are taken."""
    for number in range(count):
        handle = try_lock(folder / f"slot-{number}")
        if handle is not None:
            return number, handle
    return None


def free_slots(folder: Path, count: int) -> int:
    """How many slots nobody holds now."""
    return sum(not is_locked(folder / f"slot-{number}") for number in range(count))
