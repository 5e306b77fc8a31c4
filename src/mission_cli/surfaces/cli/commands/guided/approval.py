"""The approval of a plan: shown, edited by hand, or changed by the model, until the person approves or rejects it."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.domain.errors import MissionError
from mission_cli.domain.problems import Severity
from mission_cli.surfaces.cli.editor import edited
from mission_cli.surfaces.cli.questions import asked
from mission_cli.surfaces.keys import gently
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.planning import Planned
    from mission_cli.document.plans.model import Plan
    from mission_cli.document.plans.plan import ReadPlan
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell

_LOOK_SECONDS = 0.1
_CHOICES = ("approve", "edit", "change", "reject")
_WITHOUT_PLAN = ("edit", "reject")


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved plan, the planning rounds with their cost, and the path of the file that stores the plan."""

    plan: Plan
    planned: Planned
    kept: str


def approve(shell: Shell, ctx: Context, made: Approved, fitted: Callable[[Plan], Plan]) -> Approved | None:
    """Show the plan until the person approves or rejects it; None if it is rejected.

    A plan that was edited or changed replaces the file that stores it. `fitted` gives a plan of the model what the
    person has decided before: goal, mode, caps.
    """
    from mission_cli.document.plans.plan import read_plan, write_plan
    from mission_cli.surfaces.terminal import size_of, write
    from mission_cli.surfaces.views.plan import plan_lines

    text = write_plan(made.plan)
    plan: Plan | None = made.plan
    while True:
        if plan is not None:
            write(plan_lines(plan, size_of(sys.stdout).width))
        shell.out.print(f"planning cost {made.planned.cost}", style="dim")
        choice, wish = _asked_what_next(_CHOICES if plan is not None else _WITHOUT_PLAN)
        if choice == "reject":
            return None
        if choice == "approve" and plan is not None:
            return replace(made, plan=plan)
        if choice == "change":
            changed = _changed(shell, ctx, made.planned, text, wish)
            text = write_plan(fitted(changed)) if changed is not None else text
        else:
            text = _by_hand(shell, text)
        ctx.runtime.keep(f"plans/{made.planned.desk.name}/plan.yaml", text)
        read = read_plan(text)
        _complain(shell, read)
        plan = read.plan


def _asked_what_next(choices: tuple[str, ...]) -> tuple[str, str]:
    """Return the choice, and for `change` what to change; a sentence is such a wish. First letters are enough."""
    while True:
        wish = ", or say what to change" if "change" in choices else ""
        answer = asked(f"What next? ({', '.join(choices)}){wish}")
        found = [choice for choice in choices if choice.startswith(answer.casefold())]
        if "change" in choices and (found == ["change"] or (not found and " " in answer)):
            return "change", asked("What should be different?") if found else answer
        if len(found) == 1:
            return found[0], ""
        sys.stderr.write(f"enter one of: {', '.join(choices)}\n")


def _changed(shell: Shell, ctx: Context, planned: Planned, text: str, wish: str) -> Plan | None:
    """Return the plan as the model changed it; None if it did not, after printing why."""
    from mission_cli.app.commands.plan_from_goal import change_plan

    try:
        with gently(), shell.busy(f"{planned.desk.runner} changes the plan", told_so_far(ctx, planned.desk.name)):
            # Polled: no notification comes when the job ends.
            changed = change_plan(ctx, planned, text, wish, rest=lambda: time.sleep(_LOOK_SECONDS))
    except MissionError as error:
        shell.err.print(f"error: {clean(error.message)}")
        return None
    if changed is None:
        shell.err.print(f"the plan stays as it was: {clean(_why_unchanged(planned))}")
    return changed


def _why_unchanged(planned: Planned) -> str:
    if planned.refused:
        return f"{planned.refused}; raise plan_max_usd, or edit the plan by hand"
    last = planned.rounds[-1]
    return last.read.found[0].message if last.read is not None else f"{last.record.cause}: {last.record.detail}"


def told_so_far(ctx: Context, name: str) -> Callable[[], str]:
    """Return what tells the cost so far of the planning round that runs, and what the model does."""
    return partial(_told_so_far, ctx, name)


def _told_so_far(ctx: Context, name: str) -> str:
    from mission_cli.surfaces.views.text import so_far

    running = [key for key in ctx.executor.running() if key.startswith(f"plan/{name}/")]
    return so_far(ctx.executor.tally(running[-1])) if running else ""


def _by_hand(shell: Shell, text: str) -> str:
    """Return the text as the person edited it, or unchanged if the editor failed."""
    try:
        return edited(text, "plan.yaml")
    except MissionError as error:
        shell.err.print(f"error: {clean(error.message)}")
        return text


def _complain(shell: Shell, read: ReadPlan) -> None:
    for problem in read.problems:
        if problem.severity is Severity.ERROR:
            shell.err.print(clean(problem.at("plan.yaml")))
