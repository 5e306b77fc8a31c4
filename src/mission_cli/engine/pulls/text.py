"""Title and description of a pull request, from the mission and its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.forge.rows import MISSION

if TYPE_CHECKING:
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.ports.templates import Templates

_LONGEST_TITLE = 120


def text_of(templates: Templates, mission: Mission, row: PullRow) -> tuple[str, str]:
    """Return title and description."""
    feature = next((f for f in mission.features() if f.number == row.subject), None)
    milestones: list[Milestone] = [m for m in mission.milestones if str(m.number) == row.subject]
    if row.subject == MISSION:
        milestones = list(mission.milestones)
    if feature is not None:
        title = f"{feature.title} ({mission.id}/{feature.number})"
    elif row.subject == MISSION:
        title = f"{mission.title} ({mission.id})"
    else:
        title = f"{milestones[0].name if milestones else mission.title} ({mission.id}/{row.subject})"
    values = {"mission": mission, "row": row, "feature": feature, "milestones": milestones}
    return one_line(title, _LONGEST_TITLE), templates.render("pull-request.md.j2", values)
