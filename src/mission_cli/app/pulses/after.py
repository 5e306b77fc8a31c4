"""The pulse that follows a command, so that what the person asked for happens at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.status import HoldKind
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.engine.report import Report


@dataclass(frozen=True, slots=True)
class Followed:
    """What the pulse after a command did."""

    report: Report | None = None
    """None: no pulse ran."""
    landing_waits: tuple[str, ...] = ()
    """What the landing of the mission still waits for."""


def follow_up(ctx: Context, done: Done, *, settings_valid: bool, only: bool = False) -> Followed:
    """Run the pulse that a command calls for; with `only`, it serves no other mission.

    With invalid settings no pulse runs, so that nothing is started; later pulses do the rest.
    """
    if not settings_valid:
        return Followed()
    mission = done.address.mission.id
    report = pulse(ctx, [mission] if only else ())
    case = report.cases.get(mission)
    held = [h.detail for h in case.plan.holds if h.kind == HoldKind.LANDING] if case is not None else []
    return Followed(report, tuple(held))
