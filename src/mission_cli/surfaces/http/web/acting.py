"""Pages of actions: GET says what an action means and changes nothing, POST does it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.http.api.carrying import carry_out
from mission_cli.surfaces.http.api.expecting import tag_of
from mission_cli.surfaces.http.api.input import read_input
from mission_cli.surfaces.http.problems import ChangedMeanwhileError, Problem, RefusedRequestError, problem_of
from mission_cli.surfaces.http.web.actions import ACTIONS
from mission_cli.surfaces.http.web.rendering import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from mission_cli.surfaces.http.web.actions import Action
    from mission_cli.surfaces.http.web.site import Held, Site, Visit

STATE = "state"
"""The field of each form with the commit of the mission that the page shows."""
_CHANGED = Problem(
    412, "The mission has changed since this page was made, so nothing was done.", "Look again; this is how it is now."
)


def routes(site: Site) -> list[Route]:
    """Return two routes for each action."""
    found = []
    for action in ACTIONS.values():
        path = f"/missions/{{id}}/do/{action.name}"
        found.append(Route(path, site.show(partial(_ask, action)), methods=["GET"]))
        found.append(Route(path, site.show(partial(_act, action), action.operation.scope), methods=["POST"]))
    return found


def _ask(action: Action, visit: Visit) -> Response:
    with visit.mission() as held:
        return _page(action, visit, held)


def _act(action: Action, visit: Visit) -> Response:
    if not visit.may(action.operation.scope):
        raise RefusedRequestError(403, "this server is read-only", "start it without --read-only")
    try:
        with visit.mission() as held:
            mission = held.address.stored.id
            given = read_input(action.operation, _path(action, visit, mission), [], _body(action, visit))
            state = visit.form.get(STATE) or "none"
            facts = carry_out(action.operation, held.ctx, held.name, mission, given, if_match=state)
            return visit.go(address("missions", mission, repo=held.repo), facts.message)
    except MissionError as error:
        problem = _CHANGED if isinstance(error, ChangedMeanwhileError) else problem_of(error)
    with visit.mission() as held:  # as it is now
        return _page(action, visit, held, problem)


def _page(action: Action, visit: Visit, held: Held, problem: Problem | None = None) -> Response:
    try:
        meaning = action.meaning(visit, held)
    except MissionError as error:
        found = problem or problem_of(error)
        return visit.page("error.html", status=found.status, problem=found, back=held)
    return visit.page(
        "action.html",
        status=problem.status if problem else 200,
        action=action,
        meaning=meaning,
        held=held,
        mission=held.address.mission,
        problem=problem,
        state=tag_of(held.ctx, held.snapshot, held.address.stored.id),
        now=held.ctx.clock.now(),
    )


def _path(action: Action, visit: Visit, mission: str) -> dict[str, str]:
    return {"id": mission, **{name: visit.given(name) for name in action.path}}


def _body(action: Action, visit: Visit) -> dict[str, Any]:
    """Return the keys of the operation that the form has; an empty field is one that was not given."""
    found: dict[str, Any] = {}
    for one in action.operation.body:
        text = _answer(visit.form) if one.name == "response" else visit.form.get(one.name, "")
        text = text.replace("\r\n", "\n").strip()
        if text:
            found[one.name] = one.read(text) if one.kind in {"integer", "boolean"} else text
    return found


def _answer(form: Mapping[str, str]) -> str:
    """Return an answer: the option that was chosen, and what was added to it; or the text."""
    option, text = form.get("option", ""), form.get("text", "").strip()
    return f"{option}: {text}" if option and text else option or text
