"""What a person decides about when something waits for a decision: finished work, or a document among the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.deciding.grants import LANDING
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.phases.table import current
from mission_cli.domain.research.topics import document_at
from mission_cli.engine.observing.code_look import landing_target
from mission_cli.engine.observing.phase_look import phase_look
from mission_cli.engine.phases.documents import documents_of
from mission_cli.planner.core.phases import lands_later, rule_of
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from mission_cli.domain.deciding.grants import Subject
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import Gate
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.code import Heads
    from mission_cli.ports.git.state import Stored


@dataclass(frozen=True, slots=True)
class DecisionLook:
    """What there is to look at."""

    shown: str = ""
    """A commit of finished work, or the blob id of a document; empty if the decision does not depend on either."""
    same: frozenset[str] = frozenset()
    """Other commits with the same change against the base."""
    document: str = ""
    """The text of the document."""
    name: str = ""
    """Its path in the mission's folder `research/`; empty if the decision is about work."""

    def shows(self, seen: str) -> bool:
        """Whether a decision about what a person saw is about what there is now."""
        return seen == self.shown or seen in self.same


def decision_look(ctx: Context, stored: Stored, subject: Subject) -> DecisionLook:
    """Return what a decision about a request or a gate is about now."""
    mission = subject.mission
    if not subject.of_work:
        return DecisionLook()
    heads = ctx.code.heads(mission.id, mission.base)
    if subject.name == LANDING:
        return DecisionLook(_landing(ctx, mission, heads))
    phase = current(mission.phases)
    if subject.phase is None or phase is None:
        return gate_look(ctx, stored, mission, subject.gate) if subject.gate else DecisionLook(str(heads.work or ""))
    look = phase_look(ctx, stored, ctx.state.head(), mission, heads, None)
    document = look.documents.get(rule_of(mission, phase).document)
    if document is not None and document.blob == look.subject:
        return DecisionLook(look.subject, look.same, document.text, rule_of(mission, phase).document)
    return DecisionLook(look.subject, look.same)


def gate_look(ctx: Context, stored: Stored, mission: Mission, gate: Gate) -> DecisionLook:
    """Return what a gate between features is about now: what was found out about a topic, or else finished work."""
    name, head = document_at(mission, gate), ctx.state.head()
    document = documents_of(ctx.state.found(stored, head), (name,)).get(name) if name and head else None
    if document is None:
        return DecisionLook(str(ctx.code.heads(mission.id, mission.base).work or ""))
    return DecisionLook(document.blob, document=document.text, name=name)


def _landing(ctx: Context, mission: Mission, heads: Heads) -> str:
    """Return the commit whose landing a person approves; empty if there is none, or it has landed."""
    if heads.base is None or lands_later(mission) is not None or proposing(mission) is not Proposing.NONE:
        return ""
    target = landing_target(ctx, mission, heads)
    if target is None or ctx.code.landing(mission.base, heads.base, target).state is LandState.LANDED:
        return ""
    return str(target)
