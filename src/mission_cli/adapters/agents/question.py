"""A worker's question to a person: the file MISSION_ASK, or the last paragraph of its answer after `QUESTION:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.domain.asking.asked import LONGEST_QUESTION, read_asked
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport

MARK = "QUESTION:"
_TAIL = 8000
_DECORATION = " \t*_#>`"
_GOOD_ENOUGH = frozenset({None, Cause.NOOP, Cause.WRONG_OUTPUT})
"""Causes that a question explains; an outage or a refusal is reported as such."""


def with_question(report: AgentReport) -> AgentReport:
    """Return the report with the cause `question` if the worker ended with a question."""
    asked = question_in(report.answer) if report.cause in _GOOD_ENOUGH else ""
    return replace(report, cause=Cause.QUESTION, detail=asked) if asked else report


def with_asked(report: AgentReport, text: str) -> AgentReport:
    """Return the report with the cause `question` if the worker wrote one into the file MISSION_ASK."""
    asked = read_asked(text) if report.cause in _GOOD_ENOUGH | {Cause.QUESTION} else None
    return report if asked is None else replace(report, cause=Cause.QUESTION, detail=asked.question, asked=text)


def question_in(answer: str) -> str:
    """Return the question that an answer ends with, in one line; empty if its last paragraph is not a question.

    Emphasis and quote marks around the word do not matter. A question in the middle of an answer is not asked.
    """
    lines = [line.strip(_DECORATION) for line in answer[-_TAIL:].splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    start = next((n for n in range(len(lines) - 1, -1, -1) if not lines[n]), -1) + 1
    begins = next((n for n in range(start, len(lines)) if lines[n].upper().startswith(MARK)), None)
    if begins is None:
        return ""
    words = " ".join(lines[begins:])[len(MARK) :].strip(_DECORATION)
    return one_line(words, LONGEST_QUESTION)
