"""What the rest of a mission would cost, and how long it would take, if something was different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.shown import dollars
from mission_cli.app.forecasting.forecast import forecast_before
from mission_cli.app.forecasting.results import WhatIf
from mission_cli.app.given import configured_runner
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.notice import Notice, do
from mission_cli.domain.status import FINISHED_MISSION

if TYPE_CHECKING:
    from decimal import Decimal

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.outlook import Forecast
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

_MOST_WORKERS = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """What would be different; None and empty: as it is."""

    parallel: int | None = None
    """Workers at once, whatever this machine allows."""
    runner: str = ""
    cap: Decimal | None = None
    """In dollars."""

    @property
    def words(self) -> list[str]:
        """What is different, each in a few words."""
        parallel = [] if self.parallel is None else [f"{self.parallel} at once"]
        runner = [f"by {self.runner}"] if self.runner else []
        return [*parallel, *runner, *([] if self.cap is None else [f"a cap of {dollars(self.cap)}"])]


def what_if(ctx: Context, address: Address, changes: Changes) -> WhatIf:
    """Return the forecast of a mission as it is, and of the same mission with changes. Nothing is changed.

    Raises UsageError for changes that cannot be, BlockedError if nothing is known.
    """
    mission = address.need_whole()
    if not changes.words:
        raise UsageError("what would be different?", hint="name one of --parallel, --runner and --cap")
    if changes.parallel is not None and not 1 <= changes.parallel <= _MOST_WORKERS:
        raise UsageError(f"{changes.parallel} is not a number of workers", hint=f"1 to {_MOST_WORKERS}")
    if changes.runner:
        configured_runner(ctx, changes.runner)
    if mission.status in FINISHED_MISSION:
        raise BlockedError(f"{mission.id} is {mission.status}: nothing remains to be done")
    snapshot = ctx.state.snapshot()
    then = forecast_before(_roomy(ctx, changes), snapshot, _changed(mission, changes))
    now = forecast_before(ctx, snapshot, mission)
    if then is None:
        raise BlockedError(f"nothing is known of missions such as {mission.id}", hint="it needs a plan and a runner")
    return WhatIf(mission.id, changes.words, now, then, _notices(ctx, mission, changes, then))


def _changed(mission: Mission, changes: Changes) -> Mission:
    """Return the mission as it would be. A runner does the work of all features."""
    preferences = mission.preferences
    if changes.parallel is not None:
        preferences = replace(preferences, max_parallel_workers=changes.parallel)
        mission = replace(mission, mode="full")
    if changes.runner:
        preferences = replace(preferences, runner=changes.runner)
        alone = [
            replace(one, features=tuple(replace(f, assign="", model="") for f in one.features))
            for one in mission.milestones
        ]
        mission = replace(mission, milestones=tuple(alone))
    limits = mission.limits if changes.cap is None else replace(mission.limits, usd=changes.cap)
    return replace(mission, preferences=preferences, limits=limits)


def _roomy(ctx: Context, changes: Changes) -> Context:
    """Return the ports of a machine that runs so many workers at once."""
    workers = max(ctx.settings.machine_workers, changes.parallel or 0)
    return replace(ctx, settings=replace(ctx.settings, machine_workers=workers))


def _notices(ctx: Context, mission: Mission, changes: Changes, then: Forecast) -> list[Notice]:
    """Return what stands between here and there: the room of this machine, and the cap."""
    found = []
    most = ctx.settings.machine_workers
    if changes.parallel is not None and changes.parallel > most:
        found.append(Notice(f"this machine runs at most {most} at once: `machine_workers` in the settings"))
    cap = mission.limits.usd if changes.cap is None else changes.cap
    if cap is not None and then.usd is not None and then.usd.p90 > cap:
        often = "more than half" if then.usd.p50 > cap else "one to five of ten"
        words = f"{often} of such missions cost more than the cap of {dollars(cap)}: work stops there"
        found.append(Notice(words, do("budget", "recommend", mission.id)))
    return found
