"""The pulse that follows a command, so that what the person asked for happens at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.gates import landed_as
from mission_cli.app.results.landing import Landed
from mission_cli.domain.status import HoldKind
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from mission_cli.app.transaction import Done
    from mission_cli.engine.context import Context
    from mission_cli.engine.report import Report


_LOOK_SECONDS = 0.1
_LANDING_SECONDS = 60.0
"""How long a landing waits for a pulse that is running: it may be at work for another mission."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What a pulse did with an approved landing."""

    result: Landed
    report: Report | None
    """None: no pulse ran."""


def follow_up(
    ctx: Context, done: Done, *, settings_valid: bool, only: bool = False, patience: float = 0.0
) -> Report | None:
    """Run the pulse that a command calls for; with `only`, it serves no other mission.

    With invalid settings no pulse runs, so that nothing is started; later pulses do the rest. If another pulse is
    running, wait `patience` seconds for its end; it knows of the request, and what it has done is found then.
    """
    if not settings_valid:
        return None
    only_this = [done.address.mission.id] if only else ()
    until = time.monotonic() + patience
    report = pulse(ctx, only_this)
    while report.elsewhere and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)  # a lock does not tell when it is free
        report = pulse(ctx, only_this)
    return report


def follow_landing(ctx: Context, done: Done, *, settings_valid: bool) -> Landing:
    """Run the pulse that lands what was approved, and say where it is now or what it waits for."""
    report = follow_up(ctx, done, settings_valid=settings_valid, patience=_LANDING_SECONDS)
    mission = resolve(ctx.state.snapshot(), done.address.mission.id).mission
    landed, back = landed_as(ctx, mission, done.about) or ("", "")
    case = report.cases.get(mission.id) if report is not None else None
    held = tuple(h.detail for h in case.plan.holds if h.kind == HoldKind.LANDING) if case is not None else ()
    waits = () if landed else ("another pulse is at work",) if report is not None and report.elsewhere else held
    return Landing(Landed(mission.id, done.words, done.commit or "", waits, landed, back), report)
