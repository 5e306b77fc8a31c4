"""Discuss a plan before it is approved: have the model change it, edit it, set mode and caps, undo. All is stored.

A change of the plan keeps the plan before it, so that it can be shown by meaning, and undone.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, stamp
from mission_cli.app.forecasting.planned import forecast_of_plan
from mission_cli.app.planning import Planned, PlanningRound
from mission_cli.app.plannings.answers import planned_by
from mission_cli.app.plannings.material import with_questions
from mission_cli.app.plannings.order import PlanOrder, fitted
from mission_cli.app.plannings.probing import begun
from mission_cli.app.plannings.results import LastChange, Prospect
from mission_cli.app.plannings.stored import (
    How,
    PlanningState,
    PlanVersion,
    StoredPlanning,
    read,
    rounds_of,
    stored,
    written,
)
from mission_cli.app.rounds.asking import session_of
from mission_cli.app.rounds.checking import problems_of
from mission_cli.document.plans.carried import carried
from mission_cli.document.plans.outlined import outline_of_plan
from mission_cli.document.plans.plan import read_plan, with_assumptions, with_confirmed, write_plan
from mission_cli.document.runs.record import write_run
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.errors import BlockedError, DocumentError, NotFoundError, UsageError
from mission_cli.domain.ids import Sha
from mission_cli.domain.interview.follow_ups import PREFIX, as_question
from mission_cli.domain.interview.question import read as read_answer
from mission_cli.domain.outline.difference import difference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.document.plans.model import Plan
    from mission_cli.engine.context import Context

_MOST_VERSIONS = 50
_LONGEST_WISH, _LONGEST_ANSWER = 4000, 400


def written_by(ctx: Context, order: PlanOrder, planned: Planned) -> StoredPlanning:
    """Store a plan that a model has written on a terminal, so that it can be discussed here or elsewhere."""
    person, now = ctx.person(), stamp(ctx.clock.now())
    one = stored(planned.desk, order, by=person.name, email=person.email, since=now)
    one = replace(planned_by(ctx, one, planned), until=now)
    with ctx.runtime.plannings() as book:
        book.note(one.id, written(one))
    return one


def waiting(ctx: Context) -> list[StoredPlanning]:
    """Return the plannings with a plan that is not approved, the newest first."""
    open_states = {PlanningState.READY, PlanningState.PLANNING, PlanningState.APPROVING}
    with ctx.runtime.plannings() as book:
        return [one for one in read(book.texts).values() if one.plan and one.state in open_states]


def wish_for(ctx: Context, name: str, wish: str) -> StoredPlanning:
    """Store what the model shall change; `carry_out` does it. Raises UsageError, BlockedError."""
    if not wish.strip():
        raise UsageError("nothing is said about what to change", hint="for example: make it smaller, 3 milestones")
    if len(wish) > _LONGEST_WISH:
        raise UsageError(f"the wish has {len(wish)} characters", hint=f"at most {_LONGEST_WISH} are allowed")

    def begin(one: StoredPlanning) -> StoredPlanning:
        return replace(
            one,
            state=PlanningState.PLANNING,
            wish=wish.strip(),
            wished_by=ctx.person().name,
            told=False,
            error="",
            hint="",
        )

    return _change(ctx, name, begin)


def probe_for(ctx: Context, name: str) -> StoredPlanning:
    """Note that the assumption of the plan is to be checked; `carry_out` does it. Raises BlockedError."""
    return _change(ctx, name, partial(begun, ctx))


def answer(ctx: Context, name: str, answers: Mapping[str, str]) -> StoredPlanning:
    """Store answers to questions of the model, by the ids of the questions; `take_answers` uses them.

    Raises UsageError for one that is too long.
    """

    def store(one: StoredPlanning) -> StoredPlanning:
        asked = {question.id: question for n, q in enumerate(one.open, 1) for question in [as_question(q, n)]}
        said = {
            key: one_line(read_answer(asked[key], text), _LONGEST_ANSWER)
            for key, text in answers.items()
            if key in asked and text
        }
        return replace(one, answers={**dict.fromkeys(answers, ""), **said})

    return _change(ctx, name, store)


def take_answers(ctx: Context, name: str) -> StoredPlanning:
    """Use the answers to the questions of the model: they are no assumptions any more.

    Where they differ from what the plan assumes, the model shall change the plan (`carry_out` does it), and until then
    they are constraints of it. Questions without an answer stay assumptions, and are not asked again.
    """

    def use(one: StoredPlanning) -> StoredPlanning:
        plan = read_plan(one.plan).plan
        if plan is None:
            raise AssertionError("a plan that was read is stored")
        said = [(q, text) for n, q in enumerate(one.open, 1) if (text := one.answers.get(f"{PREFIX}{n}", ""))]
        text = write_plan(with_confirmed(plan, said)) if said else one.plan
        new = replace(one, plan=text, open=(), answers={}, asked=one.asked + len(one.open))
        lines = [f"- {question.question} {text}" for question, text in said if text != question.assumed]
        if not lines:
            return new
        wish = "\n".join(["The person has answered your questions:", *lines])[:_LONGEST_WISH]
        by = ctx.person().name
        return replace(new, state=PlanningState.PLANNING, wish=wish, wished_by=by, told=True, error="", hint="")

    return _change(ctx, name, use)


def adjusted(ctx: Context, one: StoredPlanning, rest: Callable[[], None]) -> StoredPlanning:
    """Have the model change the plan of a planning as it was wished; if it did not, say why, and keep the plan."""
    from mission_cli.app.commands.plan_from_goal import change_plan

    before = read_plan(one.plan).plan
    if before is None:
        raise AssertionError("a plan that was read is stored")
    planned = Planned(one.setup, [PlanningRound(record) for record in rounds_of(one)])
    answer = change_plan(ctx, planned, one.plan, one.wish, session=one.session, rest=rest)
    last = planned.rounds[-1]
    records = tuple(write_run(found.record) for found in planned.rounds)
    asked = len(records) > len(one.records)
    session = session_of(ctx, planned.desk, last) if asked else one.session
    back = replace(
        one, state=PlanningState.READY, wish="", records=records, session=session, told=False, error="", hint=""
    )
    if answer is None:
        return replace(back, error=_why_unchanged(planned, asked=asked), hint="the plan is as it was")
    notes = tuple(planned.read.notes) if planned.read is not None else ()
    questions = planned.read.questions if planned.read is not None else ()
    new = with_assumptions(carried(before, answer), questions, before.assumptions if one.told else ())
    after = replace(_next(ctx, back, write_plan(new), How.ADJUSTED, one.wish, first=len(one.records)), notes=notes)
    return with_questions(ctx, after, new, questions)


def _why_unchanged(planned: Planned, *, asked: bool) -> str:
    last = planned.rounds[-1]
    if planned.refused:
        return f"the model was not asked: {planned.refused}; raise plan_max_usd, or edit the plan by hand"
    if planned.stopped or not asked:
        return "the change was stopped"
    if last.read is not None and last.read.found:
        return f"the model gave no plan: {last.read.found[0].message}"
    return f"the model gave no plan: {last.record.cause}: {last.record.detail}"


def edit(ctx: Context, name: str, text: str) -> StoredPlanning:
    """Replace the plan by a person's own text. Raises DocumentError with all its errors."""
    found = read_plan(text)
    if found.plan is None:
        raise DocumentError.of("plan.yaml", found.problems)

    def by_hand(one: StoredPlanning) -> StoredPlanning:
        same = text.replace("\r\n", "\n").strip() == one.plan.strip()
        return one if same else _next(ctx, one, text, How.EDITED, "", by=ctx.person().name)

    return _change(ctx, name, by_hand)


def settle(ctx: Context, name: str, given: Mapping[str, str], budget: Mapping[str, str]) -> StoredPlanning:
    """Set the mode or caps of a plan. Raises UsageError for a wrong value."""

    def set_values(one: StoredPlanning) -> StoredPlanning:
        plan = read_plan(one.plan).plan
        if plan is None:
            raise AssertionError("a plan that was read is stored")
        order = replace(one.order, given={**one.order.given, **given}, budget={**one.order.budget, **budget})
        new = fitted(plan, PlanOrder(one.order.goal, given, budget))
        words = ", ".join(f"{key} {value}" for key, value in (*given.items(), *budget.items()))
        if new == plan:
            return one
        return replace(_next(ctx, one, write_plan(new), How.SET, words, by=ctx.person().name), order=order)

    return _change(ctx, name, set_values)


def undo(ctx: Context, name: str) -> StoredPlanning:
    """Take the last change back; what it cost is spent. Raises BlockedError if there was none."""

    def back(one: StoredPlanning) -> StoredPlanning:
        if not one.versions:
            raise BlockedError("there is no change to undo", hint="say what to change, or approve the plan")
        last = one.versions[-1]
        return replace(one, plan=last.plan, order=last.order, versions=one.versions[:-1], error="", hint="")

    return _change(ctx, name, back)


def _next(
    ctx: Context, one: StoredPlanning, text: str, how: How, wish: str, *, by: str = "", first: int | None = None
) -> StoredPlanning:
    """Return a planning with its next plan, and with the one before."""
    rounds = len(one.records)
    before = PlanVersion(
        one.plan,
        one.order,
        how,
        wish,
        by or one.wished_by,
        stamp(ctx.clock.now()),
        rounds if first is None else first,
        rounds,
    )
    versions = (*one.versions, before)[-_MOST_VERSIONS:]
    return replace(one, plan=text, versions=versions, error="", hint="")


def _change(ctx: Context, name: str, change: Callable[[StoredPlanning], StoredPlanning]) -> StoredPlanning:
    """Change a planning whose plan waits for a person. Raises NotFoundError, BlockedError."""
    with ctx.runtime.plannings() as book:
        one = read(book.texts).get(name)
        if one is None:
            raise NotFoundError(f"there is no planning `{name}`", hint="GET /api/v1/plannings lists them")
        if one.state is not PlanningState.READY:
            raise BlockedError(f"the plan cannot be changed now: it is {one.state}", hint=one.error)
        new = change(one)
        if new is not one:
            book.note(name, written(new))
    return new


# Looking


def prospect_of(ctx: Context, one: StoredPlanning) -> Prospect | None:
    """Return the forecast of the plan, what is odd about it, and what its last change was; None without a plan."""
    plan = read_plan(one.plan).plan if one.plan else None
    if plan is None:
        return None
    forecast = forecast_of_plan(ctx, plan)
    problems = problems_of(ctx, one.plan, Sha(one.commit), forecast)
    return Prospect(forecast, problems, last_change(ctx, one, plan))


def last_change(ctx: Context, one: StoredPlanning, plan: Plan) -> LastChange | None:
    """Return what the last change of a plan changed and cost; None if there was none."""
    last = one.versions[-1] if one.versions else None
    old = read_plan(last.plan).plan if last is not None else None
    if last is None or old is None:
        return None
    found = difference(outline_of_plan(old), outline_of_plan(plan))
    paid = rounds_of(one)[last.first : last.last]
    return LastChange(
        how=last.how,
        wish=last.wish,
        by=last.by,
        at=last.at,
        changes=found.changes,
        totals=found.totals,
        cost=spent(row for record in paid for row in spends_of(record)),
        before=forecast_of_plan(ctx, old),
    )
