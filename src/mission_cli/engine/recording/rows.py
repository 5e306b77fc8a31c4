"""Decisions that set or append rows of tables: requests, gates, waits, recoveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.changes import Change, SetCell, SetFront
from mission_cli.domain.status import MissionStatus, RecoveryStatus
from mission_cli.engine.recording.requests import request_row
from mission_cli.planner.core.decisions import (
    Ask,
    CloseRecovery,
    MoveGate,
    MoveRequest,
    MoveWait,
    Note,
    Renumber,
    StartWait,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mission_cli.planner.core.decisions import Archive


def row_changes(
    move: Ask | MoveRequest | Renumber | MoveGate | MoveWait | StartWait | CloseRecovery | Note,
) -> Iterator[Change]:
    """Yield the changes of decisions that only set or append rows of tables."""
    match move:
        case Ask():
            yield request_row(move.request)
        case MoveRequest():
            yield SetCell("Input Requests", {"#": str(move.number)}, "Status", move.to)
        case Renumber():
            request = move.request
            key = {"#": request.label, "Feature": request.feature, "Prompt": request.prompt}
            yield SetCell("Input Requests", key, "#", str(move.number))
        case MoveGate():
            yield SetCell("Gates", {"Gate": move.name}, "Status", move.to, move.was)
        case MoveWait():
            yield SetCell("Waits", {"Feature": move.feature, "Waiting for": move.waiting_for}, "Status", move.to)
        case StartWait():
            key = {"Feature": move.feature, "Waiting for": move.waiting_for}
            yield SetCell("Waits", key, "Since", move.since)
        case CloseRecovery():
            yield SetCell("Recovery Log", {"Feature": move.feature, "Status": RecoveryStatus.OPEN}, "Status", move.to)
        case Note():
            return


def archive_changes(move: Archive, now: datetime) -> Iterator[Change]:
    """Yield the changes that archive a mission."""
    yield SetFront(("archived",), stamp(now))
    if move.pauses:
        yield SetFront(("status",), str(MissionStatus.PAUSED))
