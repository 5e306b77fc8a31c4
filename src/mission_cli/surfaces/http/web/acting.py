"""Pages of actions: GET says what an action means and changes nothing, POST does it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mission_cli.app.results.changes import Undone
from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.http.api.carrying import carry_out
from mission_cli.surfaces.http.api.expecting import tag_of
from mission_cli.surfaces.http.api.input import read_input
from mission_cli.surfaces.http.problems import ChangedMeanwhileError, Problem, RefusedRequestError, problem_of
from mission_cli.surfaces.http.web.actions import ACTIONS, in_address
from mission_cli.surfaces.http.web.meaning import CONFIRMED
from mission_cli.surfaces.http.web.rendering import address
from mission_cli.surfaces.plain import clean
from mission_cli.surfaces.views.text import undone_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from mission_cli.surfaces.http.web.actions import Action
    from mission_cli.surfaces.http.web.site import Held, Site, Visit

STATE = "state"
"""The field of each form with the commit of the mission that the page shows."""
_CHANGED = "The mission has changed since this page was made, so nothing was done."


def routes(site: Site) -> list[Route]:
    """Return two routes for each action on a mission."""
    found: list[Route] = []
    for action in ACTIONS.values():
        if action.operation.act is None:
            continue
        path = f"/missions/{{id}}/do/{action.name}"
        found.append(Route(path, site.show(partial(_ask, action)), methods=["GET"]))
        found.append(Route(path, site.show(partial(_act, action), action.operation.scope), methods=["POST"]))
    return found


def _ask(action: Action, visit: Visit) -> Response:
    with visit.mission() as held:
        return _page(action, visit, held)


def _act(action: Action, visit: Visit) -> Response:
    refuse_read_only(visit, action)
    try:
        with visit.mission() as held:
            mission = held.address.stored.id
            body = _body(action, visit)
            if _widens(action, visit, held):
                return _page(action, visit, held, Problem(409, "This widens a limit.", "Press the button again."))
            if _is_unchanged(action, visit, held):
                del body["requirements"]
            given = read_input(action.operation, _path(action, visit, mission), [], body)
            state = visit.form.get(STATE) or "none"
            facts = carry_out(action.operation, held.ctx, held.name, mission, given, if_match=state)
            return visit.go(address("missions", mission, repo=held.repo), _told(facts))
    except MissionError as error:
        changed, problem = isinstance(error, ChangedMeanwhileError), problem_of(error)
    with visit.mission() as held:  # as it is now
        return _page(action, visit, held, _changed(held) if changed else problem)


def _told(facts: Any) -> str:
    """Return what the next page says of what was done."""
    return f"{undone_words(facts)}. {facts.note}".strip() if isinstance(facts, Undone) else str(facts.message)


def _changed(held: Held) -> Problem:
    """Return that the mission is another one than on the page, and how: perhaps the same form was sent twice."""
    newest = held.ctx.state.history(held.address.stored, limit=1)
    return Problem(412, _CHANGED, f"The last change: {newest[0].subject}. This is how it is now." if newest else "")


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
        also=[(name, label) for name, label in action.also.items() if visit.may(ACTIONS[name].operation.scope)],
        meaning=meaning,
        held=held,
        mission=held.address.mission,
        problem=problem,
        state=tag_of(held.ctx, held.snapshot, held.address.stored.id),
        now=held.ctx.clock.now(),
    )


def refuse_read_only(visit: Visit, action: Action) -> None:
    """Raise RefusedRequestError if nothing may be done here."""
    if not visit.may(action.operation.scope):
        raise RefusedRequestError(403, "this server is read-only", "start it without --read-only")


def _path(action: Action, visit: Visit, mission: str) -> dict[str, str]:
    return {"id": mission, **{name: visit.given(in_address(name)) for name in action.given}}


def _body(action: Action, visit: Visit) -> dict[str, Any]:
    """Return the keys of the operation that form and address have; an empty field is one that was not given."""
    found: dict[str, Any] = {}
    for one in action.operation.body:
        text = _answer(visit.form) if one.name == "response" else visit.form.get(one.name, "")
        text = text.replace("\r\n", "\n").strip() or _given(action, visit, one.name)
        if one.name == "confirm":
            text = "true" if visit.form.get(CONFIRMED) else ""
        if text and one.kind == "array":
            found[one.name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif text:
            found[one.name] = one.read(text) if one.kind in {"integer", "boolean"} else text
    return found


def _widens(action: Action, visit: Visit, held: Held) -> bool:
    """Whether the form has a value of which the page has not said yet that it widens a limit."""
    if not any(one.name == "confirm" for one in action.operation.body):
        return False
    return action.meaning(visit, held).fixed.get(CONFIRMED, "") != visit.form.get(CONFIRMED, "")


def _is_unchanged(action: Action, visit: Visit, held: Held) -> bool:
    """Whether the form has the requirements as they are: then they are approved, and not stored again."""
    text = visit.form.get("requirements", "").replace("\r\n", "\n").strip()
    return bool(text) and text == clean(action.meaning(visit, held).requirements).strip()


def _given(action: Action, visit: Visit, name: str) -> str:
    return visit.given(in_address(name)) if name in action.given else ""


def _answer(form: Mapping[str, str]) -> str:
    """Return an answer: the option that was chosen, and what was added to it; or the text."""
    option, text = form.get("option", ""), form.get("text", "").strip()
    return f"{option}: {text}" if option and text else option or text
