"""Pages of the interview before a plan: one question each, with the answers so far. They work without scripts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli.app.interview.kept import KeptInterview, begin, forget, keep
from mission_cli.app.interview.look import look
from mission_cli.app.interview.order import order_of
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import BusyError, MissionError, NotFoundError, UsageError
from mission_cli.domain.interview.interview import (
    GOAL,
    MOST_ASKED,
    Depth,
    Interview,
    answered,
    asked_of,
    back,
    next_question,
    offered,
    question_of,
    questions,
    skipped,
)
from mission_cli.domain.interview.question import Form
from mission_cli.surfaces.http.planners import need_repo
from mission_cli.surfaces.http.problems import problem_of
from mission_cli.surfaces.http.web.planning.form import listed, order_in, start_page
from mission_cli.surfaces.http.web.rendering import address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from mission_cli.domain.interview.question import Question
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.problems import Problem
    from mission_cli.surfaces.http.web.site import Site, Visit

_PATH = "/new/interviews/{interview}"
ASKS = "question"
"""The parameter with the question that is answered again."""


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route("/new/interviews", site.show(_begin, Scope.MANAGE), methods=["POST"]),
        Route(_PATH, site.show(_look), methods=["GET"]),
        Route(_PATH, site.show(_answer, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/plan", site.show(_plan, Scope.MANAGE), methods=["POST"]),
        Route(f"{_PATH}/forget", site.show(_forget, Scope.MANAGE), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Held:
    """An interview, and the ports of its repository."""

    repo: str
    ctx: Context
    kept: KeptInterview

    @property
    def interview(self) -> Interview:
        return self.kept.interview


def _held(visit: Visit) -> _Held:
    """Return the interview that the path names. Raises NotFoundError."""
    for name, kept in listed(visit):
        if kept.id == visit.part("interview"):
            ctx, _ = visit.site.places.apart(name, "")
            return _Held(name, visit.acting(ctx), kept)
    raise NotFoundError("this interview no longer exists", hint="it became a plan, or it was forgotten")


@contextmanager
def _alone(held: _Held) -> Iterator[None]:
    """Hold an interview. Raises BusyError while a terminal asks its questions."""
    with held.ctx.runtime.interviewing(held.kept.id) as mine:
        if not mine:
            raise BusyError("these questions are being answered on a terminal", hint="answer them there, or stop there")
        yield


def _begin(visit: Visit) -> Response:
    """Begin with the goal, after a look at the repository."""
    try:
        repo = need_repo(visit.site.places.names(), visit.form.get("repo", ""))
        depth = visit.form.get("depth", "") or Depth.NORMAL
        if depth not in list(Depth):
            raise UsageError("this is not a depth", hint=f"use one of {', '.join(Depth)}")
        ctx, base = visit.site.places.apart(repo, "")
        start = answered(Interview(Depth(depth), look(ctx, base)), GOAL, visit.form.get("goal", ""))
        kept = begin(visit.acting(ctx), start, {})
    except MissionError as error:
        return start_page(visit, visit.form, problem_of(error))
    return visit.go(address("new", "interviews", kept.id))


def _look(visit: Visit) -> Response:
    held = _held(visit)
    wanted = visit.given(ASKS)
    known = {one.id for one in questions(held.interview)}
    return _page(visit, held, question_of(held.interview, wanted) if wanted in known else None)


def _answer(visit: Visit) -> Response:
    """Store an answer, leave a question out, or go back; then show the next question."""
    held = _held(visit)
    interview, name = held.interview, visit.form.get(ASKS, "")
    try:
        with _alone(held):
            question = question_of(interview, name)
            if visit.form.get("do") == "back":
                interview = back(interview)
            elif visit.form.get("do") == "skip":
                interview = skipped(interview, name)
            else:
                interview = answered(interview, name, _text(question, visit.form))
            keep(held.ctx, held.kept, interview)
    except MissionError as error:
        known = {one.id: one for one in questions(interview)}
        return _page(visit, held, known.get(name), problem_of(error))
    return visit.go(address("new", "interviews", held.kept.id))


def _text(question: Question, form: Mapping[str, str]) -> str:
    """Return the answer in a form: own words, else the options that were chosen."""
    own = form.get("text", "").replace("\r\n", "\n").strip()
    if question.form is Form.LINES:
        taken = [one.value for number, one in enumerate(question.options, 1) if form.get(f"option-{number}")]
        lines = "\n".join([*taken, own]).strip()
        if not lines:
            raise UsageError("nothing is chosen", hint="choose something, write it, or leave the question out")
        return lines
    answer = own or form.get("choice", "")
    if not answer:
        raise UsageError("nothing is chosen", hint=question.why)
    return answer


def _plan(visit: Visit) -> Response:
    """Have a model write the plan; the interview is forgotten when the planning is stored."""
    held = _held(visit)
    try:
        with _alone(held):
            if next_question(held.interview) is not None:
                raise UsageError("a question is open", hint="answer it first")
            order = order_of(held.interview, order_in(visit.form), answers=True)
            planning = visit.site.planners.begin(held.repo, order, visit.visitor.person)
            forget(held.ctx, held.kept.id)
    except MissionError as error:
        return _page(visit, held, None, problem_of(error))
    return visit.go(address("plannings", planning.id))


def _forget(visit: Visit) -> Response:
    held = _held(visit)
    forget(held.ctx, held.kept.id)
    return visit.go("/new", "The answers are forgotten. Nothing was written.")


def _page(visit: Visit, held: _Held, again: Question | None, problem: Problem | None = None) -> Response:
    interview = held.interview
    question = again or next_question(interview)
    asked = asked_of(interview)
    known = {one.id: one for one in questions(interview)}
    said = [(known[name], answer) for name, answer in interview.answers.items() if name in known]
    usual = _usual(interview, question) if question is not None else ""
    values = [option.value for option in question.options] if question is not None else []
    return visit.page(
        "interview.html",
        status=problem.status if problem is not None else 200,
        kept=held.kept,
        where=address("new", "interviews", held.kept.id),
        found=interview.facts.words,
        question=question,
        lines=question is not None and question.form is Form.LINES,
        choice=question is not None and question.form is Form.CHOICE,
        number=asked.index(question) + 1 if question in asked else 0,
        most=len(asked) if interview.depth in MOST_ASKED else 0,
        taken=[one for one in usual.split("\n") if one in values],
        own=visit.form.get("text") or "\n".join(one for one in usual.split("\n") if one not in values),
        said=said,
        values=visit.form,
        several=held.repo if visit.several else "",
        problem=problem,
        may=visit.may(Scope.MANAGE),
    )


def _usual(interview: Interview, question: Question) -> str:
    return interview.answers.get(question.id) or offered(interview, question)
