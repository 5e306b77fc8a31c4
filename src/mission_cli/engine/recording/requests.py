"""Requests in the state: their rows, files with the data that explains them, and what their answers change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.document.changes import AppendRow, Change, SetFeature, SetFront, SetMilestone
from mission_cli.domain.asking.options import write_options
from mission_cli.domain.judgments.rules import ADVISER
from mission_cli.domain.status import FeatureStatus, MilestoneStatus
from mission_cli.engine.executions import depends_on, fresh_tries
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.moves.mission import ChangeScope, TakeAdvice
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


def advice_changes(loaded: Loaded, move: TakeAdvice, records: Sequence[RunRecord], now: datetime) -> Iterator[Change]:
    """Yield the changes of what a judgment recommends: features that are tried again, wait or are skipped."""
    mission = loaded.mission
    feature = mission.feature(move.again) if move.again is not None else None
    if feature is not None:
        yield from fresh_tries(loaded, feature, records)
        row = {"Timestamp": stamp(now), "Feature": feature.number, "From": ADVISER, "Message": move.note}
        yield AppendRow("Messages", row)
    later = mission.feature(move.after[1]) if move.after is not None else None
    if later is not None and move.after is not None:
        yield depends_on(loaded, later, move.after[0])
    yield from (SetFeature(number, "Status", FeatureStatus.SKIPPED) for number in move.skip)


def follow_up(stored: Stored, mission: Mission, move: ChangeScope) -> Write:
    """Return the write of the plan with what is deferred; the number of its request was never used before."""
    from mission_cli.document.plans.plan import write_plan
    from mission_cli.document.plans.rest import plan_of_rest

    text = write_plan(plan_of_rest(mission, move.defer))
    return Write(f"{assets_folder(stored)}/{follow_up_name(move.request)}", text, None)


def follow_up_name(request: int) -> str:
    """Return the name of the plan in the folder `assets` of the mission."""
    return f"follow-up-{request}.yaml"
