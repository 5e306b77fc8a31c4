"""What the phases of a mission allow now: which milestones are worked on, and whether work may land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp, stamp
from mission_cli.domain.noted import returns_of
from mission_cli.domain.notice import Notice, do
from mission_cli.domain.phases.gates import GateRule, read_rule
from mission_cli.domain.phases.table import PhaseStatus, WorkerKind, current, with_gate
from mission_cli.domain.status import GateKind

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.phases.table import Phase


def milestones_of(mission: Mission, phase: Phase) -> tuple[Milestone, ...]:
    """Return the milestones that a phase works on."""
    if phase.kind is WorkerKind.MILESTONE:
        return tuple(m for m in mission.milestones if m.number == phase.milestone)
    if phase.kind is not WorkerKind.MILESTONES:
        return ()
    others = {other.milestone for other in mission.phases}
    return tuple(m for m in mission.milestones if m.number not in others)


def built_in_phases(mission: Mission) -> tuple[Milestone, ...]:
    """Return the milestones in which the mission builds: those of the phase `milestones`; without phases all."""
    phase = next((p for p in mission.phases if p.kind is WorkerKind.MILESTONES), None)
    return mission.milestones if phase is None else milestones_of(mission, phase)


def is_unplanned(mission: Mission) -> bool:
    """Whether the milestones in which the mission builds are not known yet."""
    waits = any(p.kind is WorkerKind.MILESTONES and not p.over for p in mission.phases)
    return waits and not built_in_phases(mission)


def open_to_work(mission: Mission) -> tuple[Milestone, ...]:
    """Return the milestones that may be worked on now: those of the active phase, after the last phase all."""
    phase = current(mission.phases)
    if phase is None:
        return mission.milestones
    return milestones_of(mission, phase) if phase.status is PhaseStatus.ACTIVE else ()


def phase_before(mission: Mission, milestone: Milestone) -> Phase | None:
    """Return the current phase if a milestone is not worked on in it; None if it may be worked on."""
    allowed = any(m.number == milestone.number for m in open_to_work(mission))
    return None if allowed else current(mission.phases)


def is_landing(mission: Mission) -> bool:
    """Whether the phase in which the work lands is active."""
    phase = current(mission.phases)
    return phase is not None and phase.kind is WorkerKind.LANDING and phase.status is PhaseStatus.ACTIVE


def lands_later(mission: Mission) -> Notice | None:
    """Return which phase landing waits for; None if the phases allow it now."""
    phase = current(mission.phases)
    if phase is None or is_landing(mission):
        return None
    left = mission.phases[mission.phases.index(phase) :]
    lands = next((other for other in left if other.kind is WorkerKind.LANDING), None)
    at = f"the phase is `{phase.name}`"
    words = (
        f"the work lands in the phase `{lands.name}`, and {at} now" if lands else f"it lands after the last phase: {at}"
    )
    return Notice(words, do("why", mission.id))


def entry_time(mission: Mission, phase: Phase, now: datetime) -> str:
    """Return when a phase is entered that is entered now: not before a decision at its gate, which counts no more."""
    gate = phase.gate.casefold()
    made = [parse_stamp(a.at) for a in mission.approvals if gate and a.gate.casefold() == gate]
    return stamp(max([now, *(at for at in made if at is not None)]))


def rule_of(mission: Mission, phase: Phase) -> GateRule:
    """Return the rule of a phase's gate: that of the row of `## Gates` with its name, or the usual one."""
    row = next((g for g in mission.gates if g.name.casefold() == phase.gate.casefold()), None)
    if row is not None and row.kind is not GateKind.APPROVAL:
        return GateRule(wrong=f"the gate `{row.name}` is not an approval")
    return read_rule(row.rule if row is not None else "", phase.gate)


def sender_of(phase: Phase) -> str:
    """Return the sender of messages about what the worker of a phase found: workers of features read them as data."""
    return f"phase {phase.name}"


def is_of_phase(mission: Mission, gate: str) -> bool:
    """Whether a gate belongs to a phase, which decides when it is asked."""
    return with_gate(mission.phases, gate) is not None


def revisions_left(mission: Mission, phase: Phase) -> int:
    """Return how often a phase may still send the work back before a person decides."""
    return max(0, rule_of(mission, phase).revisions - returns_of(mission, phase.name))
