"""The charts of a mission: its graph, and what it has spent over time."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.surfaces.charts.curve import Band, Curve, budget_curve
from mission_cli.surfaces.charts.graph import mission_graph

if TYPE_CHECKING:
    from mission_cli.app.results.views import MissionView
    from mission_cli.surfaces.charts.svg import Chart
    from mission_cli.surfaces.http.web.site import Held


def charts_of(held: Held, view: MissionView) -> list[Chart]:
    """Return the charts that a mission has: none of milestones before it has some, none of money before it spends."""
    found = [mission_graph(view.milestones)] if any(m.features for m in view.milestones) else []
    curve = spending_curve(held, view)
    return [*found, curve] if curve is not None else found


def spending_curve(held: Held, view: MissionView) -> Chart | None:
    """Return what a mission has spent over time and is expected to spend; None if neither is known."""
    from mission_cli.app.report.history import records_by_run
    from mission_cli.app.report.spending import spending_of

    mission = held.address.mission
    spending = spending_of(mission, records_by_run(held.ctx, held.address).values())
    points = [(at, one.usd) for one in spending.points if (at := parse_stamp(one.at)) is not None]
    begin = parse_stamp(mission.started) if mission.started else None
    points = points or ([(begin, Decimal(0))] if begin is not None else [])
    now = held.ctx.clock.now()
    zone = now.astimezone().tzinfo
    ended = parse_stamp(mission.completed) if mission.completed else None
    ahead = view.forecast
    band = None
    if ahead is not None and ahead.usd is not None:
        band = Band(ahead.usd.p10, ahead.usd.p50, ahead.usd.p90, ahead.finish.p50)
    curve = Curve(points, ended or now, spending.cap, spending.pauses_at, band)
    return budget_curve(curve, zone=zone) if zone is not None else budget_curve(curve)
