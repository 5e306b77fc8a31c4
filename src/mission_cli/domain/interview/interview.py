"""The state of an interview: what was answered, which question is next, and going back."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import did_you_mean, one_line
from mission_cli.domain.errors import UsageError
from mission_cli.domain.interview.classes import MEANING, MissionClass, guess
from mission_cli.domain.interview.facts import NOTHING, Facts
from mission_cli.domain.interview.follow_ups import FollowUp, as_question
from mission_cli.domain.interview.modes import MODES, recommended
from mission_cli.domain.interview.probes import PROBES
from mission_cli.domain.interview.question import Form, Option, Question, read
from mission_cli.domain.interview.suggestions import suggested

if TYPE_CHECKING:
    from collections.abc import Mapping

GOAL, CLASS, FEATURES, MODE, BUDGET = "goal", "class", "features", "mode", "budget"
CONSTRAINTS, NON_GOALS = "constraints", "non_goals"
USUAL_BUDGET = "$20"
BUDGETS = ("$20", "$60", "$180")


class Depth(StrEnum):
    """How much is asked."""

    QUICK = "quick"
    """At most two questions: what nothing can be assumed for."""
    NORMAL = "normal"
    """At most eight."""
    DEEP = "deep"
    """Everything, until nothing that matters is open."""


MOST_ASKED: Mapping[Depth, int] = {Depth.QUICK: 2, Depth.NORMAL: 8}
"""How many questions a depth asks at most; deep: any number."""
_MOST_OF_MODEL = 15
"""Questions of a model that a deep interview asks, over all its plans."""
_QUICK = (GOAL, BUDGET)
_ONLY_DEEP = (NON_GOALS,)
_FIRST_DROPPED = (FEATURES, CONSTRAINTS, MODE)
"""What a normal interview leaves out first if it would have too many questions."""


@dataclass(frozen=True, slots=True)
class Interview:
    """An interview, at any point of it."""

    depth: Depth = Depth.NORMAL
    facts: Facts = NOTHING
    given: Mapping[str, str] = field(default_factory=dict)
    """Answers that were known before: they are not asked for."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What was answered, in this order; an empty text was skipped."""
    before: Mapping[str, str] = field(default_factory=dict)
    """Answers that were taken back: they are offered again."""
    asked: tuple[FollowUp, ...] = ()
    """Questions of a model about its plan; then only these are asked."""

    def value(self, identity: str) -> str:
        """Return the answer to a question; empty if there is none."""
        return self.answers.get(identity) or self.given.get(identity, "")

    @property
    def kind(self) -> MissionClass:
        """The class of the mission: as answered, else as guessed."""
        said = self.value(CLASS)
        return MissionClass(said) if said else guess(self.value(GOAL), self.facts).kind

    @property
    def mode(self) -> str:
        """The mode: as answered, else as recommended."""
        return self.value(MODE) or recommended(self.value(GOAL)).mode


def questions(interview: Interview) -> tuple[Question, ...]:
    """Return all questions that fit the answers so far, in their order, whether they are asked or not."""
    if interview.asked:
        return tuple(as_question(one, number) for number, one in enumerate(interview.asked, 1))
    probes = (probe.question for probe in PROBES[interview.kind])
    of_interview = (_class, _features, _mode, _budget, _constraints)
    return (_goal(), *(one(interview) for one in of_interview), _non_goals(), *probes)


def asked_of(interview: Interview) -> tuple[Question, ...]:
    """Return the questions that the depth asks, answered ones included."""
    found = [one for one in questions(interview) if one.id not in interview.given]
    if interview.asked or interview.depth is Depth.DEEP:
        return tuple(found)
    if interview.depth is Depth.QUICK:
        return tuple(one for one in found if one.id in _QUICK)
    found = [one for one in found if one.id not in _ONLY_DEEP]
    for name in _FIRST_DROPPED:
        if len(found) > MOST_ASKED[Depth.NORMAL]:
            found = [one for one in found if one.id != name]
    return tuple(found)


def room_for(interview: Interview) -> int:
    """Return how many questions of a model the depth leaves room for."""
    most = MOST_ASKED.get(interview.depth)
    return _MOST_OF_MODEL if most is None else max(0, most - len(asked_of(interview)))


def next_question(interview: Interview) -> Question | None:
    """Return the first question without an answer; None if nothing is open."""
    return next((one for one in asked_of(interview) if one.id not in interview.answers), None)


def missing(interview: Interview) -> Question | None:
    """Return the first question without an answer for which nothing can be assumed."""
    known = {*interview.answers, *interview.given}
    return next((one for one in questions(interview) if not one.optional and one.id not in known), None)


def question_of(interview: Interview, identity: str) -> Question:
    """Return a question by its id. Raises UsageError."""
    known = {one.id: one for one in questions(interview)}
    if identity not in known:
        hint = did_you_mean(identity, known, f"known are {', '.join(known)}")
        raise UsageError(f"there is no question `{one_line(identity, 60)}`", hint=hint)
    return known[identity]


def answered(interview: Interview, identity: str, text: str) -> Interview:
    """Return the interview with an answer. Answers to questions that no longer fit are taken back.

    Raises UsageError if it cannot be read.
    """
    answer = read(question_of(interview, identity), text)
    return _with(interview, {**interview.answers, identity: answer})


def skipped(interview: Interview, identity: str) -> Interview:
    """Return the interview with a question left out. Raises UsageError if nothing can be assumed for it."""
    question = question_of(interview, identity)
    if not question.optional:
        raise UsageError(f"`{identity}` cannot be skipped", hint=question.why)
    return _with(interview, {**interview.answers, identity: ""})


def _with(interview: Interview, answers: Mapping[str, str]) -> Interview:
    new = replace(interview, answers=answers)
    fitting = {one.id for one in questions(new)}
    kept = {name: text for name, text in answers.items() if name in fitting}
    return replace(new, answers=kept, before={**interview.before, **{n: t for n, t in answers.items() if t}})


def back(interview: Interview) -> Interview:
    """Return the interview before its last answer, which is offered again. Raises UsageError at the beginning."""
    if not interview.answers:
        raise UsageError("this is the first question", hint="answer it, or stop with Ctrl-C")
    *rest, last = interview.answers.items()
    return replace(interview, answers=dict(rest), before={**interview.before, last[0]: last[1]})


def offered(interview: Interview, question: Question) -> str:
    """Return the answer that a person only has to confirm: an earlier one, or the recommended one."""
    return interview.before.get(question.id) or question.recommended


# The questions


def _goal() -> Question:
    why = "The model that plans reads it word by word, and every worker sees it. One sentence is enough."
    return Question(GOAL, "What is the goal, in a sentence?", why, Form.TEXT, optional=False, label="Goal")


def _class(interview: Interview) -> Question:
    best = guess(interview.value(GOAL), interview.facts)
    options = tuple(
        Option(kind.value, MEANING[kind], kind is best.kind, best.why if kind is best.kind else "")
        for kind in MissionClass
    )
    why = "It decides which risks are asked about, which features are suggested, and how the plan begins."
    return Question(CLASS, "What kind of work is it?", why, Form.CHOICE, options, label="Class")


def _features(interview: Interview) -> Question:
    options = tuple(Option(text, recommended=True) for text in suggested(interview.kind, interview.facts))
    why = "The plan contains what you take, add or leave here; without an answer the model decides alone."
    return Question(FEATURES, "Which features does it need?", why, Form.LINES, options, label="Features")


def _mode(interview: Interview) -> Question:
    best = recommended(interview.value(GOAL))
    reason = f"the goal says `{best.why}`" if best.why else ""
    options = tuple(
        Option(name, words, name == best.mode, reason if name == best.mode else "") for name, words in MODES.items()
    )
    why = "It decides how much is checked, and what that costs."
    return Question(MODE, "Which mode?", why, Form.CHOICE, options, label="Mode")


def _budget(interview: Interview) -> Question:
    buys = interview.facts.buys
    options = tuple(Option(text, buys.get(text.removeprefix("$"), ""), text == USUAL_BUDGET) for text in BUDGETS)
    options += (Option("unlimited", "no cap in dollars; each attempt has one"),)
    unknown = f" What it buys is not known: {interview.facts.why_unknown}." if interview.facts.why_unknown else ""
    why = f"Nothing is spent beyond it, and the plan is made to fit it.{unknown}"
    text = "What is the most it may cost, in dollars, hours or tokens?"
    return Question(BUDGET, text, why, Form.BUDGET, options, optional=False, label="Budget")


def _constraints(interview: Interview) -> Question:
    first = "Public interfaces and file formats stay as they are"
    second = "Only well-kept dependencies"
    stays = interview.kind in {MissionClass.ENHANCEMENT, MissionClass.MIGRATION, MissionClass.INFRASTRUCTURE}
    options = (
        Option(first, recommended=stays),
        Option(second, recommended=not stays),
        Option("No new dependencies"),
        Option("It works on the systems on which it works today"),
    )
    why = "Workers obey it, and reviewers look for it. What is not written here may be changed."
    return Question(CONSTRAINTS, "What has to be kept or obeyed?", why, Form.LINES, options, label="Constraints")


def _non_goals() -> Question:
    options = (
        Option("What the goal does not need", recommended=True),
        Option("A graphical interface"),
        Option("Speed beyond what its users notice"),
        Option("Other systems than today's"),
    )
    why = "Workers tend to build more than was asked for; what is named here is left out."
    return Question(NON_GOALS, "What is not part of it?", why, Form.LINES, options, label="Non-goals")
