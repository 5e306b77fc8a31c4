"""Observe the drafts of a mission; a mission without any, that may make none, costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.agents.drafts import DraftLook, rows_of
from mission_cli.domain.agents.workspace import AGENTS, SCRIPTS
from mission_cli.domain.research.documents import rules_in
from mission_cli.engine.drafts.promote import looks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored


def draft_look(
    ctx: Context, stored: Stored, head: Sha | None, mission: Mission, records: Sequence[RunRecord], *, ask: bool
) -> DraftLook:
    """Return what decisions about drafts depend on."""
    makes = mission.orchestrator.drafts
    if head is None or not (makes or rows_of(mission)):
        return DraftLook()
    files = ctx.state.workspace(stored, head, AGENTS, SCRIPTS)
    documents = ctx.state.found(stored, head) if makes else {}
    rules = {f"research/{name}": found for name, text in documents.items() if (found := rules_in(text))}
    return DraftLook(files, rules, ctx.machine.sandbox().on, looks_of(ctx, mission, files, records, ask=ask))
