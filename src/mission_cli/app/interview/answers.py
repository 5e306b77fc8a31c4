"""Answers of an interview in a file, YAML or JSON: keys are the ids of questions, and each mistake has its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.text import did_you_mean, one_line
from mission_cli.document.plans.plan import parse_yaml
from mission_cli.document.plans.problems import place_of, repeated_keys
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.interview.interview import BUDGET, CLASS, GOAL, Interview, answered, questions, skipped
from mission_cli.domain.interview.probes import PROBES
from mission_cli.domain.interview.question import Form
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import yaml

    from mission_cli.domain.interview.question import Question

_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("usd", "dollars", "money_usd"), "{} usd"),
    **dict.fromkeys(("hours", "time_hours"), "{} h"),
    **dict.fromkeys(("tokens", "token_limit"), "{} tokens"),
}
"""The keys of a budget that is a mapping."""
_MAPPING = Problem(1, 1, "answers are a mapping", "write `goal: …`, and each answer under the id of its question")


def read_answers(text: str, path: str, interview: Interview) -> Interview:
    """Return the interview with the answers of a file; what is known already is not replaced.

    Raises DocumentError with all problems of the file.
    """
    parsed = parse_yaml(text)
    if isinstance(parsed, Problem):
        empty = not text.strip()
        if empty:
            return interview
        raise DocumentError.of(path, [_MAPPING if parsed.message == "a plan is a mapping" else parsed])
    root, loaded = parsed
    problems = list(repeated_keys(root))
    for identity in (GOAL, CLASS):  # which questions there are depends on these
        interview = _take(interview, root, loaded, identity, problems)
    known = {one.id: one for one in questions(interview)}
    problems += _unknown(root, loaded, known, interview)
    for identity in known:
        if identity not in {GOAL, CLASS}:
            interview = _take(interview, root, loaded, identity, problems)
    if problems:
        raise DocumentError.of(path, sorted(problems))
    return interview


def _take(
    interview: Interview, root: yaml.Node, loaded: Mapping[Any, Any], identity: str, problems: list[Problem]
) -> Interview:
    """Return the interview with one answer, if the file has it; add what is wrong with it to the problems."""
    if identity not in loaded or identity in interview.given:
        return interview
    question = next(one for one in questions(interview) if one.id == identity)
    try:
        text = _text(question, loaded[identity])
        if not text:
            return skipped(interview, identity) if question.optional else interview
        return answered(interview, identity, text)
    except UsageError as error:
        problems.append(Problem(*place_of(root, (identity,)), error.message, str(error.hint)))
        return interview


def _text(question: Question, value: Any) -> str:
    """Return a value of the file as the text of an answer. Raises UsageError."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and question.form in {Form.LINES, Form.TEXT} and all(isinstance(v, str) for v in value):
        return "\n".join(one_line(line, len(line) + 1) for line in value)
    if isinstance(value, dict) and question.id == BUDGET:
        return ", ".join(_amount(str(key), amount) for key, amount in value.items() if amount is not None)
    wanted = {
        Form.LINES: "write a text, or a list of texts",
        Form.TEXT: "write a text, or a list of texts",
        Form.BUDGET: "write for example 20, or {usd: 20, hours: 8}",
    }
    found = "a list" if isinstance(value, list) else "a mapping"
    raise UsageError(f"`{question.id}` is {found}", hint=wanted.get(question.form, "write a text"))


def _amount(key: str, amount: Any) -> str:
    unit = _UNITS.get(key.casefold())
    if unit is None or not isinstance(amount, str):
        hint = did_you_mean(key, _UNITS, "known are usd, hours and tokens, each with a number or unlimited")
        raise UsageError(f"unknown key `{BUDGET}.{one_line(key, 40)}`", hint=hint)
    return unit.format(amount.removeprefix("$"))


def _unknown(
    root: yaml.Node, loaded: Mapping[Any, Any], known: Mapping[str, Question], interview: Interview
) -> Iterator[Problem]:
    """Yield a problem for each key that is not a question, or one of another class."""
    others = {probe.question.id: kind for kind, probes in PROBES.items() for probe in probes}
    for key in map(str, loaded):
        if key in known:
            continue
        place = place_of(root, (key,))
        if key in others:
            words = f"`{key}` belongs to the class {others[key]}, and this is {interview.kind}"
            yield Problem(*place, words, f"remove it, or write `class: {others[key]}`")
        else:
            hint = did_you_mean(key, known, f"known keys: {', '.join(known)}")
            yield Problem(*place, f"unknown key `{one_line(key, 60)}`", hint)
