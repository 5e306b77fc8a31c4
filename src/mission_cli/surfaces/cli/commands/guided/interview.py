"""From a goal to an approved plan: with a short interview on a terminal, without questions elsewhere.

No file of the mission is written before the plan is approved.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

from mission_cli._support.dataclass import (
    dataclass,
    field,
    replace,
)
from mission_cli.app.plannings.modes import MODES, recommended
from mission_cli.domain.errors import BlockedError, DocumentError, MissionError, ToolError, UsageError
from mission_cli.surfaces.cli.commands.guided.discussion import told_so_far
from mission_cli.surfaces.cli.commands.guided.outcome import Approved, discussed, resumed
from mission_cli.surfaces.cli.commands.guided.probe import probe_headless
from mission_cli.surfaces.cli.questions import amount_asked, asked, chosen
from mission_cli.surfaces.keys import gently
from mission_cli.surfaces.new_mission import CAPS, USUAL_USD
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.app.planning import Planned
    from mission_cli.app.plannings.order import PlanOrder
    from mission_cli.document.plans.answer import ReadAnswer
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.runs import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.wiring.assemble import Opened
    from mission_cli.wiring.host import GitStateStore

_LOOK_SECONDS = 0.1
_MOST_PROBLEMS = 30


@dataclass(frozen=True, slots=True)
class Order:
    """What the person asked for on the command line and in the interview."""

    goal: str
    given: Mapping[str, str] = field(default_factory=dict)
    """Keys of the plan that override the model's answer: goal, id, mode, …"""
    budget: Mapping[str, str] = field(default_factory=dict)
    runner: str = ""
    base: str = ""
    homeless: bool = False
    probe: bool = False
    """Whether the assumption of the plan is checked without asking."""
    ask: bool = False
    """Whether to ask questions and to have the plan approved on the terminal."""


def interview(order: Order) -> Order:
    """Ask for goal, mode and budget, unless they were given."""
    goal = order.goal or asked("What is the goal?")
    mode = order.given.get("mode") or _mode_asked(goal)
    budget = dict(order.budget)
    if not any(budget.get(name) for name in CAPS):
        budget["money_usd"] = amount_asked("What is the most it may cost, in dollars (or unlimited)?", USUAL_USD)
    return replace(order, goal=goal, given={**order.given, "goal": goal, "mode": mode}, budget=budget)


def _mode_asked(goal: str) -> str:
    wide = max(map(len, MODES)) + 1
    for name, words in MODES.items():
        typer.echo(f"{f'{name}:':<{wide}} {words}")
    best = recommended(goal)
    if best.why:
        typer.echo(f"{best.mode} is recommended, because the goal says `{best.why}`")
    return chosen("Which mode?", tuple(MODES), best.mode)


def plan_for(shell: Shell, order: Order) -> Approved | int:
    """Have the plan written by a model and approved; return an exit code if the person stopped, left or rejected it."""
    from mission_cli.app.commands.plan_from_goal import (
        choose_runner,
        make_plan,
        prepare,
    )
    from mission_cli.app.plannings.discussing import written_by
    from mission_cli.app.plannings.order import request_of
    from mission_cli.document.plans.plan import override, write_plan

    refuse_nonsense(order)
    opened, base = planning_place(shell, order)
    if order.ask and not order.goal and (found := resumed(shell, opened.context)) is not None:
        return discussed(shell, opened.context, found)
    choose_runner(opened.context, order.runner)
    if order.ask:
        order = interview(order)
        refuse_nonsense(order)
    desk = prepare(opened.context, request_of(_ordered(order), base))
    bare = "" if opened.context.machine.sandbox().on else ", without a sandbox"
    words = f"asking {desk.runner} for a plan, for at most ${desk.limits.usd:f}{bare}"
    shell.note(words)
    with gently(), shell.busy(f"{desk.runner} writes the plan", told_so_far(opened.context, desk.name)):
        # Planning is a job, and no notification comes when it ends: the engine polls it, and the caller sets how often.
        planned = make_plan(opened.context, desk, rest=lambda: time.sleep(_LOOK_SECONDS))
    if planned.stopped:
        return _stopped(shell, planned)
    if planned.plan is None:
        raise _failure(shell, opened.context, planned)
    _tell(shell, planned.read)
    if order.ask:
        return discussed(shell, opened.context, written_by(opened.context, _ordered(order), planned))
    plan = override(planned.plan, order.given, order.budget, desk.runner)
    if order.probe:
        probe_headless(shell, opened.context, planned, plan.probe)
    kept = opened.context.runtime.keep(f"plans/{desk.name}/plan.yaml", write_plan(plan))
    return Approved(order.base, kept, planned.cost, planned.sums, lambda make: make(plan, planned.records))


def probe_of_file(shell: Shell, order: Order, plan: Plan) -> Callable[[MissionId], Sequence[RunRecord]]:
    """Check the assumption of a plan that no model has written, if that is asked for; return the records of that."""
    from mission_cli.app.commands.plan_from_goal import bare_setup, prepare
    from mission_cli.app.planning import Planned
    from mission_cli.app.plannings.order import request_of

    if plan.probe is None or not order.probe:
        shell.note("the plan names an assumption that is not checked: add --probe") if plan.probe else None
        return lambda _: ()
    opened, base = planning_place(shell, order)
    wish = request_of(_ordered(replace(order, goal=plan.goal or plan.title)), base)
    planned = Planned((prepare if plan.probe.task else bare_setup)(opened.context, wish))
    probe_headless(shell, opened.context, planned, plan.probe)
    return planned.records


def refuse_nonsense(order: Order) -> None:
    """Raise UsageError for mistakes that would otherwise be found only after the planning has been paid for."""
    from mission_cli.app.plannings.order import refuse_nonsense as refuse

    if order.goal.strip() or not order.ask:
        refuse(_ordered(order))
    else:
        refuse(_ordered(replace(order, goal="x")))


def _ordered(order: Order) -> PlanOrder:
    from mission_cli.app.plannings.order import PlanOrder

    return PlanOrder(order.goal, order.given, order.budget, order.runner, order.base)


def planning_place(shell: Shell, order: Order) -> tuple[Opened, str]:
    """Return the repository in which the planning is done, and the base branch. Creates no mission."""
    from mission_cli.wiring.compose import (
        is_in_repository,
        open_homeless,
        open_scratch,
    )

    homeless = order.homeless or not is_in_repository(shell.repo)
    opened = open_scratch(shell.repo) if homeless else shell.open_unmade()
    _refuse_taken(open_homeless() if homeless else opened.state, order.given.get("id", ""))
    base = ("" if homeless else order.base) or opened.default_base()
    if not base:
        raise UsageError("no branch is checked out", hint="name the base branch: --base main")
    return opened, base


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
        hint = "; ".join([f"its output: {folder}", *words])
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
