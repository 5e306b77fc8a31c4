"""Approve or reject the gate of a phase, for exactly what it shows now."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import parse_stamp, stamp
from mission_cli.app.commands.phases.documents import Given, changed_requirements, choice, refuse_misplaced
from mission_cli.app.transaction import Wanted
from mission_cli.document.changes import AppendRow
from mission_cli.domain.errors import BlockedError, ConflictError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.look import PhaseLook
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
from mission_cli.domain.phases.table import PhaseStatus, current, with_gate
from mission_cli.domain.status import GateStatus
from mission_cli.engine.observing.decision_look import gate_look
from mission_cli.engine.observing.phase_look import phase_look
from mission_cli.planner.core.approvals import standing
from mission_cli.planner.core.phases import rule_of

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.notice import Advice
    from mission_cli.domain.phases.table import Phase
    from mission_cli.engine.context import Context


_NOTHING = Given()
_HEX = re.compile("[0-9a-f]+")
_NAME = re.compile("[0-9a-f]{7,64}")  # 64: of a repository with SHA-256


def decided(
    ctx: Context,
    address: Address,
    phase: Phase,
    word: GateStatus,
    comment: str = "",
    saw: str = "",
    given: Given = _NOTHING,
) -> Wanted:
    """Return the change that records a decision about the gate of a phase.

    `saw`: the commit or blob that the person looked at, if the surface knows it. `given`: what the person chose or
    changed. Raises BlockedError if the gate is not waiting, the person may not decide, or there is nothing to decide
    about; ConflictError if it is something else by now.
    """
    mission, person = address.mission, ctx.person().name
    _refuse(mission, phase, person)
    look, rule = shown(ctx, address), rule_of(mission, phase)
    refuse_other(phase.gate, look, saw, _shown_by(mission, rule.document))
    refuse_misplaced(given, rule.document, phase.gate)
    changed = changed_requirements(address, look, given)
    look = look if changed is None else PhaseLook(changed[1])
    if word is GateStatus.APPROVED and rule.document and changed is None:
        _refuse_unreadable(mission, phase, rule.document, look)
    if word is GateStatus.APPROVED and rule.document == SUGGESTIONS:
        comment = choice(address, phase, look, given, comment)
    if not rule.document and not look.subject and any(m.passed_at for m in mission.milestones):
        words = f"the finished work that the gate `{phase.gate}` is about is not in this clone"
        raise BlockedError(words, hint=f"decide where the mission runs: {mission.host or 'the clone that has it'}")
    found = standing(mission, phase, look)
    there = [one.by.strip().casefold() for one in found.approved]
    if word is GateStatus.APPROVED and person.casefold() in there:
        return Wanted(f"{person} has approved the gate {phase.gate} already ({len(there)} of {rule.approvals})")
    count = f" ({len(there) + 1} of {rule.approvals})" if word is GateStatus.APPROVED and rule.approvals > 1 else ""
    return Wanted(
        f"gate {phase.gate} is {word}{count}" + (f": {comment}" if comment else ""),
        EventKind.of("gate", word),
        (_row(ctx, phase, word, look.subject, comment),),
        decisions=(f"{'Approve' if word is GateStatus.APPROVED else 'Reject'} the gate {phase.gate}",),
        reason=comment,
        about=look.subject,
        files=() if changed is None else (changed[0],),
    )


def as_seen(saw: str) -> str:
    """Return the commit or blob that a person named, as git writes it. Raises UsageError if it is none."""
    found = saw.strip().lower()
    if found and not _NAME.fullmatch(found):
        words = (
            f"`{found}` names no commit" if not _HEX.fullmatch(found) else f"`{found}` has too few or too many digits"
        )
        raise UsageError(words, hint="give 7 to 40 hexadecimal digits, of the commit or of the blob id")
    return found


def refuse_other(gate: str, look: PhaseLook, saw: str, shown_by: Advice) -> None:
    """Raise ConflictError if the gate shows something else than what the person looked at."""
    if saw and not look.shows(saw):
        words = f"the gate `{gate}` shows {look.subject[:7] or 'nothing'} by now, and not {saw[:7]}"
        raise ConflictError(words, hint=advise("look at it again: ", shown_by))


def _shown_by(mission: Mission, document: str) -> Advice:
    """Return the command that shows what a gate is about."""
    option = {SUGGESTIONS: "--suggestions", REQUIREMENTS: "--prd"}.get(document)
    return do("show", mission.id, option) if option else do("why", mission.id)


@dataclass(frozen=True, slots=True)
class AtGate:
    """A gate, as a person is asked about it."""

    name: str
    message: str
    """What the mission file says to the person, or which phase it belongs to."""
    saw: str
    """The commit of finished work, or the blob of a document, that it is about; empty if there is none."""
    document: str
    """The document; empty if it is about the work."""
    state: str
    """Changes when it is another question."""


def at_gate(ctx: Context, address: Address, gate: str) -> AtGate:
    """Return a gate of the features or of a phase by its name. Raises NotFoundError."""
    mission = address.mission
    phase = with_gate(mission.phases, gate)
    if phase is not None:
        document = rule_of(mission, phase).document
        state = f"{phase.status} {phase.entered}"
        return AtGate(phase.gate, f"It ends the phase {phase.name}.", shown(ctx, address).subject, document, state)
    found = next((g for g in mission.gates if g.name.casefold() == gate.casefold()), None)
    if found is None:
        raise no_gate(mission, gate)
    look = gate_look(ctx, address.stored, mission, found)
    return AtGate(found.name, found.message, look.shown, look.name, found.status)


def no_gate(mission: Mission, gate: str) -> NotFoundError:
    """Return the error about a gate that the mission does not have."""
    known = dict.fromkeys([*(g.name for g in mission.gates), *(p.gate for p in mission.phases if p.gate)])
    hint = f"its gates: {', '.join(known)}" if known else "it has no gates"
    return NotFoundError(f"{mission.id} has no gate `{gate}`", hint=hint)


def shown(ctx: Context, address: Address) -> PhaseLook:
    """Return what the gate of the current phase shows now."""
    mission = address.mission
    heads, head = ctx.code.heads(mission.id, mission.base), ctx.state.head()
    return phase_look(ctx, address.stored, head, mission, heads, None)


def _refuse_unreadable(mission: Mission, phase: Phase, document: str, look: PhaseLook) -> None:
    """Raise BlockedError if there is nothing to approve at the gate of a document."""
    found = look.documents.get(document)
    if found is None or found.problem:
        why = "is missing" if found is None else f"cannot be read: {found.problem}"
        words = f"the gate `{phase.gate}` has nothing to approve: `research/{document}` {why}"
        raise BlockedError(words, hint=do("reject", mission.id, phase.gate))


def _row(ctx: Context, phase: Phase, word: GateStatus, subject: str, comment: str) -> AppendRow:
    """Return the row of a decision; its time is after the phase was entered, even in the same second."""
    now, entered = ctx.clock.now(), parse_stamp(phase.entered)
    at = now if entered is None else max(now, entered + timedelta(seconds=1))
    row = {"Timestamp": stamp(at), "Gate": phase.gate, "Decision": word, "By": ctx.person().name}
    return AppendRow("Approvals", {**row, "Commit": subject, "Comment": comment})


def _refuse(mission: Mission, phase: Phase, person: str) -> None:
    """Raise BlockedError if the gate does not wait for this person."""
    rule, now = rule_of(mission, phase), current(mission.phases)
    if rule.wrong:
        words = f"the rule of the gate `{phase.gate}` cannot be read: {rule.wrong}"
        raise BlockedError(words, hint=do("edit", mission.id))
    if phase.status is not PhaseStatus.WAITING or now is None or now.name != phase.name:
        words = f"the gate `{phase.gate}` does not wait: its phase `{phase.name}` is {phase.status}"
        at = f", and the mission is in the phase `{now.name}`" if now is not None and now.name != phase.name else ""
        raise BlockedError(words + at, hint=do("why", mission.id))
    if not rule.allows(person):
        words = f"{person} may not decide the gate `{phase.gate}`"
        raise BlockedError(words, hint=f"only {', '.join(rule.by)} may")
