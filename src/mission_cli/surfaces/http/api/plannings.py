"""Operations on plans that a model writes: they take longer than a request, so each is a resource of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mission_cli.app.plannings import discussing
from mission_cli.app.plannings.order import PlanOrder
from mission_cli.app.plannings.results import ApprovedPlan, Planning, PlanningList
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.surfaces.http.api.operation import Field, Operation
from mission_cli.surfaces.http.planners import need_repo
from mission_cli.surfaces.new_mission import CAPS

if TYPE_CHECKING:
    from mission_cli.document.plans.model import Plan
    from mission_cli.surfaces.http.api.operation import Everything

_OF_PLAN = {"id": "id", "mode": "mode", "type": "type", "priority": "priority", "tier": "model_routing.orchestrator"}
"""Keys of the plan by the names of the fields."""
ORDER = (
    Field("goal", "what to achieve: a model writes the plan (202), which you approve at its Location"),
    Field(
        "mode", "full: a branch for each feature; poc: one worker, one feature after another", choices=("full", "poc")
    ),
    Field("type", "development, research, operations or your own"),
    Field("priority", "how important it is", choices=("low", "normal", "high", "urgent")),
    Field("deadline", "when it pauses: 2026-12-01T18:00, tomorrow 18:00, +3d"),
    Field("budget", "caps: money_usd, time_hours and token_limit, each a number or unlimited", "object"),
    Field("runner", "who writes the plan and works: a [runners.…] table of the settings"),
    Field("base", "the branch that the work starts from and lands on"),
    Field("tier", "the tier of the model that writes the plan"),
)
"""What a request for a plan may say."""


def plan_of(given: Any) -> Plan:
    """Return the plan in a request. Raises DocumentError."""
    from mission_cli.document.plans.plan import read_plan

    read = read_plan(json.dumps(given))
    if read.plan is None:
        raise DocumentError.of("plan", read.problems)
    return read.plan


def begin(everything: Everything) -> Planning:
    """Have a model write a plan."""
    from mission_cli.app.given import moment
    from mission_cli.wiring.host import now

    given = everything.given
    repo = need_repo(list(everything.names), given.get("repo", ""))
    named = {"goal": given["goal"], **{key: given[name] for name, key in _OF_PLAN.items() if given.get(name)}}
    if given.get("deadline"):
        named["deadline"] = moment("deadline", given["deadline"], now())
    order = PlanOrder(
        given["goal"], named, _budget(given.get("budget", {})), given.get("runner", ""), given.get("base", "")
    )
    return everything.desk.begin(repo, order, everything.person)


def _budget(given: dict[str, Any]) -> dict[str, str]:
    unknown = given.keys() - set(CAPS)
    if unknown:
        raise UsageError(f"unknown key `budget.{min(unknown)}`", hint=f"known are {', '.join(CAPS)}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise UsageError(f"`budget.{name}` is not a number", hint="write a number, or unlimited")
    return {name: str(value) for name, value in given.items()}


def _list(everything: Everything) -> PlanningList:
    return everything.desk.all(everything.given.get("repo", ""))


def _get(everything: Everything) -> Planning:
    return everything.desk.one(everything.given["planning"])


def _approve(everything: Everything) -> ApprovedPlan:
    given = everything.given
    plan = plan_of(given["plan"]) if "plan" in given else None
    start = given.get("start", False)
    return everything.desk.approve(given["planning"], plan, everything.person, start=start)


def _adjust(everything: Everything) -> Planning:
    return everything.desk.adjust(everything.given["planning"], everything.given["wish"], everything.person)


def _edit(everything: Everything) -> Planning:
    from mission_cli.document.plans.plan import write_plan

    name, text = everything.given["planning"], write_plan(plan_of(everything.given["plan"]))
    return everything.desk.change(name, everything.person, lambda ctx: discussing.edit(ctx, name, text))


def _settle(everything: Everything) -> Planning:
    given, name = everything.given, everything.given["planning"]
    values = {"mode": given["mode"]} if given.get("mode") else {}
    budget = _budget(given.get("budget", {}))
    return everything.desk.change(name, everything.person, lambda ctx: discussing.settle(ctx, name, values, budget))


def _undo(everything: Everything) -> Planning:
    name = everything.given["planning"]
    return everything.desk.change(name, everything.person, lambda ctx: discussing.undo(ctx, name))


def _drop(everything: Everything) -> Planning:
    return everything.desk.drop(everything.given["planning"])


def operations() -> tuple[Operation, ...]:
    """Return them."""
    one, read, manage = "/plannings/{planning}", Scope.READ, Scope.MANAGE
    repo = Field("repo", "only those of this repository")
    return (
        Operation(
            *("list_plannings", "GET", "/plannings", "List the plans that models write.", read, PlanningList),
            act_on_all=_list,
            query=(repo,),
        ),
        Operation(
            *("get_planning", "GET", one, "Show how far a plan is, and the plan.", read, Planning), act_on_all=_get
        ),
        Operation(
            *("approve_planning", "POST", f"{one}/approve", "Make the mission of a plan.", manage, ApprovedPlan),
            act_on_all=_approve,
            body=(
                Field("start", "start it, too", "boolean"),
                Field("plan", "the plan as you have changed it", "object"),
            ),
            status=201,
            location=lambda made: f"/missions/{made.id}",
        ),
        Operation(
            *("adjust_planning", "POST", f"{one}/adjust", "Have the model change a plan.", manage, Planning),
            act_on_all=_adjust,
            body=(Field("wish", "what shall be different, in a sentence", required=True),),
            status=202,
        ),
        Operation(
            *("edit_planning", "POST", f"{one}/edit", "Replace a plan by your own.", manage, Planning),
            act_on_all=_edit,
            body=(Field("plan", "the plan", "object", required=True),),
        ),
        Operation(
            *("settle_planning", "POST", f"{one}/settle", "Set mode and caps of a plan.", manage, Planning),
            act_on_all=_settle,
            body=tuple(field for field in ORDER if field.name in {"mode", "budget"}),
        ),
        Operation(
            *("undo_planning", "POST", f"{one}/undo", "Take the last change of a plan back.", manage, Planning),
            act_on_all=_undo,
        ),
        Operation(
            *("drop_planning", "DELETE", one, "Stop the model and forget the plan.", manage, Planning), act_on_all=_drop
        ),
    )
