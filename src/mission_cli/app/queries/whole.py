"""Everything that the program reads from a mission, with the data of signals and requests, which are in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.reports import WholeMission
from mission_cli.engine.recording.signals import data_in, data_of

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context


def whole_mission(ctx: Context, address: Address) -> WholeMission:
    """Return a mission with the data that was stored with its waits and requests."""
    path = ctx.state.work_path(address.stored.path)
    mission, stored = address.mission, address.stored
    told = data_in(ctx, stored, (request.context for request in mission.requests))
    return WholeMission(path, mission, data_of(ctx, stored, mission.waits), told)
