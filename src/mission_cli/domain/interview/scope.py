"""What the answers of an interview mean for the plan, the prompt and the record of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import one_line
from mission_cli.domain.interview.amounts import HOURS, UNLIMITED, caps_in
from mission_cli.domain.interview.classes import TYPES, guess
from mission_cli.domain.interview.interview import (
    BUDGET,
    CLASS,
    CONSTRAINTS,
    GOAL,
    MODE,
    NON_GOALS,
    Interview,
    questions,
)
from mission_cli.domain.interview.modes import recommended
from mission_cli.domain.interview.probes import CRITERION, PROBES, TIMEBOX
from mission_cli.domain.interview.question import Form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.interview.question import Question

_LONGEST = 400
ANSWERED = "answered in the interview"
_LEFT_OUT = frozenset({GOAL, BUDGET})
"""What the mission file shows elsewhere."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A row of the Decision Log that a mission begins with."""

    decision: str
    rationale: str
    alternatives: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, for the prompt of the model that plans."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What an interview adds to a plan."""

    success_criteria: Sequence[str] = ()
    non_goals: Sequence[str] = ()
    constraints: Sequence[str] = ()
    decisions: Sequence[Decided] = ()
    said: Sequence[Said] = ()
    asks: int = 0
    """How many questions the model may ask with its plan."""
    room: int = 0
    """How many of them are put to a person; for the others the plan assumes answers."""


NO_SCOPE = Scope()


@dataclass(frozen=True, slots=True)
class Ordered:
    """What an interview says about the mission beside its scope: keys of the plan, and caps."""

    given: Mapping[str, str] = field(default_factory=dict)
    budget: Mapping[str, str] = field(default_factory=dict)


def ordered(interview: Interview) -> Ordered:
    """Return goal, mode, type and caps."""
    given = {"goal": interview.value(GOAL), "mode": interview.mode}
    kind = TYPES.get(interview.kind)
    given |= {"type": kind} if kind else {}
    budget = caps_in(interview.value(BUDGET)) if interview.value(BUDGET) else {}
    box = interview.value(TIMEBOX) if _asks(interview, TIMEBOX) else ""
    if box and box != UNLIMITED and HOURS not in budget:
        budget[HOURS] = caps_in(box)[HOURS]
    return Ordered(given, budget)


def scope_of(interview: Interview, asks: int = 0, room: int = 0) -> Scope:
    """Return what the answers add to a plan. The same answers give the same scope, however they were given."""
    criteria: list[str] = []
    constraints = _lines(interview, CONSTRAINTS)
    for probe in PROBES[interview.kind]:
        answer = interview.value(probe.question.id)
        line = f"{probe.question.label}: {one_line(answer, _LONGEST)}"
        if answer:
            (criteria if probe.part == CRITERION else constraints).append(line)
    return Scope(
        success_criteria=tuple(criteria),
        non_goals=tuple(_lines(interview, NON_GOALS)),
        constraints=tuple(constraints),
        decisions=tuple(_decisions(interview)),
        said=tuple(_said(interview)),
        asks=asks,
        room=room,
    )


def _asks(interview: Interview, identity: str) -> bool:
    return any(one.id == identity for one in questions(interview))


def _lines(interview: Interview, identity: str) -> list[str]:
    return interview.value(identity).splitlines()


def _decisions(interview: Interview) -> Iterator[Decided]:
    """Yield a row for each answer that is not shown elsewhere, and for what was assumed about class and mode."""
    for question in questions(interview):
        answer = interview.value(question.id)
        if question.id in _LEFT_OUT or not (answer or question.id in {CLASS, MODE}):
            continue
        assumed = {CLASS: lambda: _class_of(interview), MODE: lambda: _mode_of(interview)}.get(question.id)
        value, why = (answer, ANSWERED) if answer or assumed is None else assumed()
        yield Decided(f"{question.label}: {_shown(question, value)}", why, _others(question, value))


def _class_of(interview: Interview) -> tuple[str, str]:
    best = guess(interview.value(GOAL), interview.facts)
    return best.kind.value, f"assumed, because {best.why}"


def _mode_of(interview: Interview) -> tuple[str, str]:
    best = recommended(interview.value(GOAL))
    return best.mode, f"assumed, because the goal says `{best.why}`" if best.why else "assumed, as it is the usual one"


def _shown(question: Question, answer: str) -> str:
    return one_line("; ".join(answer.splitlines()) if question.form is Form.LINES else answer, _LONGEST)


def _others(question: Question, value: str) -> str:
    """Return the options that were not taken, of a question whose options do not depend on the repository."""
    if question.form is Form.LINES:
        return ""
    return one_line("; ".join(option.value for option in question.options if option.value != value), _LONGEST)


def _said(interview: Interview) -> Iterator[Said]:
    for question in questions(interview):
        answer = interview.value(question.id)
        if question.id not in {GOAL, MODE, BUDGET} and answer:
            yield Said(question.label, answer)
    if not interview.value(CLASS):
        yield Said("Class", interview.kind.value)
