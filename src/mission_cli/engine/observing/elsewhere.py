"""What the waits of a mission need to know of other missions: their status, and how far their pull requests are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.document.reading.placed import load_placed
from mission_cli.planner.pulls.rows import covering, row_of

if TYPE_CHECKING:
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot


def statuses(snapshot: Snapshot, mission: Mission) -> dict[str, str]:
    """Return the status words of the other missions, by id; empty if no wait names a mission."""
    if not any(wait.waiting_for.startswith("mission:") for wait in mission.waits):
        return {}
    found = {str(other): str(settled.status) for other, settled in snapshot.settled.items()}
    for other, stored in snapshot.missions.items():
        if other != mission.id:
            found[str(other)] = str(load_placed(stored.text, other).mission.status)
    return found


def pull_rows(ctx: Context, snapshot: Snapshot, mission: Mission) -> dict[str, PullRow]:
    """Return the rows of the pull requests that open waits name, by the text after `pr:`; without those not planned."""
    named = {wait.waiting_for: wait.pull for wait in mission.waits if wait.open}
    found: dict[str, PullRow] = {}
    for waiting_for, pull in named.items():
        about = _mission(ctx, snapshot, mission, pull[0]) if pull is not None else None
        row = _row(about, pull[1]) if about is not None and pull is not None else None
        if row is not None:
            found[waiting_for.partition(":")[2]] = row
    return found


def _mission(ctx: Context, snapshot: Snapshot, mission: Mission, name: str) -> Mission | None:
    if name == mission.id:
        return mission
    missions = snapshot.missions
    if snapshot.head is not None and any(name == other for other in snapshot.settled):
        missions = ctx.state.at(snapshot.head).missions
    stored = next((stored for other, stored in missions.items() if other == name), None)
    return None if stored is None else load_placed(stored.text, stored.id).mission


def _row(mission: Mission, number: FeatureNumber) -> PullRow | None:
    """Return the row of a feature, or of the milestone or mission in whose pull request it is."""
    feature, milestone = mission.feature(number), mission.milestone_holding(number)
    own = row_of(mission, number)
    return own if own is not None or feature is None or milestone is None else covering(mission, milestone, feature)
