"""Everything that the program reads from a mission, with the data of signals, which is in files of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.reports import WholeMission
from mission_cli.engine.recording.signals import data_of

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context


def whole_mission(ctx: Context, address: Address) -> WholeMission:
    """Return a mission with the data that was stored with its waits."""
    path = ctx.state.work_path(address.stored.path)
    return WholeMission(path, address.mission, data_of(ctx, address.stored, address.mission.waits))
