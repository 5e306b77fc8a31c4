"""What the gate of the current phase shows: the finished work, or a document among the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import Sha
from mission_cli.domain.noted import is_noted
from mission_cli.domain.phases.gates import DOCUMENTS
from mission_cli.domain.phases.look import Document, PhaseLook
from mission_cli.domain.phases.proposals import REQUIREMENTS
from mission_cli.domain.phases.table import PhaseStatus, WorkerKind, current
from mission_cli.engine.phases.documents import documents_of, problem_of
from mission_cli.planner.core.phases import is_landing, rule_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.table import Phase
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.code import Heads
    from mission_cli.ports.git.state import Stored

_PLACE = pattern(r"(?m)^@@ -[0-9,]+ \+[0-9,]+ @@.*$")
_BLOBS = pattern(r"(?m)^index [0-9a-f]+\.\.[0-9a-f]+(?P<mode> [0-7]+)?\n(?=--- )")


def phase_look(
    ctx: Context, stored: Stored, head: Sha | None, mission: Mission, heads: Heads, target: Sha | None
) -> PhaseLook:
    """Return what decisions about the current phase are about; of a mission without phases nothing."""
    phase = current(mission.phases)
    if phase is None or head is None:
        return PhaseLook()
    rule = rule_of(mission, phase)
    documents = documents_of(ctx.state.found(stored, head), (*DOCUMENTS.values(), rule.document))
    for name in _needed(mission, phase, documents) & documents.keys():
        documents[name] = replace(documents[name], problem=problem_of(name, documents[name].text))
    if phase.gate and rule.document and not is_landing(mission):
        found = documents.get(rule.document)
        return PhaseLook(found.blob if found else "", documents=documents)
    subject = (target if is_landing(mission) else heads.work) or Sha("")
    start = ctx.code.common(heads.base, heads.work) if heads.base and heads.work else None
    return PhaseLook(subject, _same_change(ctx, mission, heads.base, subject), start, documents)


def _needed(mission: Mission, phase: Phase, documents: Mapping[str, Document]) -> set[str]:
    """Return the documents that are decided about, or adopted, now."""
    if phase.status is PhaseStatus.WAITING:
        return {rule_of(mission, phase).document}
    prd = documents.get(REQUIREMENTS)
    if phase.kind is not WorkerKind.MILESTONES or prd is None or is_noted(mission, EventKind.PLAN_ADOPTED, prd.blob):
        return set()
    return {REQUIREMENTS}


def _same_change(ctx: Context, mission: Mission, base: Sha | None, subject: Sha) -> frozenset[str]:
    """Return the other commits that approvals at gates of phases name and that change the base in the same way."""
    gates = {phase.gate.casefold() for phase in mission.phases if phase.gate}
    named = {a.commit for a in mission.approvals if a.gate.casefold() in gates and not subject.startswith(a.commit)}
    if not named or not subject or base is None:
        return frozenset()
    wanted = change_of(ctx, base, subject)
    commits = {name: ctx.code.find_commit(name) for name in sorted(named)}
    return frozenset(n for n, commit in commits.items() if commit and change_of(ctx, base, commit) == wanted)


def change_of(ctx: Context, base: Sha, commit: Sha) -> str:
    """Return what a commit changes since it left the base, without line numbers and ids of objects."""
    start = ctx.code.common(base, commit)
    if start is None:
        return f"no common history: {commit}"
    return _PLACE.sub("@@", _BLOBS.sub("", ctx.code.diff(start, commit)))
