"""The page that asks what a new mission shall achieve, as `mission new` does, or takes a plan that exists already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import DocumentError, MissionError, UsageError
from mission_cli.domain.interview.interview import Depth
from mission_cli.domain.interview.modes import MODES, recommended
from mission_cli.domain.status import PRIORITIES
from mission_cli.surfaces.http.planners import need_repo
from mission_cli.surfaces.http.problems import problem_of
from mission_cli.surfaces.http.web.rendering import address
from mission_cli.surfaces.new_mission import CAPS, USUAL_USD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from mission_cli.app.interview.kept import KeptInterview
    from mission_cli.app.plannings.order import PlanOrder
    from mission_cli.app.plannings.results import Planning
    from mission_cli.surfaces.http.problems import Problem
    from mission_cli.surfaces.http.web.site import Site, Visit

_KEYS = {"id": "id", "mode": "mode", "type": "type", "priority": "priority"}
"""Keys of the plan by the names of the fields."""
DEPTHS = {
    Depth.QUICK: "two questions: the goal and the budget",
    Depth.NORMAL: "up to eight: also the kind of work, features, mode, constraints, and what plans usually miss",
    Depth.DEEP: "all, and whatever the model wants to know and matters",
}
"""What each depth of the interview asks."""
FROM = "planning"
"""The parameter with the planning whose goal is changed."""


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route("/new", site.show(_ask), methods=["GET"]),
        Route("/new", site.show(_begin, Scope.MANAGE), methods=["POST"]),
        Route("/new/plan", site.show(_take, Scope.MANAGE), methods=["POST"]),
    ]


def _ask(visit: Visit) -> Response:
    before = visit.site.planners.one(visit.given(FROM)) if visit.given(FROM) else None
    return start_page(visit, _before(before), whole=before is not None)


def _begin(visit: Visit) -> Response:
    """Have a model write the plan. Nothing of the mission is written before it is approved."""
    try:
        repo = need_repo(visit.site.places.names(), visit.form.get("repo", ""))
        planning = visit.site.planners.begin(repo, _order(visit.form), visit.visitor.person)
    except MissionError as error:
        return start_page(visit, visit.form, problem_of(error), whole=True)
    return visit.go(address("plannings", planning.id))


def _take(visit: Visit) -> Response:
    """Make the mission of a plan that the form has, as `mission new --plan` does."""
    from mission_cli.document.plans.plan import read_plan

    try:
        repo = need_repo(visit.site.places.names(), visit.form.get("repo", ""))
        read = read_plan(visit.form.get("plan", ""))
        if read.plan is None:
            raise DocumentError.of("plan", read.problems)
        mission, _ = visit.site.places.make(read.plan, repo, visit.visitor.person)
    except MissionError as error:
        return start_page(visit, visit.form, problem_of(error))
    where = address("missions", mission, repo=repo if visit.several else "")
    return visit.go(where, f"{mission} is planned. Start it when you are ready.")


def listed(visit: Visit) -> list[tuple[str, KeptInterview]]:
    """Return the interviews that are not a plan yet, with their repositories, the newest first."""
    from mission_cli.app.interview.kept import unfinished

    found = [(name, one) for name, ctx in visit.site.places.contexts(reading=True) for one in unfinished(ctx)]
    return sorted(found, key=lambda one: one[1].id, reverse=True)


def start_page(
    visit: Visit, values: Mapping[str, str], problem: Problem | None = None, *, whole: bool = False
) -> Response:
    """Return the page that asks for the goal; `whole`: with the form that asks for everything at once, open."""
    return visit.page(
        "new.html",
        status=problem.status if problem is not None else 200,
        values={"mode": "", "money_usd": USUAL_USD, **values},
        modes=MODES,
        depths=DEPTHS,
        whole=whole,
        interviews=listed(visit)[:20],
        priorities=PRIORITIES,
        problem=problem,
        plannings=visit.site.planners.all().plannings[:20],
        may=visit.may(Scope.MANAGE),
        now=_now(),
    )


def _before(planning: Planning | None) -> dict[str, str]:
    """Return the fields as they were for a planning."""
    if planning is None:
        return {}
    plan: Mapping[str, Any] = planning.plan or {}
    caps = {name: str(cap) for name, cap in plan.get("budget", {}).items() if name in CAPS and cap}
    found = {"goal": planning.goal, "mode": planning.mode, "base": planning.base, "runner": planning.runner}
    return {**found, **caps, "repo": planning.repo}


def _order(form: Mapping[str, str]) -> PlanOrder:
    """Return what the form asks for. Raises UsageError for values that cannot be read."""
    from mission_cli.app.plannings.order import PlanOrder

    goal = form.get("goal", "").replace("\r\n", "\n").strip()
    budget = {name: text for name in CAPS if (text := form.get(name, "").strip())}
    if not budget:
        raise UsageError("the mission has no cap", hint="say how much it may cost, or write unlimited")
    more = order_in(form)
    return PlanOrder(goal, {"goal": goal, "mode": recommended(goal).mode, **more.given}, budget, more.runner, more.base)


def order_in(form: Mapping[str, str]) -> PlanOrder:
    """Return what a form says beside goal and budget. Raises UsageError for values that cannot be read."""
    from mission_cli.app.given import moment
    from mission_cli.app.plannings.order import PlanOrder

    named = {key: text for name, key in _KEYS.items() if (text := form.get(name, "").strip())}
    if deadline := form.get("deadline", "").strip():
        named["deadline"] = moment("deadline", deadline, _now())
    return PlanOrder("", named, {}, form.get("runner", "").strip(), form.get("base", "").strip())


def _now() -> Any:
    from mission_cli.wiring.host import now

    return now()
