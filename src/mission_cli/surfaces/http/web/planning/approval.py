"""The page of a plan that a model writes: how far it is, the plan, and the buttons that approve or forget it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.shown import quantity_of
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import DocumentError, MissionError
from mission_cli.surfaces.http.problems import problem_of
from mission_cli.surfaces.http.web.rendering import address
from mission_cli.surfaces.views.planning.plan import budget_of, totals_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from mission_cli.app.plannings.results import Planning
    from mission_cli.document.plans.model import Plan
    from mission_cli.surfaces.http.problems import Problem
    from mission_cli.surfaces.http.web.site import Site, Visit

_PATH = "/plannings/{planning}"


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route(_PATH, site.show(_look), methods=["GET"]),
        Route(f"{_PATH}/approve", site.show(_approve, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/drop", site.show(_drop, Scope.MANAGE), methods=["POST"]),
    ]


def _look(visit: Visit) -> Response:
    return _page(visit)


def _approve(visit: Visit) -> Response:
    """Make the mission of the plan, with the changes of the form, and start it if that was asked for."""
    try:
        changed = _changed(visit.form.get("plan", ""), visit.form.get("shown", ""))
        made = visit.site.planners.approve(
            visit.part("planning"), changed, visit.visitor.person, start=bool(visit.form.get("start"))
        )
    except MissionError as error:
        return _page(visit, problem_of(error))
    repo = visit.site.planners.one(visit.part("planning")).repo if visit.several else ""
    words = "It has started." if made.started else made.not_started or "Start it when you are ready."
    cost = quantity_of("usd", made.planning.usd)
    return visit.go(address("missions", made.id, repo=repo), f"{made.id} is made; planning cost {cost}. {words}")


def _drop(visit: Visit) -> Response:
    visit.site.planners.drop(visit.part("planning"))
    return visit.go("/new", "The plan is forgotten. Nothing was written.")


def _page(visit: Visit, problem: Problem | None = None) -> Response:
    from mission_cli.document.plans.plan import write_plan

    planning = visit.site.planners.one(visit.part("planning"))
    plan = _plan(planning)
    text = write_plan(plan) if plan is not None else ""
    return visit.page(
        "planning.html",
        status=problem.status if problem is not None else 200,
        planning=planning,
        plan=plan,
        totals=totals_of(plan) if plan is not None else "",
        budget=budget_of(plan) if plan is not None else "",
        text=visit.form.get("plan", text),
        shown=text,
        cost=", ".join(quantity_of(name, planning.cost.of(name)) for name in ("usd", "tokens")),
        most=quantity_of("usd", planning.most_usd),
        problem=problem,
        may=visit.may(Scope.MANAGE),
    )


def _plan(planning: Planning) -> Plan | None:
    from mission_cli.document.plans.plan import read_plan

    return read_plan(json.dumps(planning.plan)).plan if planning.plan is not None else None


def _changed(text: str, shown: str) -> Plan | None:
    """Return the plan as a person changed it; None if it is as it was shown. Raises DocumentError."""
    from mission_cli.document.plans.plan import read_plan

    plain = text.replace("\r\n", "\n").strip()
    if not plain or plain == shown.replace("\r\n", "\n").strip():
        return None
    read = read_plan(plain)
    if read.plan is None:
        raise DocumentError.of("plan", read.problems)
    return read.plan
