"""What happened to a mission, as a timeline, newest first."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli._support.numbers import whole
from mission_cli.domain.ids import split_run_id
from mission_cli.surfaces.views.history import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.responses import Response

    from mission_cli.app.results.reports import HistoryEntry
    from mission_cli.surfaces.http.web.site import Site, Visit

_EACH, _MOST_PAGES = 50, 40


@dataclass(frozen=True, slots=True)
class Told:
    """One commit of the timeline."""

    at: str
    clock: str
    by: str
    words: Sequence[str]
    minor: bool
    """Whether it is a mere step between two events."""
    attempts: Sequence[str]
    """Those that it is about, as `1.2-a1`."""
    commit: str


def routes(site: Site) -> list[Route]:
    """Return the route."""
    return [Route("/missions/{id}/history", site.show(_history), methods=["GET"])]


def _history(visit: Visit) -> Response:
    from mission_cli.app.report.history import journal

    page = min(max(whole(visit.given("page") or "1") or 1, 1), _MOST_PAGES)
    with visit.mission() as held:
        events = held.ctx.state.history(held.address.stored, limit=page * _EACH + 1)
        shown = journal(held.ctx, held.address, events[(page - 1) * _EACH : page * _EACH]).events
        told = [_told(entry) for entry in shown]
        days = [(day, [*some]) for day, some in itertools.groupby(told, key=lambda one: one.at[:10])]
        more = len(events) > page * _EACH
        return visit.page(
            "history.html",
            held=held,
            mission=held.address.mission,
            days=days,
            number=page,
            newer=str(page - 1) if page > 1 else "",
            older=str(page + 1) if more and page < _MOST_PAGES else "",
            ends=more and page == _MOST_PAGES,
        )


def _told(entry: HistoryEntry) -> Told:
    local = entry.at.astimezone()
    attempts = [name for name in map(_attempt, (run.run for run in entry.runs)) if name]
    return Told(
        local.isoformat(timespec="seconds"),
        f"{local:%H:%M:%S}",
        entry.by,
        [*_words(entry)],
        bool(entry.events) and all(kind in STEPS for kind in entry.events),
        [*dict.fromkeys(attempts)],
        entry.commit[:7],
    )


def _words(entry: HistoryEntry) -> Iterator[str]:
    yield from dict.fromkeys(why for why in entry.why if why) or [entry.subject]


def _attempt(run: str) -> str:
    """Return the name of an attempt at a feature; empty for planning and reviews."""
    parts = split_run_id(run)
    return run.rpartition("/")[2] if parts is not None and "." in parts[1] else ""
