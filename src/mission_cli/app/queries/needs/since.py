"""Since when something waits for a person, as far as the mission says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.phases.table import current
from mission_cli.domain.status import HoldKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.decisions import Hold

GATES = frozenset({HoldKind.CHECKPOINT, HoldKind.APPROVAL, HoldKind.QUALITY, HoldKind.GATE, HoldKind.DELAY})
FAILED = frozenset({HoldKind.ATTEMPTS, HoldKind.FAILED})
_OF_RECORDS = FAILED | {HoldKind.BY_HAND, HoldKind.RUNNER}


def since_of(mission: Mission, records: Sequence[RunRecord], hold: Hold) -> str:
    """Return since when a hold waits for a person, ISO 8601 in UTC; empty if that is not recorded."""
    phase = current(mission.phases)
    if hold.kind is HoldKind.PAUSED:
        return _logged(mission, EventKind.MISSION_PAUSED)
    if hold.kind is HoldKind.LANDING:
        return _logged(mission, EventKind.of("milestone", "passed"))
    if hold.kind in GATES:
        return _gate(mission, hold)
    if hold.kind is HoldKind.PHASE and phase is not None:
        return _moment(phase.entered)
    if hold.kind is HoldKind.WAIT:
        return next((_moment(w.since) for w in mission.waits if w.feature == hold.subject and w.holds), "")
    if hold.kind in _OF_RECORDS:
        mine = [r for r in records if r.feature == hold.subject]
        last = max(mine, key=lambda r: r.attempt, default=None)
        return _moment(last.ended or last.intended) if last is not None else ""
    return ""


def _gate(mission: Mission, hold: Hold) -> str:
    """Return when a gate began to wait: that of a phase, or that of a row."""
    name = next((r.args[1] for r in hold.unblock.remedies if r.command == "approve" and len(r.args) > 1), "")
    phase = current(mission.phases)
    if phase is not None and name and phase.gate.casefold() == name.casefold():
        return _logged(mission, EventKind.APPROVAL_REQUIRED, f"the gate {phase.gate} ")
    return _logged(mission, EventKind.GATE_WAITING, f"gate {name} ") if name else ""


def _logged(mission: Mission, event: EventKind, start: str = "") -> str:
    rows = (row for row in reversed(mission.progress) if row.event == event)
    return next((_moment(row.at) for row in rows if row.details.startswith(start)), "")


def _moment(text: str) -> str:
    at = parse_stamp(text) if text else None
    return "" if at is None else stamp(at)
