"""From a goal to an approved plan: with a short interview on a terminal, without questions elsewhere.

No file of the mission is written before the plan is approved.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.interview.kept import forget
from mission_cli.app.rounds.asking import way_in
from mission_cli.domain.errors import BlockedError, DocumentError, MissionError, ToolError, UsageError
from mission_cli.surfaces.cli.commands.guided.discussion import told_so_far
from mission_cli.surfaces.cli.commands.guided.order import refuse_nonsense
from mission_cli.surfaces.cli.commands.guided.outcome import Approved, discussed, resumed
from mission_cli.surfaces.cli.commands.guided.probe import probe_headless
from mission_cli.surfaces.cli.commands.guided.scoping import (
    Place,
    command_of,
    fitted_order,
    from_file,
    held,
    open_question,
    refuse_open,
)
from mission_cli.surfaces.cli.shell import rest
from mission_cli.surfaces.keys import gently
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.app.planning import Planned
    from mission_cli.document.plans.answer import ReadAnswer
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.commands.guided.order import Order
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.wiring.host import GitStateStore

_MOST_PROBLEMS = 30


def plan_for(shell: Shell, order: Order) -> Approved | int:
    """Have the plan written by a model and approved; return an exit code if it was stopped or rejected, or OVER."""
    from mission_cli.app.commands.plan_from_goal import choose_runner
    from mission_cli.app.plannings.discussing import written_by

    refuse_nonsense(order)
    place = placed(shell, order)
    ctx = place.ctx
    if order.ask and not order.goal and (found := resumed(shell, ctx)) is not None:
        return discussed(shell, ctx, found)
    choose_runner(ctx, order.runner)
    if not order.ask:
        return _unasked(shell, place, order)
    with held(shell, place, order) as done:
        if done is None:
            return 0
        order, kept = done
        refuse_nonsense(order)
        planned = _planned(shell, place, order)
        if isinstance(planned, int):
            return planned
        one = written_by(ctx, order.for_plan, planned)
        forget(ctx, kept.id)
    return discussed(shell, ctx, one)


def _unasked(shell: Shell, place: Place, order: Order) -> Approved | int:
    """Return a plan that counts as approved, with the answers of a file; an exit code if one is missing."""
    from mission_cli.app.plannings.order import fitted
    from mission_cli.document.plans.plan import with_assumptions, write_plan

    if order.interviews:
        interview = from_file(shell, place, order)
        if open_question(interview) is not None:
            return refuse_open(shell, interview, command_of(order))
        order = fitted_order(order, interview)
        refuse_nonsense(order)
    planned = _planned(shell, place, order)
    if isinstance(planned, int) or planned.plan is None:
        return planned if isinstance(planned, int) else 1
    questions = planned.read.questions if planned.read is not None else ()
    plan = fitted(with_assumptions(planned.plan, questions), order.for_plan, planned.desk.runner)
    if order.probe:
        probe_headless(shell, place.ctx, planned, plan.probe)
    kept = place.ctx.runtime.keep(f"plans/{planned.desk.name}/plan.yaml", write_plan(plan))
    return Approved(order.base, kept, planned.cost, planned.sums, lambda make: make(plan, planned.records))


def _planned(shell: Shell, place: Place, order: Order) -> Planned | int:
    """Return what a model has planned; an exit code if the person stopped it. Raises MissionError without a plan."""
    from mission_cli.app.commands.plan_from_goal import make_plan, prepare
    from mission_cli.app.plannings.order import request_of

    ctx = place.ctx
    desk = prepare(ctx, request_of(order.for_plan, place.base))
    bare = "" if ctx.machine.sandbox().on else ", without a sandbox"
    words = f"asking {desk.runner} for a plan, for at most ${desk.limits.usd:f}{bare}"
    shell.note(words)
    with gently(), shell.busy(f"{desk.runner} writes the plan", told_so_far(ctx, desk.name)):
        planned = make_plan(ctx, desk, rest=rest)
    if planned.stopped:
        return _stopped(shell, planned)
    if planned.plan is None:
        raise _failure(shell, ctx, planned)
    _tell(shell, planned.read)
    return planned


def probe_of_file(shell: Shell, order: Order, plan: Plan) -> Callable[[MissionId], Sequence[RunRecord]]:
    """Check the assumption of a plan that no model has written, if that is asked for; return the records of that."""
    from mission_cli.app.commands.plan_from_goal import bare_setup, prepare
    from mission_cli.app.planning import Planned
    from mission_cli.app.plannings.order import request_of

    if plan.probe is None or not order.probe:
        shell.note("the plan names an assumption that is not checked: add --probe") if plan.probe else None
        return lambda _: ()
    place = placed(shell, order)
    wish = request_of(replace(order, goal=plan.goal or plan.title).for_plan, place.base)
    planned = Planned((prepare if plan.probe.task else bare_setup)(place.ctx, wish))
    probe_headless(shell, place.ctx, planned, plan.probe)
    return planned.records


def placed(shell: Shell, order: Order) -> Place:
    """Return the repository in which the planning is done, and the base branch. Creates no mission."""
    from mission_cli.wiring.compose import is_in_repository, open_homeless, open_scratch

    homeless = order.homeless or not is_in_repository(shell.repo)
    opened = open_scratch(shell.repo) if homeless else shell.open_unmade()
    _refuse_taken(open_homeless() if homeless else opened.state, order.given.get("id", ""))
    base = ("" if homeless else order.base) or opened.default_base()
    if not base:
        raise UsageError("no branch is checked out", hint="name the base branch: --base main")
    return Place(opened, base)


def _refuse_taken(store: GitStateStore | None, identity: str) -> None:
    """Raise UsageError if a mission has that id. The store may not exist yet."""
    if not identity or store is None or not store.layout.git_dir.is_dir():
        return
    if identity.casefold() in {m.casefold() for m in store.snapshot().missions}:
        raise UsageError(f"a mission `{identity}` exists already", hint="choose another --id")


# While the model thinks, and afterwards


def _stopped(shell: Shell, planned: Planned) -> int:
    from mission_cli.surfaces.cli.shell import INTERRUPTED

    shell.err.print(f"stopped, nothing was written; planning cost {planned.cost}")
    return INTERRUPTED


def _tell(shell: Shell, read: ReadAnswer | None) -> None:
    for note in read.notes if read is not None else ():
        shell.note(note)


def _failure(shell: Shell, ctx: Context, planned: Planned) -> MissionError:
    """Return the error for the last answer: what is wrong with it, the files of all answers, and the cost."""
    if not planned.rounds:
        return BlockedError(planned.refused, hint="raise plan_max_usd, or the caps on the command line")
    last = planned.rounds[-1]
    kept = [r.kept for r in planned.rounds if r.kept]
    words = [f"the model's answers are kept: {', '.join(kept)}"] if kept else []
    words += [f"it was not asked again: {planned.refused}"] if planned.refused else []
    words.append(f"planning cost {planned.cost}")
    if last.read is None:
        folder = ctx.executor.watch([f"plan/{planned.desk.name}/{len(planned.rounds)}"])[0]
        entry = way_in(ctx, planned.desk.runner, last.record.cause)
        hint = "; ".join([entry or f"its output: {folder}", *words])
        return ToolError(f"{planned.desk.runner} made no plan: {last.record.cause}: {last.record.detail}", hint=hint)
    first, *others = last.read.found
    for problem in others[:_MOST_PROBLEMS]:
        shell.err.print(clean(problem.at(last.kept)))
    where = f"{last.kept}:{first.line}:{first.column}" if last.kept else ""
    return DocumentError(first.message, where=where, hint="; ".join(filter(None, [first.hint, *words])))


def read_goal(text: str) -> str:
    """Return the goal as given; `-` reads it from standard input."""
    try:
        return sys.stdin.read().strip() if text == "-" else text
    except UnicodeDecodeError as error:
        raise DocumentError("the goal is not UTF-8", where="standard input") from error
