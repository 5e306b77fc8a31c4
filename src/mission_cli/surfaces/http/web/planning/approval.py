"""The page of a plan that a model writes: how far it is, the plan, and the buttons that approve or forget it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.shown import quantity_of
from mission_cli.app.plannings import discussing
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import MissionError
from mission_cli.domain.interview.follow_ups import PREFIX, as_question
from mission_cli.domain.interview.modes import MODES
from mission_cli.surfaces.http.problems import problem_of
from mission_cli.surfaces.http.web.rendering import address
from mission_cli.surfaces.new_mission import CAPS
from mission_cli.surfaces.views.planning.discussion import change_of, forecast_of, oddities
from mission_cli.surfaces.views.planning.plan import budget_of, totals_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from mission_cli.app.plannings.results import Planning
    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.document.plans.model import Plan
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.problems import Problem
    from mission_cli.surfaces.http.web.site import Site, Visit

_PATH = "/plannings/{planning}"
_OWN = "own-"
"""Before the id of a question: the field for one's own words."""


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route(_PATH, site.show(_look), methods=["GET"]),
        Route(f"{_PATH}/approve", site.show(_approve, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/adjust", site.show(_adjust, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/answers", site.show(_answers, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/edit", site.show(_edit, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/settle", site.show(_settle, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/undo", site.show(_undo, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/drop", site.show(_drop, Scope.MANAGE), methods=["POST"]),
    ]


def _look(visit: Visit) -> Response:
    return _page(visit)


def _approve(visit: Visit) -> Response:
    """Make the mission of the plan that the person saw, and start it if that was asked for."""
    try:
        seen = visit.form.get("shown", "").replace("\r\n", "\n")
        made = visit.site.planners.approve(
            visit.part("planning"), None, visit.visitor.person, start=bool(visit.form.get("start")), seen=seen
        )
    except MissionError as error:
        return _page(visit, problem_of(error))
    repo = visit.site.planners.one(visit.part("planning")).repo if visit.several else ""
    words = "It has started." if made.started else made.not_started or "Start it when you are ready."
    cost = quantity_of("usd", made.planning.usd)
    return visit.go(address("missions", made.id, repo=repo), f"{made.id} is made; planning cost {cost}. {words}")


def _adjust(visit: Visit) -> Response:
    """Have the model change the plan; the page shows how far it is."""
    name, wish = visit.part("planning"), visit.form.get("wish", "")
    return _after(visit, lambda: visit.site.planners.adjust(name, wish.replace("\r\n", "\n"), visit.visitor.person))


def _answers(visit: Visit) -> Response:
    """Use the answers to the questions of the model; what has none stays an assumption."""
    names = {name.removeprefix(_OWN) for name in visit.form if name.removeprefix(_OWN).startswith(PREFIX)}
    said = {name: visit.form.get(f"{_OWN}{name}", "").strip() or visit.form.get(name, "") for name in sorted(names)}
    answers = {name: text for name, text in said.items() if text}

    def take(ctx: Context) -> StoredPlanning:
        discussing.answer(ctx, visit.part("planning"), answers)
        return discussing.take_answers(ctx, visit.part("planning"))

    return _changed(visit, take)


def _edit(visit: Visit) -> Response:
    text = visit.form.get("plan", "").replace("\r\n", "\n")
    return _changed(visit, lambda ctx: discussing.edit(ctx, visit.part("planning"), text))


def _settle(visit: Visit) -> Response:
    given = {"mode": mode} if (mode := visit.form.get("mode", "").strip()) else {}
    budget = {name: text for name in CAPS if (text := visit.form.get(name, "").strip().removeprefix("$"))}
    return _changed(visit, lambda ctx: discussing.settle(ctx, visit.part("planning"), given, budget))


def _undo(visit: Visit) -> Response:
    return _changed(visit, lambda ctx: discussing.undo(ctx, visit.part("planning")))


def _changed(visit: Visit, change: Callable[[Context], StoredPlanning]) -> Response:
    """Change the plan at once."""
    return _after(visit, lambda: visit.site.planners.change(visit.part("planning"), visit.visitor.person, change))


def _after(visit: Visit, act: Callable[[], Planning]) -> Response:
    """Act, and show the plan again; what is wrong is said beside what was written."""
    try:
        act()
    except MissionError as error:
        return _page(visit, problem_of(error))
    return visit.go(address("plannings", visit.part("planning")))


def _drop(visit: Visit) -> Response:
    visit.site.planners.drop(visit.part("planning"))
    return visit.go("/new", "The plan is forgotten. Nothing was written.")


def _page(visit: Visit, problem: Problem | None = None) -> Response:
    planning = visit.site.planners.one(visit.part("planning"))
    plan = _plan(planning)
    text = planning.text
    return visit.page(
        "planning.html",
        status=problem.status if problem is not None else 200,
        planning=planning,
        plan=plan,
        totals=totals_of(plan) if plan is not None else "",
        budget=budget_of(plan) if plan is not None else "",
        text=visit.form.get("plan", text),
        wish=visit.form.get("wish", ""),
        forecast=forecast_of(planning.prospect),
        oddities=oddities(planning.prospect),
        change=_last_change(planning),
        modes=MODES,
        questions=[as_question(one, number) for number, one in enumerate(planning.questions, 1)],
        usd=_cap(plan, "money_usd"),
        shown=text,
        cost=", ".join(quantity_of(name, planning.cost.of(name)) for name in ("usd", "tokens")),
        most=quantity_of("usd", planning.most_usd),
        problem=problem,
        may=visit.may(Scope.MANAGE),
    )


def _plan(planning: Planning) -> Plan | None:
    from mission_cli.document.plans.plan import read_plan

    return read_plan(json.dumps(planning.plan)).plan if planning.plan is not None else None


def _last_change(planning: Planning) -> list[str]:
    """Return what the last change of the plan was, in lines."""
    prospect = planning.prospect
    if prospect is None or prospect.change is None:
        return []
    return change_of(prospect.change, prospect.forecast)


def _cap(plan: Plan | None, name: str) -> str:
    cap = getattr(plan.budget, name) if plan is not None else 0
    return cap if isinstance(cap, str) else f"{cap:g}" if cap else ""
