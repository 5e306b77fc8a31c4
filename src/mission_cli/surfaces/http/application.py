"""The application: its routes, and errors as pages for people or problems for programs."""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from mission_cli.app.optional import missing_mcp
from mission_cli.domain.errors import MissionError, refused
from mission_cli.surfaces.http.api.routes import Api
from mission_cli.surfaces.http.decide_page import DecidePages
from mission_cli.surfaces.http.guard import Guard
from mission_cli.surfaces.http.hooks import Hooks
from mission_cli.surfaces.http.live.hub import Hub
from mission_cli.surfaces.http.live.socket import Sockets
from mission_cli.surfaces.http.live.streams import Streams
from mission_cli.surfaces.http.live.who import Door
from mission_cli.surfaces.http.planners import Planners
from mission_cli.surfaces.http.problems import Problem, RefusedRequestError, problem_of, response_of
from mission_cli.surfaces.http.sessions import NO_ENTRANCES, Entrances, Sessions
from mission_cli.surfaces.http.web import pages
from mission_cli.surfaces.http.web.site import Site, plain_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.http.guard import Rules
    from mission_cli.surfaces.http.places import Serves

_WORDS = {404: "there is nothing at this address", 405: "this method is not possible here"}


def make_application(
    places: Serves,
    rules: Rules,
    *,
    log: Callable[[str], None],
    secret_of: Callable[[str], str],
    key: Callable[[], str],
    users: Callable[[], tuple[Access, ...]],
    entrances: Entrances = NO_ENTRANCES,
    watched: Serves | None = None,
) -> Guard:
    """Return the application for some repositories; `entrances` let people see the pages without a token.

    `watched`: the same repositories with ports of their own, so that a change is seen while a request takes long.
    """
    https = [origin.removeprefix("https://") for origin in rules.origins if origin.startswith("https://")]
    sessions = Sessions(users, time.time, entrances, https=https)
    hub = Hub(watched or places)
    planners = Planners(places)
    threading.Thread(target=planners.go_on, daemon=True).start()
    site, door = Site(places, sessions, rules, planners), Door(users, sessions)
    routes: list[BaseRoute] = [*DecidePages(places).routes(), *Hooks(places, secret_of=secret_of, key=key).routes()]
    routes += [*Api(places, users, planners).routes(), *pages.routes(site)]
    routes += [*Streams(hub, places, door).routes(), *Sockets(hub, places, door).routes()]
    if not missing_mcp():
        from mission_cli.surfaces.http.tools import PATH, ToolsEndpoint

        routes.append(Route(PATH, ToolsEndpoint(places, users), methods=["POST"]))
    app = Starlette(
        routes=routes,
        exception_handlers={
            RefusedRequestError: _refused,
            MissionError: _failed,
            HTTPException: _not_there,
            Exception: _bug,
        },
    )
    return Guard(app, rules, log, hub.close)


async def _refused(_: Request, error: Any) -> Response:
    return response_of(error.problem, error.headers)


async def _failed(_: Request, error: Any) -> Response:
    return response_of(problem_of(error))


async def _not_there(request: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND and "text/html" in request.headers.get("accept", ""):
        return plain_page(request, "nothing.html", status=HTTPStatus.NOT_FOUND)
    return response_of(Problem(error.status_code, _WORDS.get(error.status_code, error.detail)), error.headers)


async def _bug(_: Request, error: Exception) -> Response:
    """Say nothing of a bug to the client; uvicorn writes its traceback to the log."""
    said = refused(error) if isinstance(error, OSError) else None
    if said is not None:
        return response_of(problem_of(said))
    return response_of(Problem(500, "this is a bug in mission", "the log of the server has the details"))
