"""An interview for programs: its questions, its answers so far, and what to answer next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.interview.interview import MOST_ASKED, asked_of, next_question, offered, questions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.interview.interview import Interview
    from mission_cli.domain.interview.question import Question


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that a question offers."""

    value: str
    """The answer to write."""
    text: str
    """What it means; may be empty."""
    recommended: bool
    because: str
    """Why it is recommended, if that depends on the goal or the repository."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question."""

    id: str
    """The key of its answer in the file of answers."""
    text: str
    why: str
    """Why it is asked."""
    form: str
    """choice: one of the options; text, lines: also your own words; budget: amounts; hours: a number of hours."""
    options: Sequence[Choice]
    recommended: str
    """The answer that a person only has to confirm; empty: none."""
    optional: bool
    """Whether an empty answer leaves it out."""
    answer: str | None
    """The answer so far, empty if it was left out; null: none."""
    asked: bool
    """Whether this depth asks it; otherwise an answer is taken, and none is needed."""
    command: str
    """The command that goes on, once the answer is in the file."""


@dataclass(frozen=True, slots=True)
class InterviewQuestions:
    """All questions of an interview, in their order."""

    depth: str
    found: str
    """What the look at the repository has found."""
    questions: Sequence[Asked]
    next: str
    """The id of the question to answer next; empty: nothing is open."""


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """The question without an answer that stopped `mission new --headless`."""

    next: Asked
    depth: str
    open: int
    """Questions of this depth without an answer, this one included."""
    most: int | None
    """The most that this depth asks; null: any number."""
    answers: Mapping[str, str]
    """What is answered."""


def all_questions(interview: Interview, command: str) -> InterviewQuestions:
    """Return all questions that fit the answers so far."""
    found = [shown(interview, one, command) for one in questions(interview)]
    following = next_question(interview)
    return InterviewQuestions(interview.depth, interview.facts.words, found, following.id if following else "")


def next_of(interview: Interview, question: Question, command: str) -> NextQuestion:
    """Return the question that is to be answered next."""
    left = [one for one in asked_of(interview) if one.id not in interview.answers]
    most = MOST_ASKED.get(interview.depth)
    known = {**interview.given, **interview.answers}
    return NextQuestion(shown(interview, question, command), interview.depth, max(1, len(left)), most, known)


def shown(interview: Interview, question: Question, command: str) -> Asked:
    """Return a question for programs."""
    known = {**interview.given, **interview.answers}
    return Asked(
        id=question.id,
        text=question.text,
        why=question.why,
        form=question.form,
        options=[Choice(one.value, one.text, one.recommended, one.because) for one in question.options],
        recommended=offered(interview, question),
        optional=question.optional,
        answer=known.get(question.id),
        asked=question in asked_of(interview),
        command=command,
    )
