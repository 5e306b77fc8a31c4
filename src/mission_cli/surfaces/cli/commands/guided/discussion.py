"""The discussion of a plan on a terminal: shown, changed in any way, and approved, left for later, or rejected."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import typer

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.app.plannings import carry, discussing
from mission_cli.app.plannings.stored import PlanningState
from mission_cli.domain.errors import MissionError
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Severity
from mission_cli.surfaces.cli.commands.guided import probe
from mission_cli.surfaces.cli.commands.guided.follow_ups import settled
from mission_cli.surfaces.cli.editor import edited
from mission_cli.surfaces.cli.questions import amount_asked, asked, chosen
from mission_cli.surfaces.cli.shell import rest
from mission_cli.surfaces.keys import gently
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.plannings.results import Prospect
    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.budget.ledger import Totals
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell

_ROOM = 8
"""Lines below a plan that is shown whole: totals, forecast, cost, the question."""
_CHOICES = ("approve", "change", "edit", "view", "mode", "budget", "undo", "start over", "leave", "reject")


class End(StrEnum):
    """How a discussion ended."""

    APPROVED = "approved"
    LEFT = "left"
    OVER = "over"
    """The person starts over with the goal."""


@dataclass(frozen=True, slots=True)
class Discussed:
    """A discussion that has ended, and the file with the plan."""

    end: End
    one: StoredPlanning
    kept: str
    words: str = ""
    """What is said when nothing was made."""


def discuss(shell: Shell, ctx: Context, name: str) -> Discussed:
    """Discuss a stored plan until the person approves it, leaves it for later, rejects it, or starts over."""
    one = settled(shell, ctx, _awaited(shell, ctx, carry.need(ctx, name)), partial(_awaited, shell, ctx))
    talk = _Talk(shell, ctx, one)
    talk.show_plan()
    if probe.is_wanted(ctx, one):
        talk = replace(talk, one=talk.checked())
        one = talk.one
    while True:
        choice, wish = _asked_what_next(_CHOICES if one.versions else tuple(c for c in _CHOICES if c != "undo"))
        if choice == "approve":
            return talk.ended(End.APPROVED)
        if choice == "leave":
            return talk.ended(End.LEFT, left(talk.kept))
        if choice in {"start over", "reject"}:
            carry.drop(ctx, name)
            return talk.ended(End.OVER if choice == "start over" else End.LEFT, rejected(talk.kept))
        before = one
        try:
            one = talk.take(choice, wish)
        except MissionError as error:
            shell.err.print(f"error: {clean(error.message)}")
            shell.err.print(f" hint: {clean(str(error.hint))}") if error.hint else None
        if one is not before:
            talk = replace(talk, one=one)
            talk.show_change(undone=choice == "undo")


def rejected(kept: str) -> str:
    """Return what is said when nothing is made of a plan."""
    return f"nothing was written; the plan is kept: {do('new', '--plan', kept)}"


def left(kept: str) -> str:
    """Return how a person comes back to a plan."""
    return f"nothing was written; to come back: {do('new')}, or {do('new', '--plan', kept)}"


def asked_for(shell: Shell, ctx: Context) -> StoredPlanning | None:
    """Offer the plans that wait for a decision; return the one that the person goes on with."""
    for one in discussing.waiting(ctx):
        goal = clean(one.order.goal.partition("\n")[0][:100])
        if typer.confirm(f"A plan for “{goal}”, written {clean(one.since)}, waits. Go on with it?", default=True):
            return one
        shell.note("it waits until you approve or reject it")
    return None


@dataclass(frozen=True, slots=True)
class _Talk:
    shell: Shell
    ctx: Context
    one: StoredPlanning

    @property
    def plan(self) -> Plan:
        from mission_cli.document.plans.plan import read_plan

        found = read_plan(self.one.plan).plan
        if found is None:
            raise AssertionError("a plan that was read is stored")
        return found

    @property
    def there(self) -> list[str]:
        """What the repository and this machine have already."""
        from mission_cli.app.skills.capabilities import there_on
        from mission_cli.domain.skills.capabilities import told

        return told(there_on(self.ctx, self.one.base, self.one.order.runner))

    @property
    def kept(self) -> str:
        return self.ctx.runtime.keep(f"plans/{self.one.id}/plan.yaml", self.one.plan)

    def ended(self, end: End, words: str = "") -> Discussed:
        return Discussed(end, self.one, self.kept, words)

    def show_plan(self) -> None:
        from mission_cli.surfaces.lines import height
        from mission_cli.surfaces.terminal import size_of, write
        from mission_cli.surfaces.views.planning.plan import plan_lines

        size = size_of(sys.stdout)
        lines = plan_lines(self.plan, size.width, there=self.there)
        whole = not size.height or height(lines, size.width) + _ROOM <= size.height
        write(lines if whole else plan_lines(self.plan, size.width, full=False, there=self.there))
        self._show_prospect(discussing.prospect_of(self.ctx, self.one))
        if not whole:
            self.shell.out.print("`view` shows descriptions, files and criteria", style="dim")

    def show_change(self, *, undone: bool) -> None:
        """Show what a change did, and keep the plan in its file."""
        from mission_cli.surfaces.views.planning.discussion import change_of

        _ = self.kept
        prospect = discussing.prospect_of(self.ctx, self.one)
        if undone:
            self.shell.out.print("the last change is taken back")
            self.show_plan()
            return
        if prospect is not None and prospect.change is not None and not self.one.error:
            for line in change_of(prospect.change, prospect.forecast):
                self.shell.out.print(clean(line))
        self._show_prospect(prospect, forecast=False)

    def _show_prospect(self, prospect: Prospect | None, *, forecast: bool = True) -> None:
        from mission_cli.surfaces.views.planning.discussion import forecast_of, oddities

        for words in ([forecast_of(prospect)] if forecast else []) + oddities(prospect, "plan.yaml"):
            self.shell.out.print(clean(words)) if words else None
        self.shell.out.print(f"planning cost {cost_of(self.one)[0]}", style="dim")

    def take(self, choice: str, wish: str) -> StoredPlanning:
        """Do what the person chose; return the planning as it is then."""
        ctx, name = self.ctx, self.one.id
        if choice == "change":
            return self._adjust(wish)
        if choice == "edit":
            return self._by_hand()
        if choice == "mode":
            return discussing.settle(ctx, name, {"mode": chosen("Which mode?", ("full", "poc"), self.plan.mode)}, {})
        if choice == "budget":
            amount = amount_asked("What is the most it may cost, in dollars (or unlimited)?", self._usd())
            return discussing.settle(ctx, name, {}, {"money_usd": amount})
        if choice == "undo":
            return discussing.undo(ctx, name)
        self._view()
        return self.one

    def _usd(self) -> str:
        from mission_cli.surfaces.new_mission import USUAL_USD

        cap = self.plan.budget.money_usd
        return cap if isinstance(cap, str) else f"{cap:g}" if cap else USUAL_USD

    def checked(self) -> StoredPlanning:
        """Have the assumption of the plan checked, and the plan adjusted to what was found, if the person wants it."""
        one = _awaited(self.shell, self.ctx, discussing.probe_for(self.ctx, self.one.id))
        if one.error:
            self.shell.err.print(clean(one.error))
            return one
        talk = replace(self, one=one)
        wish = probe.adjustment(self.shell, one)
        if not wish:
            return one
        talk = replace(self, one=talk._adjust(wish))  # noqa: SLF001 - of its own class
        talk.show_change(undone=False)
        return talk.one

    def _adjust(self, wish: str) -> StoredPlanning:
        awaited = partial(_awaited, self.shell, self.ctx)
        one = settled(self.shell, self.ctx, awaited(discussing.wish_for(self.ctx, self.one.id, wish)), awaited)
        if one.error:
            self.shell.err.print(f"{clean(one.error)}; the plan stays as it was")
        for note in one.notes if not one.error else ():
            self.shell.note(note)
        return one

    def _by_hand(self) -> StoredPlanning:
        """Open the editor until the text has no errors, or the person gives up."""
        from mission_cli.document.plans.plan import read_plan

        text = self.one.plan
        while True:
            text = edited(text, "plan.yaml")
            read = read_plan(text)
            if read.plan is not None:
                return discussing.edit(self.ctx, self.one.id, text)
            for problem in read.problems:
                if problem.severity is Severity.ERROR:
                    self.shell.err.print(clean(problem.at("plan.yaml")))
            if not typer.confirm("Edit it again? Otherwise the plan stays as it was.", default=True):
                return self.one

    def _view(self) -> None:
        from mission_cli.surfaces.terminal import size_of, write_long
        from mission_cli.surfaces.views.planning.plan import plan_lines

        write_long(plan_lines(self.plan, size_of(sys.stdout).width, there=self.there))


def cost_of(one: StoredPlanning) -> tuple[str, Totals]:
    """Return what a planning has cost, in words and in figures."""
    from mission_cli.app.planning import Planned, PlanningRound
    from mission_cli.app.plannings.stored import rounds_of

    planned = Planned(one.setup, [PlanningRound(record) for record in rounds_of(one)])
    return planned.cost, planned.sums


def _awaited(shell: Shell, ctx: Context, one: StoredPlanning) -> StoredPlanning:
    """Return a planning when its model has answered: it is asked here, or by another process that began before."""
    while one.state is PlanningState.PLANNING:
        with gently(), shell.busy(f"{one.runner} changes the plan", told_so_far(ctx, one.id)):
            carry.carry_out(ctx, one.id, rest=rest)
            one = carry.need(ctx, one.id)
            if one.state is PlanningState.PLANNING:
                rest()
    return one


def _asked_what_next(choices: tuple[str, ...]) -> tuple[str, str]:
    """Return the choice, and for `change` what to change; a sentence is such a wish. First letters are enough."""
    while True:
        answer = asked(f"What next? ({', '.join(choices)}), or say what to change")
        found = [choice for choice in choices if choice.startswith(answer.casefold())]
        if found == ["change"] or (not found and " " in answer):
            return "change", asked("What should be different?") if found else answer
        if len(found) == 1:
            return found[0], ""
        sys.stderr.write(f"enter one of: {', '.join(choices)}\n")


def told_so_far(ctx: Context, name: str) -> Callable[[], str]:
    """Return what tells the cost so far of the planning round that runs, and what the model does."""
    return partial(_told_so_far, ctx, name)


def _told_so_far(ctx: Context, name: str) -> str:
    from mission_cli.surfaces.views.text import so_far

    running = [key for key in ctx.executor.running() if key.startswith(f"plan/{name}/")]
    return so_far(ctx.executor.tally(running[-1])) if running else ""
