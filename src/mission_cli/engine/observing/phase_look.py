"""What the gate of the current phase shows: the finished work, or a document among the findings."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.ids import Sha
from mission_cli.domain.phases.gates import DOCUMENTS
from mission_cli.domain.phases.look import Document, PhaseLook
from mission_cli.domain.phases.table import current
from mission_cli.planner.core.phases import is_landing, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.domain.mission import Mission
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
    if phase.gate and rule.document and not is_landing(mission):
        found = documents.get(rule.document)
        return PhaseLook(found.blob if found else "", documents=documents)
    subject = (target if is_landing(mission) else heads.work) or Sha("")
    return PhaseLook(subject, _same_change(ctx, mission, heads.base, subject), documents)


def documents_of(found: Mapping[str, str], names: Iterable[str]) -> dict[str, Document]:
    """Return those of the findings that are named, by path; empty ones are left out."""
    texts = {name: found[name] for name in dict.fromkeys(names) if found.get(name, "").strip()}
    return {name: Document(blob_id(text), text) for name, text in texts.items()}


def blob_id(text: str) -> str:
    """Return the id that git gives a file with this text."""
    content = text.encode("utf-8", "surrogateescape")
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


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
