"""Count, for each model, the held-out criteria that its milestones passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.mission_report import HeldOutFigure
from mission_cli.domain.status import PASSES, Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord


def held_out_figures(mission: Mission, records: Sequence[RunRecord]) -> list[HeldOutFigure]:
    """Return for each model how many held-out criteria its milestones passed, at first and now.

    They run when every visible criterion has passed, so a failure at first means that the work only fits what the
    worker could read. A milestone that several models worked on counts for each of them.
    """
    sums: dict[str, tuple[int, int, int]] = {}
    for sealed in mission.held_out:
        words = [text.split(" ", 1)[0] for text in map(str.strip, sealed.results.split(";")) if text]
        if not words:
            continue
        first, last = (int(word in PASSES) for word in (words[0], words[-1]))
        for model in sorted({_model(r) for r in records if r.cause is Cause.DONE and r.milestone == sealed.milestone}):
            judged, at_first, now = sums.get(model, (0, 0, 0))
            sums[model] = (judged + 1, at_first + first, now + last)
    return [HeldOutFigure(model, *counts) for model, counts in sorted(sums.items())]


def _model(record: RunRecord) -> str:
    return f"{record.runner} {record.model}".strip() if not record.by else record.by
