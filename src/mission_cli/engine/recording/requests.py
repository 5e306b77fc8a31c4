"""Requests in the state: their rows, files with the data that explains them, and what their answers change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.changes import AppendRow, Change, SetFeature, SetFront, SetMilestone
from mission_cli.domain.asking.options import write_options
from mission_cli.domain.status import FeatureStatus, MilestoneStatus
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.decisions import ChangeScope
    from mission_cli.ports.git.state import Stored

_FOLDER = "assets/"


def request_row(request: InputRequest) -> AppendRow:
    """Return the row of a new request."""
    row = {
        "#": str(request.number),
        "Asked": request.asked,
        "Feature": request.feature,
        "Prompt": request.prompt,
        "Options": write_options(request.answers),
        "Urgency": request.urgency,
        "Expires": request.expires,
        "Status": request.status,
    }
    return AppendRow("Input Requests", row | ({"Context": request.context} if request.context else {}))


def context_write(stored: Stored, request: InputRequest, text: str) -> Write:
    """Return the write of the file with the data about a new request; its name has never been used before."""
    return Write(f"{assets_folder(stored)}/{request.context.removeprefix(_FOLDER)}", text, None)


def scope_changes(move: ChangeScope) -> Iterator[Change]:
    """Yield the changes of a decision about the scope."""
    yield from (SetFeature(number, "Status", FeatureStatus.SKIPPED) for number in move.defer)
    yield from (SetMilestone(number, "Status", MilestoneStatus.SKIPPED) for number in move.skip)
    if move.threshold is not None:
        yield SetFront(("budget", "alert_threshold_pct"), move.threshold)
    if move.to is not None:
        yield SetFront(("status",), str(move.to))


def follow_up(stored: Stored, mission: Mission, move: ChangeScope) -> Write:
    """Return the write of the plan with what is deferred; the number of its request was never used before."""
    from mission_cli.document.plans.plan import write_plan
    from mission_cli.document.plans.rest import plan_of_rest

    text = write_plan(plan_of_rest(mission, move.defer))
    return Write(f"{assets_folder(stored)}/{follow_up_name(move.request)}", text, None)


def follow_up_name(request: int) -> str:
    """Return the name of the plan in the folder `assets` of the mission."""
    return f"follow-up-{request}.yaml"
