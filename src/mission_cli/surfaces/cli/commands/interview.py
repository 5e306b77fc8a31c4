"""From a goal to an approved plan: a short interview on a terminal, and the same without questions.

Nothing of a mission exists before the plan is approved.
"""

from __future__ import annotations

import shlex
import signal
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import typer

from mission_cli._support.dataclass import (
    dataclass,
    field,
    replace,
)
from mission_cli.domain.errors import BlockedError, DocumentError, MissionError, ToolError, UsageError
from mission_cli.domain.problems import Severity
from mission_cli.surfaces.cli.editor import edited
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from mission_cli.app.commands.plan_from_goal import (
        Planned,
        PlanningRound,
        PlanRequest,
    )
    from mission_cli.document.plans.model import Plan
    from mission_cli.document.plans.plan import ReadPlan
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.wiring.compose import Opened
    from mission_cli.wiring.host import GitStateStore

_LOOK_SECONDS = 0.1
_MOST_PROBLEMS = 30
_MODES = ("full", "poc")
_USUAL_USD = "20"
_CAPS = ("money_usd", "time_hours", "token_limit")


@dataclass(frozen=True, slots=True)
class Order:
    """What the person said on the command line, and in the interview."""

    goal: str
    given: Mapping[str, str] = field(default_factory=dict)
    """Keys of the plan that are set whatever the model says: goal, id, mode, …"""
    budget: Mapping[str, str] = field(default_factory=dict)
    runner: str = ""
    base: str = ""
    homeless: bool = False
    ask: bool = False
    """A person sits there and approves."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A plan to make a mission of, with what making it has cost; `kept` is where it lies as a file."""

    plan: Plan
    planned: Planned
    kept: str


def _interview(order: Order) -> Order:
    """Ask for what was not said: goal, mode, budget."""
    goal = order.goal or _asked("What shall be reached?")
    mode = order.given.get("mode") or _chosen("How thoroughly?", _MODES, "full")
    budget = dict(order.budget)
    if not any(budget.get(name) for name in _CAPS):
        budget["money_usd"] = _amount_asked("What may it cost at most, in dollars (or unlimited)?", _USUAL_USD)
    return replace(order, goal=goal, given={**order.given, "goal": goal, "mode": mode}, budget=budget)


def plan_for(shell: Shell, order: Order) -> Approved | int:
    """Have the plan made and approved. An exit code where a person stopped or rejected it."""
    from mission_cli.app.commands.plan_from_goal import (
        choose_runner,
        make_plan,
        prepare,
    )
    from mission_cli.document.plans.plan import override, write_plan

    _refuse_nonsense(order)
    opened, base = _place(shell, order)
    choose_runner(opened.context, order.runner)
    if order.ask:
        order = _interview(order)
        _refuse_nonsense(order)
    desk = prepare(opened.context, _wish(order, base))
    bare = "" if opened.context.machine.sandbox().on else ", without a sandbox"
    words = f"asking {desk.runner} for a plan, for at most ${desk.limits.usd:f}{bare}"
    with _gently(), _waiting(shell, words, ask=order.ask):
        # The engine looks for the job's end again and again; how long it rests between is the terminal's affair.
        # The planner is a job of its own, and tells nobody when it ends.
        planned = make_plan(opened.context, desk, rest=lambda: time.sleep(_LOOK_SECONDS))
    if planned.stopped:
        return _stopped(shell, planned)
    if planned.plan is None:
        raise _failure(shell, opened.context, planned)
    _tell(shell, planned.rounds[-1])
    plan = override(planned.plan, order.given, order.budget, desk.runner)
    kept = opened.context.runtime.keep(f"plans/{desk.name}/plan.yaml", write_plan(plan))
    if not order.ask:
        return Approved(plan, planned, kept)
    try:
        approved = _approved(shell, opened.context, Approved(plan, planned, kept))
    except (typer.Abort, KeyboardInterrupt):
        shell.err.print(_rejected(kept))
        raise
    if approved is None:
        shell.note(_rejected(kept))
        return 0
    return approved


def _rejected(kept: str) -> str:
    return f"nothing was written; the plan is kept: mission new --plan {shlex.quote(kept)}"


def _refuse_nonsense(order: Order) -> None:
    """Raise UsageError for what would be refused after the money is spent."""
    from mission_cli.document.plans.model import (
        Plan,
        PlanFeature,
        PlanMilestone,
    )
    from mission_cli.document.plans.plan import override
    from mission_cli.domain.ids import why_bad_id

    if not order.goal.strip() and not order.ask:
        raise UsageError("the goal is empty", hint='mission new "A command that counts words, tested"')
    empty = Plan(title="x", milestones=[PlanMilestone(name="x", features=[PlanFeature(title="x")])])
    override(empty, order.given, order.budget, order.runner)
    identity = order.given.get("id", "")
    if identity and why_bad_id(identity):
        raise UsageError(f"{identity!r} cannot be an id: {why_bad_id(identity)}")


def _place(shell: Shell, order: Order) -> tuple[Opened, str]:
    """Where the planning is done, and the branch that is looked at; nothing of a mission is made there."""
    from mission_cli.wiring.compose import (
        is_in_repository,
        open_homeless,
        open_scratch,
        open_unmade,
    )

    homeless = order.homeless or not is_in_repository(shell.repo)
    opened = open_scratch(shell.repo) if homeless else open_unmade(shell.repo)
    _refuse_taken(open_homeless() if homeless else opened.state, order.given.get("id", ""))
    base = ("" if homeless else order.base) or opened.default_base()
    if not base:
        raise UsageError("no branch is checked out", hint="say which one is the base: --base main")
    return opened, base


def _refuse_taken(store: GitStateStore | None, identity: str) -> None:
    """Raise UsageError where a mission has that id. The store may not be made yet."""
    if not identity or store is None or not store.layout.git_dir.is_dir():
        return
    if identity.casefold() in {m.casefold() for m in store.snapshot().missions}:
        raise UsageError(f"there is a mission `{identity}` already", hint="choose another --id")


def _wish(order: Order, base: str) -> PlanRequest:
    from mission_cli.app.commands.plan_from_goal import PlanRequest

    return PlanRequest(
        goal=order.goal,
        base=base,
        mode=order.given.get("mode") or "full",
        kind=order.given.get("type", ""),
        deadline=order.given.get("deadline", ""),
        tier=order.given.get("model_routing.orchestrator", ""),
        runner=order.runner,
        max_usd=_cap(order, "money_usd"),
        max_hours=_cap(order, "time_hours"),
        max_tokens=int(_cap(order, "token_limit") or 0),
    )


def _cap(order: Order, name: str) -> Decimal | None:
    """A cap of the command line; None where there is none. It was looked at before."""
    text = order.budget.get(name, "")
    return Decimal(text) if text and text != "unlimited" else None


# While the model thinks


@contextmanager
def _gently() -> Iterator[None]:
    """Let a closed terminal and `kill` be what Ctrl-C is: the job ends, and what it has cost is said."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    usual = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    for number in usual:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _waiting(shell: Shell, words: str, *, ask: bool) -> Iterator[None]:
    if not ask:
        shell.note(words)
    with shell.err.status(clean(words)) if ask else nullcontext():
        yield


def _stopped(shell: Shell, planned: Planned) -> int:
    from mission_cli.surfaces.cli.shell import INTERRUPTED

    shell.err.print(f"stopped, nothing was written; planning cost {planned.cost}")
    return INTERRUPTED


def _tell(shell: Shell, last: PlanningRound) -> None:
    for note in last.read.notes if last.read is not None else ():
        shell.note(note)


def _failure(shell: Shell, ctx: Context, planned: Planned) -> MissionError:
    """Say what is wrong with the last answer, where all of it lies, and what it has cost."""
    if not planned.rounds:
        return BlockedError(planned.refused, hint="raise plan_max_usd, or the caps of the command line")
    last = planned.rounds[-1]
    kept = [r.kept for r in planned.rounds if r.kept]
    words = [f"what the model said is kept: {', '.join(kept)}"] if kept else []
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


# Approval


def _approved(shell: Shell, ctx: Context, made: Approved) -> Approved | None:
    """Show the plan until it is approved, or None: rejected. Edits of the person are kept like the plan itself."""
    from mission_cli.document.plans.plan import read_plan, write_plan
    from mission_cli.surfaces.views.plan import plan_view

    text = write_plan(made.plan)
    plan: Plan | None = made.plan
    while True:
        if plan is not None:
            shell.out.print(plan_view(plan))
        shell.out.print(f"planning cost {made.planned.cost}", style="dim")
        choice = _chosen("And now?", ("approve", "edit", "reject") if plan is not None else ("edit", "reject"))
        if choice == "reject":
            return None
        if choice == "approve" and plan is not None:
            return replace(made, plan=plan)
        text = _by_hand(shell, text)
        ctx.runtime.keep(f"plans/{made.planned.desk.name}/plan.yaml", text)
        read = read_plan(text)
        _complain(shell, read)
        plan = read.plan


def _by_hand(shell: Shell, text: str) -> str:
    """The text after the person's editor; as it was when that went wrong."""
    try:
        return edited(text, "plan.yaml")
    except MissionError as error:
        shell.err.print(f"error: {clean(error.message)}")
        return text


def _complain(shell: Shell, read: ReadPlan) -> None:
    for problem in read.problems:
        if problem.severity is Severity.ERROR:
            shell.err.print(clean(problem.at("plan.yaml")))


# Questions


def _asked(question: str, default: str = "") -> str:
    while True:
        answer = str(typer.prompt(question, default=default or None, prompt_suffix=" ")).strip()
        if answer:
            return answer


def _chosen(question: str, choices: tuple[str, ...], default: str = "") -> str:
    """One of the choices; its beginning is enough."""
    while True:
        answer = _asked(f"{question} ({', '.join(choices)})", default).casefold()
        found = [c for c in choices if c.startswith(answer)]
        if len(found) == 1:
            return found[0]
        typer.echo(f"one of: {', '.join(choices)}", err=True)


def _amount_asked(question: str, default: str) -> str:
    while True:
        answer = _asked(question, default).removeprefix("$")
        if answer == "unlimited":
            return answer
        with suppress(InvalidOperation):
            if Decimal(answer).is_finite() and Decimal(answer) > 0:
                return answer
        typer.echo("an amount above zero such as 20, or the word unlimited", err=True)


def read_goal(text: str) -> str:
    """The goal as it was given; `-` reads it from standard input."""
    try:
        return sys.stdin.read().strip() if text == "-" else text
    except UnicodeDecodeError as error:
        raise DocumentError("it is not UTF-8", where="standard input") from error
