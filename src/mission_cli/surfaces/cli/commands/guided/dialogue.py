"""The questions of an interview on a terminal: options by number, own words, back, why, an editor, and a stop."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import typer

from mission_cli._support.text import one_line
from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.domain.interview.interview import (
    MOST_ASKED,
    answered,
    asked_of,
    back,
    next_question,
    offered,
    skipped,
)
from mission_cli.domain.interview.question import Form, numbered
from mission_cli.surfaces.cli.editor import edited
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.interview.interview import Interview
    from mission_cli.domain.interview.question import Question
    from mission_cli.surfaces.cli.shell import Shell

_HELP = "a number or your own words; Enter takes the value in brackets; back, skip, ? for why, e for an editor, quit"
_SHORT_HELP = "your own words; back, ? for why, e for an editor, quit"
_LONGEST_SHOWN = 60


class _Word(Enum):
    """What a person can type instead of an answer."""

    WHY = "?"
    BACK = "back"
    SKIP = "skip"
    EDIT = "e"
    QUIT = "quit"


_WORDS = {word.value: word for word in _Word}


def ask_all(shell: Shell, interview: Interview, store: Callable[[Interview], None]) -> Interview | None:
    """Ask until nothing is open; `store` keeps each answer at once. None if the person stopped.

    Ctrl-C leaves the answers as they were stored.
    """
    helped = False
    while (question := next_question(interview)) is not None:
        _show(interview, question)
        if not helped:
            typer.echo(f"   ({_HELP if question.options else _SHORT_HELP})")
            helped = bool(question.options)
        after = _one(shell, interview, question)
        if after is None:
            return None
        interview = after
        store(interview)
    return interview


def _show(interview: Interview, question: Question) -> None:
    """Print a question with its place and its options."""
    asked = asked_of(interview)
    at = next((n for n, one in enumerate(asked, 1) if one.id == question.id), len(asked))
    most = f" of {len(asked)}" if interview.asked or interview.depth in MOST_ASKED else ""
    typer.echo(f"\n{at}{most}. {clean(question.text)}")
    for number, option in enumerate(question.options, 1):
        meaning = f": {clean(option.text)}" if option.text else ""
        because = f": {clean(option.because)}" if option.because else ""
        best = f"  (recommended{because})" if option.recommended else ""
        typer.echo(f"   {number}  {clean(option.value)}{meaning}{best}")


def _one(shell: Shell, interview: Interview, question: Question) -> Interview | None:
    """Return the interview after one answer, or after going back; None to stop."""
    usual = offered(interview, question)
    while True:
        text = str(typer.prompt(_prompt(question, usual), default="", show_default=False, prompt_suffix=" ")).strip()
        word = _WORDS.get(text.casefold())
        try:
            if word is _Word.QUIT:
                return None
            if word is _Word.WHY:
                typer.echo(f"   {clean(question.why)}")
            elif word is _Word.BACK:
                return back(interview)
            elif word is _Word.SKIP:
                return skipped(interview, question.id)
            else:
                answer = edited(usual, f"{question.id}.md") if word is _Word.EDIT else numbered(question, text)
                return _said(interview, question, answer or usual)
        except MissionError as error:
            shell.err.print(f"error: {clean(error.message)}")
            if error.hint:
                shell.err.print(f" hint: {clean(str(error.hint))}")


def _said(interview: Interview, question: Question, answer: str) -> Interview:
    """Return the interview with an answer, and print how it was read where that is not what was typed."""
    if not answer.strip():
        raise UsageError("this has no default", hint="? says why it is asked")
    after = answered(interview, question.id, answer)
    read = after.answers[question.id]
    if question.form in {Form.BUDGET, Form.HOURS} or (question.options and question.form is Form.CHOICE):
        typer.echo(f"   {question.label.casefold()}: {clean(read)}")
    return after


def _prompt(question: Question, usual: str) -> str:
    """Return the prompt with what Enter takes: the numbers of options, or the beginning of a text."""
    if not usual:
        return ">"
    values = [option.value for option in question.options]
    lines = usual.splitlines() if question.form is Form.LINES else [usual]
    if all(line in values for line in lines):
        return f"> [{', '.join(str(values.index(line) + 1) for line in lines)}]"
    return f"> [{clean(one_line('; '.join(lines), _LONGEST_SHOWN))}]"
