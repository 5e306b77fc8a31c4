"""What the prompt of an analysis, or of the requirements, says beside what every prompt says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.ids import Sha
from mission_cli.domain.phases.proposals import MOST_SUGGESTIONS, REQUIREMENTS, SUGGESTIONS
from mission_cli.engine.findings import folder_of
from mission_cli.engine.phases.choice import chosen
from mission_cli.engine.phases.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context


def document_of(mission: Mission, feature: Feature) -> str:
    """Return the document of a phase that the criteria of a feature ask for; empty if they ask for none."""
    if not mission.phases:
        return ""
    folder = folder_of(mission.id)
    asked = {path for criterion in feature.criteria for path in criterion.paths}
    return next((name for name in (SUGGESTIONS, REQUIREMENTS) if f"{folder}/{name}" in asked), "")


def brief_for(ctx: Context, mission: Mission, record: RunRecord, found: Mapping[str, str]) -> str:
    """Return the part of a prompt that says which document to write, and what is known; empty for other features."""
    feature = mission.feature(record.feature)
    name = document_of(mission, feature) if feature is not None else ""
    if not name:
        return ""
    folder = folder_of(mission.id)
    values = {
        "commit": record.base[:12],
        "facts": facts_of(ctx, Sha(record.base)),
        "path": f"{folder}/{name}",
        "folder": folder,
        "most": MOST_SUGGESTIONS,
    }
    if name == SUGGESTIONS:
        return ctx.templates.render("prompts/suggestions.md.j2", values)
    choice = chosen(mission, found)
    values |= {"chosen": choice.text, "by": choice.by, "comment": choice.comment}
    return ctx.templates.render("prompts/requirements.md.j2", values)
