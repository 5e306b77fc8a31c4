"""The interview of `mission new`: begun or gone on with on a terminal, or read from a file of answers."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import typer

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import command_line, counted, one_line
from mission_cli.app.interview.kept import KeptInterview, begin, forget, keep, unfinished
from mission_cli.app.interview.look import look
from mission_cli.app.interview.order import order_of
from mission_cli.domain.errors import BlockedError, DocumentError
from mission_cli.domain.interview.amounts import CAPS, written
from mission_cli.domain.interview.interview import BUDGET, GOAL, MODE, Depth, Interview, missing, next_question
from mission_cli.surfaces.cli.commands.guided.dialogue import ask_all
from mission_cli.surfaces.cli.given_files import text_of
from mission_cli.surfaces.cli.questions import chosen
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.interview.question import Question
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.commands.guided.order import Order
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.wiring.opened import Opened

_YES, _NO, _FORGET = "yes", "no", "forget"
_KEPT = "nothing was written; your answers are kept: `mission new` continues with them"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interview is held: the repository, and the base branch."""

    opened: Opened
    base: str

    @property
    def ctx(self) -> Context:
        """The ports."""
        return self.opened.context


def begun(place: Place, order: Order, depth: Depth) -> Interview:
    """Return an interview without answers, after a look at the repository."""
    return Interview(order.depth or depth, look(place.ctx, place.base), _given(order))


def _given(order: Order) -> dict[str, str]:
    """Return the answers that the command line gave."""
    caps = {name: order.budget[name].removeprefix("$") for name in CAPS if order.budget.get(name)}
    known = {GOAL: order.goal.strip(), MODE: order.given.get("mode", ""), BUDGET: written(caps)}
    return {name: text for name, text in known.items() if text}


def fitted_order(order: Order, interview: Interview) -> Order:
    """Return the order with what an interview says; the command line counts more."""
    found = order_of(interview, order.for_plan, answers=order.ask)
    return replace(order, goal=found.goal, given=found.given, budget=found.budget, scope=found.scope)


# On a terminal


@contextmanager
def held(
    shell: Shell, place: Place, order: Order, usual: Depth = Depth.NORMAL
) -> Iterator[tuple[Order, KeptInterview] | None]:
    """Yield the order after the interview, which is stored until the mission is made; None if the person stopped.

    While this is open, no other terminal goes on with the same interview.
    """
    kept, order = _kept(shell, place, order, usual)
    with place.ctx.runtime.interviewing(kept.id):
        try:
            done = ask_all(shell, kept.interview, partial(_store, place.ctx, kept))
        except (typer.Abort, KeyboardInterrupt):
            if any(one.id == kept.id and one.interview.answers for one in unfinished(place.ctx)):
                shell.err.print(f"\n{_KEPT}")
            else:
                forget(place.ctx, kept.id)
            raise
        if done is None:
            _stop(shell, place.ctx, kept)
        yield None if done is None else (fitted_order(order, done), kept)


def _store(ctx: Context, kept: KeptInterview, interview: Interview) -> None:
    keep(ctx, kept, interview)


def _stop(shell: Shell, ctx: Context, kept: KeptInterview) -> None:
    """Stop, and ask whether the answers stay."""
    said = next((len(one.interview.answers) for one in unfinished(ctx) if one.id == kept.id), 0)
    if said and typer.confirm(f"Keep your {counted(said, 'answer')} for later?", default=True):
        shell.note(_KEPT)
        return
    forget(ctx, kept.id)
    shell.note("nothing was written, and the answers are forgotten")


def _kept(shell: Shell, place: Place, order: Order, usual: Depth) -> tuple[KeptInterview, Order]:
    """Return an interview to go on with, if the person wants that, or a new one; and the order with it."""
    before = _offered(shell, place, order)
    if before is not None:
        merged = _merged(order, before.order)
        given = {**before.interview.given, **_given(merged)}
        depth = order.depth or before.interview.depth
        return replace(before, interview=replace(before.interview, given=given, depth=depth)), merged
    interview = begun(place, order, usual)
    if interview.depth is not Depth.QUICK:
        shell.note(f"looked at the repository: {clean(interview.facts.words)}")
    return begin(place.ctx, interview, _plain(order)), order


def _offered(shell: Shell, place: Place, order: Order) -> KeptInterview | None:
    """Return the newest interview that no other process holds, if the person goes on with it."""
    for one in unfinished(place.ctx):
        if order.goal.strip() not in {"", one.goal}:
            continue
        with place.ctx.runtime.interviewing(one.id) as mine:
            if not mine:
                continue
        goal = f"about `{clean(one_line(one.goal, 60))}` " if one.goal else ""
        said = counted(len(one.interview.answers), "answer")
        words = f"An interview {goal}is not finished ({said}). Go on with it?"
        choice = chosen(words, (_YES, _NO, _FORGET), _YES)
        if choice == _FORGET:
            forget(place.ctx, one.id)
            shell.note("the answers are forgotten")
            continue
        return one if choice == _YES else None
    return None


def _plain(order: Order) -> dict[str, str]:
    """Return what else the command line said, as it is stored with an interview."""
    named = {f"given {key}": text for key, text in order.given.items()}
    caps = {f"budget {key}": text for key, text in order.budget.items()}
    return {**named, **caps, "runner": order.runner, "base": order.base}


def _merged(order: Order, before: Mapping[str, str]) -> Order:
    """Return the order of this command with what an earlier one said."""
    given = {key.removeprefix("given "): text for key, text in before.items() if key.startswith("given ")}
    caps = {key.removeprefix("budget "): text for key, text in before.items() if key.startswith("budget ")}
    return replace(
        order,
        goal=order.goal or given.get("goal", ""),
        given={**given, **order.given},
        budget=order.budget or caps,
        runner=order.runner or before.get("runner", ""),
        base=order.base or before.get("base", ""),
    )


# From a file


_FLAGS: Mapping[str, str] = {
    "id": "--id",
    "mode": "--mode",
    "type": "--type",
    "priority": "--priority",
    "deadline": "--deadline",
    "model_routing.orchestrator": "--orchestrator",
    "money_usd": "--max-usd",
    "time_hours": "--hours",
    "token_limit": "--max-tokens",
    "runner": "--runner",
    "base": "--base",
    "plan": "--plan",
    "depth": "--depth",
}
"""The options of `mission new` by what they set."""


def command_of(order: Order) -> str:
    """Return the command that goes on, once another answer is in the file."""
    said = {**order.given, **order.budget, "runner": order.runner, "base": order.base, "plan": order.plan}
    said["depth"] = str(order.depth or "")
    options = [word for key, flag in _FLAGS.items() if said.get(key) for word in (flag, said[key])]
    alone = ["--homeless"] if order.homeless else []
    goal = [order.goal] if order.goal and not order.plan else []
    answers = str(order.answers or "FILE")
    return command_line("mission", "new", *goal, *options, *alone, "--headless", "--json", "--answers", answers)


def from_file(shell: Shell, place: Place, order: Order) -> Interview:
    """Return the interview with the answers of the file. Raises DocumentError after printing all its mistakes."""
    from mission_cli.app.interview.answers import read_answers

    interview = begun(place, order, Depth.QUICK)
    if order.answers is None:
        return interview
    try:
        return read_answers(text_of(order.answers), str(order.answers), interview)
    except DocumentError as error:
        for problem in error.problems[1:]:
            shell.err.print(clean(problem.at(str(order.answers))))
        raise


def open_question(interview: Interview) -> Question | None:
    """Return the question that has to be answered before a plan can be made without a person."""
    return missing(interview) or next_question(interview)


def refuse_open(shell: Shell, interview: Interview, command: str) -> int:
    """Print the next question for a program, and return the exit status; without --json it raises BlockedError."""
    from mission_cli.app.interview.results import next_of

    question = open_question(interview)
    if question is None:
        return 0
    if not shell.as_json:
        hint = f"write `{question.id}: …` into a file: {command}; --questions lists all"
        raise BlockedError(f"`{question.id}` is not answered: {question.text}", hint=hint)
    shell.facts(next_of(interview, question, command))
    return BlockedError.exit_code
