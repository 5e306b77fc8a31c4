"""The first page, with what needs the visitor, and the list of missions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.status import MissionStatus
from mission_cli.surfaces.http.web.buttons import Button, button_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from mission_cli.app.results.views import Line
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.web.site import Site, Visit

_MOST_ON_FIRST_PAGE = 50


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person."""

    repo: str
    """Empty if the server has one repository."""
    mission: str
    title: str
    waiting: Waiting
    button: Button | None


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route("/", site.show(_home), methods=["GET"]),
        Route("/missions", site.show(_missions), methods=["GET"]),
    ]


def _home(visit: Visit) -> Response:
    needs, lines, now = [], [], None
    for repo, ctx in visit.contexts():
        now, known = ctx.clock.now(), repo if visit.several else ""
        found = _lines(ctx, known)
        lines += found
        needs += list(_needs(visit, ctx, known, {line.id: line.title for line in found}))
    return visit.page("home.html", needs=needs, lines=lines[:_MOST_ON_FIRST_PAGE], missions=len(lines), now=now)


def _missions(visit: Visit) -> Response:
    lines = [line for repo, ctx in visit.contexts() for line in _lines(ctx, repo if visit.several else "")]
    wanted, words = visit.given("status"), visit.given("words").casefold()
    lines = [line for line in lines if wanted in {"", line.status}]
    lines = [line for line in lines if words in line.title.casefold() or words in line.id.casefold()]
    return visit.page("missions.html", lines=lines, statuses=list(MissionStatus), wanted=wanted, words=words)


def _lines(ctx: Context, repo: str) -> list[Line]:
    from mission_cli.app.queries.listing import lines_of

    return lines_of(ctx, repo=repo)


def _needs(visit: Visit, ctx: Context, repo: str, titles: dict[str, str]) -> Iterator[Need]:
    from mission_cli.app.queries.inbox import everything_waiting

    for mission, waiting in everything_waiting(ctx):
        button = button_of(visit, waiting, repo)
        yield Need(repo, mission, titles.get(mission, mission), waiting, button)
