"""Store drafts: the file of a new one, and none of a discarded one, in the commit that changes the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.agents.drafts import Fate
from mission_cli.planner.core.moves.drafts import AddDraft, MoveDraft
from mission_cli.ports.git.state import Write, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition


def kept(ctx: Context, case: Case, transitions: Sequence[Transition]) -> Iterator[Write]:
    """Yield the files of drafts that a round adds or discards."""
    files = case.observation.drafts.files
    for move in transitions:
        place = f"{folder_of(case.stored)}/{move.path}" if isinstance(move, AddDraft | MoveDraft) else ""
        if isinstance(move, AddDraft):
            yield Write(place, ctx.secrets.scrub(move.text), files.get(move.path))
        elif isinstance(move, MoveDraft) and move.to is Fate.DISCARDED and move.path in files:
            yield Write(place, None, files[move.path])
