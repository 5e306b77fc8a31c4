"""The pages of STOP, which are about a whole repository: what stops, or what is stopped, and a button for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mission_cli.app.results.changes import AllStopped
from mission_cli.surfaces.http.api.operation import Everything
from mission_cli.surfaces.http.web.acting import refuse_read_only
from mission_cli.surfaces.http.web.actions import ACTIONS
from mission_cli.surfaces.http.web.rendering import address, ago
from mission_cli.surfaces.plain import stopped_now

if TYPE_CHECKING:
    from starlette.responses import Response

    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.web.actions import Action
    from mission_cli.surfaces.http.web.site import Site, Visit

LIFT = "lift-stop"
STOP = "stop-all"


def routes(site: Site) -> list[Route]:
    """Return two routes for each action."""
    found: list[Route] = []
    for action in (ACTIONS[LIFT], ACTIONS[STOP]):
        path = f"/do/{action.name}"
        found.append(Route(path, site.show(partial(_ask, action)), methods=["GET"]))
        found.append(Route(path, site.show(partial(_act, action), action.operation.scope), methods=["POST"]))
    return found


def _ask(action: Action, visit: Visit) -> Response:
    says = _is_stopped if action.name == LIFT else _would_stop
    rows = [(repo, words) for repo, ctx in visit.contexts() if (words := says(ctx))]
    nothing = "Nothing is stopped." if action.name == LIFT else "Everything is stopped already."
    return visit.page("everything.html", rows=rows, action=action, nothing=nothing)


def _is_stopped(ctx: Context) -> str:
    stopped = ctx.runtime.stopped()
    if stopped is None:
        return ""
    by, since = f" by {stopped.by}" if stopped.by else "", ago(stopped.since, ctx.clock.now())
    return f"Everything is stopped{by}{', since ' if since else ''}{since.removesuffix(' ago')}."


def _would_stop(ctx: Context) -> str:
    """Return what `mission stop --all` says before it asks, also where it does not ask."""
    from mission_cli.app.queries.before.consequences import of_stop

    if ctx.runtime.stopped() is not None:
        return ""
    asked = of_stop(ctx.state, ctx.executor.running())
    if asked is not None:
        return f"{asked.text}."
    return "Running jobs are stopped and their work is kept; nothing starts until STOP is lifted."


def _act(action: Action, visit: Visit) -> Response:
    refuse_read_only(visit, action)
    if action.operation.act_on_all is None:
        raise AssertionError("it is about a repository")
    given = {"repo": visit.given("repo")} if visit.given("repo") else {}
    everything = Everything(visit.contexts(), visit.site.places.names(), given, _make_nothing)
    done = action.operation.act_on_all(everything)
    return visit.go(address(), f"{stopped_now(done)}." if isinstance(done, AllStopped) else "STOP is lifted.")


def _make_nothing(*_: Any) -> tuple[str, str]:
    raise AssertionError("this makes no mission")
