"""Which decisions of people count at the gate of a phase: those about what there is now, since it was entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp
from mission_cli.domain.phases.table import PhaseStatus, current
from mission_cli.domain.status import GateStatus
from mission_cli.planner.core.phases import is_landing, rule_of

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.look import PhaseLook
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.tables import Approval

_DECISIONS = frozenset({GateStatus.APPROVED, GateStatus.REJECTED})


@dataclass(frozen=True, slots=True)
class Standing:
    """The decisions about the gate of a phase."""

    approved: tuple[Approval, ...] = ()
    """The last decision of each person who approves."""
    rejected: Approval | None = None
    void: tuple[tuple[Approval, str], ...] = ()
    """Decisions that do not count, each with the reason."""


def standing(mission: Mission, phase: Phase, look: PhaseLook) -> Standing:
    """Return the decisions about a gate since its phase was entered; of each person the last one that counts."""
    rule = rule_of(mission, phase)
    last: dict[str, Approval] = {}
    void: list[tuple[Approval, str]] = []
    for row in decisions(mission, phase):
        if not rule.allows(row.by):
            void.append((row, f"only {', '.join(rule.by)} may decide"))
        elif not look.shows(row.commit):
            void.append((row, _other(rule.document, row.commit, look.subject)))
        else:
            last[row.by.strip().casefold()] = row
    found = tuple(last.values())
    rejected = next((row for row in found if row.decision == GateStatus.REJECTED), None)
    return Standing(tuple(row for row in found if row.decision == GateStatus.APPROVED), rejected, tuple(void))


def decisions(mission: Mission, phase: Phase) -> tuple[Approval, ...]:
    """Return the decisions about a gate that were made after its phase was entered, whatever they saw."""
    entered = parse_stamp(phase.entered)
    mine = (a for a in mission.approvals if a.gate.casefold() == phase.gate.casefold() and a.decision in _DECISIONS)
    return tuple(a for a in mine if entered is not None and (at := parse_stamp(a.at)) is not None and at > entered)


def _other(document: str, saw: str, subject: str) -> str:
    what = f"`{document}`" if document else "the work"
    return f"it is about {saw[:7] or 'nothing'}, and {what} is {subject[:7] or 'missing'} now"


def landing_is_approved(mission: Mission, look: PhaseLook) -> bool:
    """Whether people approved, at the last gate before the phase in which the work lands, exactly what lands now.

    Gates of documents say nothing about the work, and those that a person skipped are passed over.
    """
    phase = current(mission.phases)
    if phase is None or not is_landing(mission) or not look.subject:
        return False
    before = mission.phases[: mission.phases.index(phase)]
    for gated in reversed(before):
        rule = rule_of(mission, gated)
        if gated.gate and gated.status is PhaseStatus.DONE and not rule.document:
            return not rule.wrong and len(standing(mission, gated, look).approved) >= rule.approvals
    return False
