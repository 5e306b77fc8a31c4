"""Begin a planning, carry it out, look at it, make its mission, or drop it. A restart at any moment loses nothing.

Each change is stored before the next step. The model's job is found again by its name, so it is asked and paid once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.app.plannings.answers import planned_by
from mission_cli.app.plannings.discussing import adjusted, prospect_of
from mission_cli.app.plannings.order import PlanOrder, refuse_nonsense, request_of
from mission_cli.app.plannings.probing import probed
from mission_cli.app.plannings.results import Planning
from mission_cli.app.plannings.stored import PlanningState, StoredPlanning, read, rounds_of, stored, written
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.errors import BlockedError, ConflictError, MissionError, NotFoundError
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context

    Make = Callable[[Plan, Callable[[MissionId], Sequence[RunRecord]]], tuple[str, str]]
    """Makes the mission of a plan with the records of its planning; returns its id and the path of its file."""

MOST_AT_ONCE = 4
"""Plannings of a repository that run at a time: each is a model that costs money."""
_MOST_KEPT = 50


def begin(ctx: Context, order: PlanOrder, base: str) -> StoredPlanning:
    """Store a planning that begins; `carry_out` does the rest.

    Raises UsageError for a wrong order, BlockedError if no model can be asked or too many are asked already.
    """
    from mission_cli.app.commands.plan_from_goal import prepare

    refuse_nonsense(order)
    identity = order.given.get("id", "").casefold()
    if identity and identity in {name.casefold() for name in ctx.state.snapshot().missions}:
        raise BlockedError(f"a mission `{identity}` exists already", hint="choose another id")
    person = ctx.person()
    setup = prepare(ctx, request_of(order, base))
    one = stored(setup, order, by=person.name, email=person.email, since=stamp(ctx.clock.now()))
    with ctx.runtime.plannings() as book:
        known = read(book.texts)
        running = [other for other in known.values() if other.state is PlanningState.PLANNING]
        if len(running) >= MOST_AT_ONCE:
            words = f"{len(running)} plans are being written here already"
            raise BlockedError(words, hint="wait for one, or DELETE one under /api/v1/plannings")
        over = [other.id for other in known.values() if other.state in {PlanningState.FAILED, PlanningState.APPROVED}]
        for name in over[_MOST_KEPT:]:
            book.note(name, "")
        book.note(one.id, written(one))
    return one


def carry_out(ctx: Context, name: str, rest: Callable[[], None]) -> None:
    """Have the model write the plan of a planning, unless another process does; what it costs is capped.

    `rest` is called between two looks. If the planning is dropped meanwhile, the model is stopped and nothing is kept.
    """
    with ctx.runtime.carrying(name) as mine:
        one = _known(ctx).get(name)
        if not mine or one is None or one.state is not PlanningState.PLANNING:
            return
        stopped = False

        def look() -> None:
            nonlocal stopped
            if not stopped and name not in _known(ctx):
                stopped = True
                raise KeyboardInterrupt  # as a person at a terminal stops it
            rest()

        try:
            done = _answered(ctx, one, look)
        except MissionError as error:
            state = PlanningState.READY if one.wish or one.probing else PlanningState.FAILED
            done = replace(one, state=state, wish="", probing="", error=error.message, hint=str(error.hint))
        _note(ctx, replace(done, until=stamp(ctx.clock.now())), only_from=PlanningState.PLANNING)


def _answered(ctx: Context, one: StoredPlanning, look: Callable[[], None]) -> StoredPlanning:
    """Return a planning after what it waits for: a change of its plan, its probe, or the first plan."""
    from mission_cli.app.commands.plan_from_goal import make_plan

    if one.wish:
        return adjusted(ctx, one, look)
    return probed(ctx, one, look) if one.probing else planned_by(ctx, one, make_plan(ctx, one.setup, rest=look))


def approve(
    ctx: Context, name: str, make: Make, plan: Plan | None = None, *, seen: str | None = None
) -> tuple[StoredPlanning, str]:
    """Make the mission of a planning, once; return it and the path of the mission's file.

    `plan`: as the person changed it; None: as it is stored. `seen`: the text of the plan that the person was shown;
    raises ConflictError if it has been changed since. `make` makes a mission with records of its planning.
    Raises NotFoundError, and BlockedError if there is nothing to approve.
    """
    from mission_cli.document.plans.plan import read_plan

    with ctx.runtime.plannings() as book:
        one = _need(read(book.texts), name)
        before = _made_before(ctx, one) if one.state is PlanningState.APPROVING else ""
        if before:
            one = replace(one, state=PlanningState.APPROVED, mission=before)
            book.note(name, written(one))
        if one.state is PlanningState.APPROVED:
            raise BlockedError(f"it was approved: it is the mission {one.mission}", hint=do("status", one.mission))
        if one.state in {PlanningState.PLANNING, PlanningState.FAILED}:
            still = "its assumption is being checked" if one.probing else "the model still writes the plan"
            words = still if one.state is PlanningState.PLANNING else "there is no plan"
            raise BlockedError(f"there is nothing to approve: {words}", hint=one.error)
        if seen is not None and seen.strip() != one.plan.strip():
            raise ConflictError("the plan was changed meanwhile", hint="look at it again, and approve that")
        chosen = plan or (read_plan(one.plan).plan if one.plan else None)
        if chosen is None:
            raise AssertionError("a plan that was read is stored")
        book.note(name, written(replace(one, state=PlanningState.APPROVING)))
        try:
            mission, path = make(chosen, lambda mission: rounds_of(one, mission))
        except MissionError:
            book.note(name, written(replace(one, state=PlanningState.READY)))
            raise
        one = replace(one, state=PlanningState.APPROVED, mission=mission)
        book.note(name, written(one))
    return one, path


def drop(ctx: Context, name: str) -> StoredPlanning:
    """Forget a planning; if a model writes its plan, that is stopped. A mission that was made of it stays."""
    with ctx.runtime.plannings() as book:
        one = _need(read(book.texts), name)
        book.note(name, "")
    return one


def looked_at(
    ctx: Context, one: StoredPlanning, repo: str, progress: Sequence[str] = (), *, whole: bool = False
) -> Planning:
    """Return a planning as people see it; `progress` tells what its model does now.

    `whole`: with the forecast, with what is odd about the plan, and with the last change, which take a while.
    """
    from mission_cli.document.plans.plan import read_plan

    plan = read_plan(one.plan).plan if one.plan else None
    return Planning(
        id=one.id,
        repo=repo,
        status=one.state,
        goal=one.order.goal,
        mode=one.order.given.get("mode") or "full",
        base=one.base,
        runner=one.runner,
        model=one.model,
        most_usd=one.setup.limits.usd or ctx.settings.plan_max_usd,
        by=one.by,
        since=one.since,
        until=one.until,
        progress=(*one.notes, *progress),
        cost=spent(row for record in rounds_of(one) for row in spends_of(record)),
        plan=plan.model_dump(mode="json", exclude_defaults=True) if plan is not None else None,
        text=one.plan,
        problems=[p for p in one.problems if p.severity is Severity.ERROR],
        error=one.error,
        hint=one.hint,
        mission=one.mission,
        wish=one.wish,
        questions=one.open,
        undo=len(one.versions),
        prospect=prospect_of(ctx, one) if whole and plan is not None else None,
    )


def known(ctx: Context) -> dict[str, StoredPlanning]:
    """Return the plannings of a repository by id, the newest first."""
    return _known(ctx)


def need(ctx: Context, name: str) -> StoredPlanning:
    """Return one planning. Raises NotFoundError."""
    return _need(_known(ctx), name)


def actor_of(one: StoredPlanning) -> Person:
    """Return who asked for a planning."""
    from mission_cli.domain.host import Person

    return Person(one.by, one.email)


def _known(ctx: Context) -> dict[str, StoredPlanning]:
    with ctx.runtime.plannings() as book:
        return read(book.texts)


def _need(found: dict[str, StoredPlanning], name: str) -> StoredPlanning:
    one = found.get(name)
    if one is None:
        raise NotFoundError(f"there is no planning `{name}`", hint="GET /api/v1/plannings lists them")
    return one


def _note(ctx: Context, one: StoredPlanning, *, only_from: PlanningState) -> None:
    """Store a planning, unless it was dropped or changed meanwhile."""
    with ctx.runtime.plannings() as book:
        now = read(book.texts).get(one.id)
        if now is not None and now.state is only_from:
            book.note(one.id, written(one))


def _made_before(ctx: Context, one: StoredPlanning) -> str:
    """Return the mission that was made of a planning when the server died; empty if none was."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands.features import records_of

    ours = {(record.intended, record.prompt) for record in rounds_of(one)}
    context = ctx.state.snapshot()
    for stored_mission in context.missions.values():
        records = records_of(ctx, resolve(context, stored_mission.id))
        if ours & {(record.intended, record.prompt) for record in records}:
            return stored_mission.id
    return ""
