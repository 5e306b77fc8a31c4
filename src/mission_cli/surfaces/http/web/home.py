"""The first page, with what needs the visitor, and the list of missions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.status import MissionStatus
from mission_cli.surfaces.everywhere import chosen
from mission_cli.surfaces.http.web.actions import ACTIONS
from mission_cli.surfaces.http.web.buttons import Button, button_of
from mission_cli.surfaces.http.web.everything import STOP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.responses import Response

    from mission_cli.app.hosts.results import HostShown
    from mission_cli.app.results.views import Line
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.web.site import Site, Visit

_MOST_ON_FIRST_PAGE = 50
_MOST = 200
"""In a list."""


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
    from mission_cli.app.queries.listing import by_importance, lines_of
    from mission_cli.domain.asking.urgency import urgency_rank

    needs: list[Need] = []
    lines: list[Line] = []
    now = None
    for repo, ctx in visit.contexts():
        now, known = ctx.clock.now(), repo if visit.several else ""
        found = lines_of(ctx, repo=known)
        lines += found
        needs += _needs(visit, ctx, known, {line.id: line.title for line in found})
    if visit.several:
        needs.sort(key=lambda one: -urgency_rank(one.waiting.urgency))
    shown, stop = chosen(sorted(lines, key=by_importance), (), archived=False), ACTIONS[STOP]
    return visit.page(
        "home.html",
        needs=needs,
        lines=shown[:_MOST_ON_FIRST_PAGE],
        missions=len(shown),
        hosts=_hosts(visit),
        now=now,
        stop=stop,
    )


def _hosts(visit: Visit) -> Sequence[HostShown]:
    from mission_cli.app.hosts.commands import listed_of

    return listed_of((repo if visit.several else "", ctx) for repo, ctx in visit.contexts()).hosts


def _missions(visit: Visit) -> Response:
    from mission_cli.app.given import statuses
    from mission_cli.app.queries.listing import by_importance, lines_of

    lines = [line for repo, ctx in visit.contexts() for line in lines_of(ctx, repo=repo if visit.several else "")]
    words, archived = visit.given("words").casefold(), bool(visit.given("archived"))
    found = chosen(sorted(lines, key=by_importance), statuses(visit.given("status")), archived=archived)
    found = [line for line in found if words in line.title.casefold() or words in line.id.casefold()]
    return visit.page("missions.html", lines=found[:_MOST], missions=len(found), statuses=list(MissionStatus))


def _needs(visit: Visit, ctx: Context, repo: str, titles: dict[str, str]) -> Iterator[Need]:
    from mission_cli.app.queries.inbox import everything_waiting

    for mission, waiting in everything_waiting(ctx):
        button = button_of(visit, waiting, repo)
        yield Need(repo, mission, titles.get(mission, mission), waiting, button)
