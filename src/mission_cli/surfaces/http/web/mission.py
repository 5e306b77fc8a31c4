"""The page of one mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.shown import quantity_of
from mission_cli._support.text import counted
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.notice import advise
from mission_cli.domain.status import (
    FeatureStatus,
    GateKind,
    GateStatus,
    HoldKind,
    MilestoneStatus,
    MissionStatus,
)
from mission_cli.surfaces.http.web.buttons import button_of, may
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.status import remarks, time_facts
from mission_cli.surfaces.views.text import currency_lines, forecast_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from mission_cli.app.results.views import FeatureView, MissionView
    from mission_cli.domain.mission import Mission
    from mission_cli.surfaces.http.web.site import Site, Visit

_NAMES = {"usd": "money", "hours": "time of workers", "tokens": "tokens"}
_NOT_BEGUN = frozenset({MissionStatus.DRAFT, MissionStatus.PLANNING, MissionStatus.SCHEDULED})
_UNDER_WAY = frozenset({MissionStatus.ACTIVE, MissionStatus.PAUSED})


def routes(site: Site) -> list[Route]:
    """Return the route."""
    return [Route("/missions/{id}", site.show(_mission), methods=["GET"])]


def _mission(visit: Visit) -> Response:
    from mission_cli.app.decisions import logged_decisions
    from mission_cli.app.queries.status import status_of
    from mission_cli.app.report.tasks import topics_of
    from mission_cli.surfaces.http.web.work.drawing import charts_of

    with visit.mission() as held:
        view, mission = status_of(held.ctx, held.snapshot, held.address), held.address.mission
        needs = [(one, button_of(visit, one, held.repo)) for one in view.waiting_for]
        movable = sum(not one.finished for one in mission.milestones) > 1
        decided = [(one.at, one.decision, one.why) for one in logged_decisions(mission)]
        return visit.page(
            "mission.html",
            view=view,
            mission=mission,
            repo=held.repo,
            needs=needs,
            holds=[(h, h.detail.removesuffix(f": {h.unblock}")) for h in view.holds if h.kind != HoldKind.RUNNING],
            doable=list(_allowed(visit, _of_mission(view, mission, decided=bool(decided)))),
            offered={
                f.number: list(_allowed(visit, _of_feature(f, movable=movable)))
                for m in view.milestones
                for f in m.features
            },
            deciding=[g.name for g in mission.gates if _decides(g.kind, g.state) and may(visit, "approve")],
            times=plain(time_facts(view)).splitlines(),
            remarks=[(words, [advise(one) for one in commands]) for _, words, commands in remarks(view)],
            budget=list(_budget(view)),
            amounts=list(_amounts(view)),
            research=topics_of(mission),
            decisions=[[part for part in row if part] for row in reversed(decided)],
            charts=charts_of(held, view),
            now=held.ctx.clock.now(),
        )


def _allowed(visit: Visit, wanted: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from ((name, label) for name, label in wanted if may(visit, name))


def _of_mission(view: MissionView, mission: Mission, *, decided: bool) -> Iterator[tuple[str, str]]:
    """Yield the actions that fit the status of a mission, and the labels of their buttons."""
    if mission.status in _NOT_BEGUN or mission.status in {MissionStatus.COMPLETED, MissionStatus.CANCELLED}:
        yield "start", "Start…"
    if mission.status is MissionStatus.ACTIVE:
        yield "pause", "Pause…"
        if any(m.status is MilestoneStatus.PASSED for m in mission.milestones):
            yield "land", "Look and land…"
            yield "preview", "Preview…"
    if view.preview is not None and view.preview.status in {"starting", "ready"}:
        yield "stop-preview", "End the preview…"
    if mission.status is MissionStatus.PAUSED:
        yield "resume", "Resume…"
    if mission.status in _UNDER_WAY:
        yield "add", "Add a feature…"
        yield "add-milestone", "Add a milestone…"
        yield "ask", "Ask a person…"
        if any(m.started_at or m.passed_at for m in mission.milestones):
            yield "sync", "Merge the base…"
        yield "cancel", "Cancel…"
    if decided:
        yield "undo", "Undo…"
    yield ("restore", "Restore…") if mission.archived else ("archive", "Archive…")


def _of_feature(feature: FeatureView, *, movable: bool) -> Iterator[tuple[str, str]]:
    """Yield the actions that fit the status of a feature."""
    if feature.status in {FeatureStatus.FAILED, FeatureStatus.DONE, FeatureStatus.SKIPPED}:
        yield "retry", "Try again…"
    if feature.status not in {FeatureStatus.DONE, FeatureStatus.SKIPPED}:
        yield "skip", "Skip…"
        yield "tell", "Tell…"
    if movable and feature.status == FeatureStatus.PENDING and not feature.run:
        yield "move", "Move…"


def _decides(kind: GateKind | None, state: GateStatus | None) -> bool:
    """Whether a person is asked at a gate."""
    return state is GateStatus.WAITING or (kind is GateKind.QUALITY and state is GateStatus.FAILED)


def _budget(view: MissionView) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, spent, reserved and cap of each category."""
    for category in CATEGORIES:
        money = view.budget[category]
        cap = quantity_of(category, money.cap) if money.cap else "none"
        unknown = f", cost of {counted(money.unknown_runs, 'attempt')} unknown" if money.unknown_runs else ""
        spent, reserved = (quantity_of(category, amount) for amount in (money.spent, money.reserved))
        yield _NAMES[category], f"{spent}{unknown}", reserved, cap


def _amounts(view: MissionView) -> Iterator[str]:
    """Yield the forecast and the amounts in the currency of the settings."""
    if view.forecast is not None:
        yield f"forecast: {forecast_words(view.forecast)}"
    yield from currency_lines(view.currency)
