"""Answers of an interview in files: each mistake with its place, and the same scope as on a terminal."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host
from tests.kit.plans import good

from mission_cli.app.interview.answers import read_answers
from mission_cli.app.plannings.material import material
from mission_cli.document.plans.answer import read_answer
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.interview.follow_ups import FollowUp
from mission_cli.domain.interview.interview import Depth, Interview, answered, next_question, offered, questions
from mission_cli.domain.interview.scope import ordered, scope_of

START = Interview(Depth.DEEP)


def mistakes(text: str, start: Interview = START) -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(DocumentError) as found:
        read_answers(text, "answers.yaml", start)
    return [problem.at("answers.yaml") for problem in found.value.problems]


def test_every_mistake_has_its_place_and_a_hint() -> None:
    text = """\
goal: Move the store to SQLite
class: migration
clas: research
budget: ten
mode:
  - full
timebox: 8 h
pace: {a: b}
goal: twice
"""
    assert mistakes(text) == snapshot([
        "answers.yaml:3:1: error: unknown key `clas` (did you mean `class`?)",
        "answers.yaml:4:1: error: `ten` is not an amount (write for example $60, or $60, 8 h, 50M tokens; or unlimited)",
        "answers.yaml:5:1: error: `mode` is a list (write a text)",
        "answers.yaml:7:1: error: `timebox` belongs to the class research, and this is migration (remove it, or write `class: research`)",
        "answers.yaml:8:1: error: `pace` is a mapping (write a text, or a list of texts)",
        "answers.yaml:9:1: error: the key `goal` appears twice (the other one is in line 1; remove one of them, or merge them)",
    ])  # fmt: skip
    assert mistakes("- goal") == [
        "answers.yaml:1:1: error: answers are a mapping (write `goal: …`, and each answer under the id of its question)"
    ]
    assert mistakes("goal: [") != []
    hint = "(known are usd, hours and tokens, each with a number or unlimited)"
    assert mistakes("budget: {usd: 5, euro: 3}") == [f"answers.yaml:1:1: error: unknown key `budget.euro` {hint}"]


def test_values_are_read_as_people_write_them() -> None:
    text = """\
goal: >-
  Count
  words
budget: {usd: 20, hours: 1.5, tokens: 5M}
features: [One, Two]
constraints:
must: ""
"""
    read = read_answers(text, "a", START)
    assert dict(read.answers) == {
        "goal": "Count words",
        "features": "One\nTwo",
        "budget": "$20, 1.5 h, 5000000 tokens",
        "constraints": "",
        "must": "",
    }
    assert dict(read_answers("budget: 3", "a", START).answers) == {"budget": "$3"}, "a number is no option in a file"
    assert read_answers("", "a", START) == START


def test_what_is_known_already_counts_more_than_the_file() -> None:
    start = Interview(Depth.QUICK, given={"goal": "Mine", "budget": "$1"})
    read = read_answers("{goal: Theirs, budget: 5, mode: poc}", "a", start)
    assert (read.value("goal"), read.value("budget"), read.value("mode")) == ("Mine", "$1", "poc")


@given(st.dictionaries(st.sampled_from([one.id for one in questions(START)]), st.text(max_size=30)), st.booleans())
def test_no_file_of_answers_ends_in_anything_but_answers_or_problems(values: dict[str, str], as_json: bool) -> None:  # noqa: FBT001 - given by hypothesis
    text = json.dumps(values) if as_json else yaml.safe_dump(values, allow_unicode=True)
    with suppress(DocumentError):
        assert read_answers(text, "a", START).depth is Depth.DEEP


@pytest.mark.parametrize("kind", ["greenfield", "enhancement", "migration", "research", "infrastructure"])
def test_a_file_with_the_answers_of_an_interview_gives_the_same_scope_and_caps(kind: str) -> None:
    walked = answered(answered(START, "goal", "Count\nwords: all"), "class", kind)
    while (question := next_question(walked)) is not None:
        walked = answered(walked, question.id, offered(walked, question))
    text = yaml.safe_dump(dict(walked.answers), allow_unicode=True)
    read = read_answers(text, "a", Interview(Depth.QUICK))
    assert (scope_of(read), ordered(read)) == (scope_of(walked), ordered(walked))
    assert next_question(read) is None


def test_questions_in_an_answer_of_a_model_are_read_or_dropped_with_a_note() -> None:
    more = """\
questions:
  - {question: "One?", why: "w", assumed: "no", options: ["yes", "a", "b", "c", "d"], criteria: "1.1", features: "+2"}
  - {question: "Two?", why: "w", assumed: "no", features: -3}
  - {question: "Three?", why: "w"}
  - nonsense
  - {question: "One?", why: "again", assumed: "no"}
"""
    read = read_answer(good(more=more))
    assert read.plan is not None
    assert read.questions == (
        FollowUp("One?", "w", "no", ("yes", "a", "b", "c"), ("1.1",), 2),
        FollowUp("Two?", "w", "no", (), (), -3),
    )
    lacks = "dropped, because it lacks a question, why or assumed: question"
    assert read.notes == (f"{lacks} 3", f"{lacks} 4")
    assert read_answer(good(more="questions: 5")).notes == ("dropped, because it is not a list: questions",)


def test_what_moves_the_median_of_the_forecast_by_a_fifth_is_asked() -> None:
    """Nothing is known of the runner of this host, so that the share of the features counts."""
    plan = read_answer(good(features=5)).plan
    assert plan is not None
    few, many = (FollowUp(f"{n} more?", "w", "no", (), (), n) for n in (3, 4))
    named = FollowUp("Zebras?", "w", "no", (), ("3.5",))
    assert material(make_host(lambda _: Outcome(1)).context(), plan, [few, many, named]) == [many, named]
