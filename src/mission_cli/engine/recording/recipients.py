"""Whom a gate or a feature names: those are told of its events, besides or instead of those of the mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.status import GateKind
from mission_cli.planner.core.moves.features import Dispatch, MoveFeature, Settle
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import Ask, MoveGate, MoveWait, StartWait

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Transition

_BY_RULE = frozenset({GateKind.DELAY, GateKind.QUALITY})
"""Gates that open and close by themselves; while another one waits, `news.outbox.at_gates` names whom it is for."""


def recipients(mission: Mission, move: Transition) -> tuple[str, ...]:
    """Return the names on the gate or feature that a decision is about; empty if it names nobody."""
    match move:
        case MoveGate():
            gate = next((g for g in mission.gates if g.name == move.name), None)
            return gate.recipients if gate is not None and gate.kind in _BY_RULE else ()
        case MoveFeature():
            return of_feature(mission, move.number)
        case Dispatch() | Settle():
            return of_feature(mission, move.record.about or move.record.feature)
        case MoveWait() | StartWait():
            return of_feature(mission, move.feature)
        case Note():
            return move.notify
        case Ask():
            return of_feature(mission, move.request.feature)
    return ()


def of_feature(mission: Mission, number: str) -> tuple[str, ...]:
    """Return the names on a feature; empty if there is no such feature."""
    return next((f.notify for f in mission.features() if f.number == number), ())
