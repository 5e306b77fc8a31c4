"""Phases in the mission file: their rows, the features they send back, and the events of their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.changes import AppendRow, Change, SetCell
from mission_cli.domain.events import EventKind
from mission_cli.domain.phases.table import PhaseStatus, named
from mission_cli.engine.executions import fresh_tries
from mission_cli.engine.recording.adoption import adopted
from mission_cli.engine.recording.entry import Entry
from mission_cli.planner.core.moves.phases import AdoptPlan, MovePhase, RetryFeature, ReturnToPhase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.moves.phases import PhaseTransition

SECTION = "Phases"
_EVENTS = {
    PhaseStatus.ACTIVE: EventKind.PHASE_ENTERED,
    PhaseStatus.WAITING: EventKind.APPROVAL_REQUIRED,
    PhaseStatus.DONE: EventKind.PHASE_DONE,
    PhaseStatus.FAILED: EventKind.PHASE_FAILED,
    PhaseStatus.SKIPPED: EventKind.PHASE_SKIPPED,
}


def phase_entry(move: PhaseTransition) -> Entry:
    """Return the log entry of a decision about phases."""
    match move:
        case MovePhase():
            return Entry(_EVENTS[move.to], move.why, about=(move.gate,) if move.gate else ())
        case ReturnToPhase():
            return Entry(EventKind.PHASE_RETURNED, move.why, about=(move.source,) if move.counts else ())
        case RetryFeature():
            return Entry(EventKind.FEATURE_RETRIED, move.why)
        case AdoptPlan():
            return Entry(EventKind.PLAN_ADOPTED, move.why, about=(move.blob,))


def phase_changes(
    loaded: Loaded, move: PhaseTransition, records: Sequence[RunRecord], now: datetime
) -> Iterator[Change]:
    """Yield the changes of a decision about phases in the mission file."""
    match move:
        case MovePhase():
            yield from phase_cells(loaded.mission, move)
        case ReturnToPhase():
            for name, was in zip(move.reset, move.was, strict=True):
                pending = MovePhase(name, was, PhaseStatus.PENDING, "", entered="", exited="", result="")
                yield from phase_cells(loaded.mission, pending)
        case RetryFeature():
            feature = loaded.mission.feature(move.number)
            if feature is not None:
                yield from fresh_tries(loaded, feature, records)
            if move.message:
                row = {"Timestamp": stamp(now), "Feature": move.number, "From": move.sender, "Message": move.message}
                yield AppendRow("Messages", row)
        case AdoptPlan():
            yield from adopted(loaded, move.text)


def phase_cells(mission: Mission, move: MovePhase) -> Iterator[Change]:
    """Yield the changes of the cells of a phase; those that are empty already stay as they are."""
    phase = named(mission.phases, move.name)
    row = {"Phase": phase.label if phase is not None else move.name}
    yield SetCell(SECTION, row, "Status", move.to, move.was)
    for column in ("entered", "exited", "result"):
        text = getattr(move, column)
        if text is not None and (text or getattr(phase, column, "")):
            yield SetCell(SECTION, row, column.capitalize(), text)
