"""Questions to people: their options in a cell, what workers write to ask, and `mission ask`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.missions import EXIT, GOOD, NOW, feature, mission, observation, plan_of, record
from tests.unit.test_keys_act import committed
from tests.unit.test_reasons import begun, go_on, inbox, works
from tests.unit.test_requests import MILESTONE, TABLE, refusal, rewritten
from tests.unit.test_steer import text_of

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.app.commands.steer.ask import Given, ask, withdraw
from mission_cli.app.queries.whole import whole_mission
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.asking.asked import Asked, read_asked
from mission_cli.domain.asking.options import Answers, Option, chosen, problem_of, read_options, write_options
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import RunId
from mission_cli.domain.runs.jobs import AgentReport
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.domain.tables import InputRequest
from mission_cli.engine.recording.requests import request_row
from mission_cli.planner.attempts.help_requests import going_on
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.waiting import Ask
from mission_cli.planner.core.policy import Policy

PLAN = """\
title: Ask
budget: {money_usd: 30}
preferences: {runner: script, land: ask}
milestones: [{name: Core, validation: ["file: `1.1.txt`"], features: [{title: a}, {title: b, depends: ["1.1"]}]}]
"""
CELLS = {
    "pass, fail": Answers((Option("pass"), Option("fail")), free=False),
    "a: first, or so; b; any text": Answers((Option("a", "first, or so"), Option("b"))),
    "only: one, thing;": Answers((Option("only", "one, thing"),), free=False),
    r"a\: b\; c: d\;e;f": Answers((Option("a: b; c", "d;e"), Option("f")), free=False),
    "as it is, any text": Answers((Option("as it is"),)),
    "": Answers(),
    "any text": Answers(),
}
words = st.text(min_size=1, max_size=12) | st.text(st.sampled_from("\\,;:|` a<!-"), min_size=1, max_size=8)
options = st.lists(st.builds(Option, words, words | st.just("")), max_size=4).filter(lambda o: not problem_of(o))


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_names_the_possible_answers(cell: str) -> None:
    assert read_options(cell) == CELLS[cell]
    assert read_options(write_options(CELLS[cell])) == CELLS[cell]


@given(found=options, free=st.booleans())
@example(found=[Option("a\\", "b\\")], free=False)
@example(found=[Option(";", ""), Option(",", "")], free=True)
def test_options_are_the_same_after_a_round_through_the_file(found: list[Option], free: bool) -> None:  # noqa: FBT001 - a drawn value
    answers = Answers(tuple(found), free=free or not found)
    request = replace(
        load(f"{MILESTONE}\n## Input Requests\n\n{TABLE}| 1 | | 1 | q | | | | open | |\n", "m").mission.requests[0],
        options=tuple(one.label for one in found),
        descriptions=tuple(one.description for one in found),
        free_text=answers.free and bool(found),
    )
    after = load(patch.apply(MILESTONE, [request_row(request)]), "m").mission.requests[0]
    assert after.answers == answers


@pytest.mark.parametrize(
    ("said", "label"),
    [("pass", "pass"), ("Pass: it is fine", "pass"), ("AS IT  IS, please", "as it is"), ("as", None), ("passes", None)],
)
def test_an_answer_is_an_option_or_begins_with_one(said: str, label: str | None) -> None:
    found = chosen([Option("pass"), Option("as it is")], said)
    assert (found.label if found else None) == label


ASKED = {
    "": None,
    " \n": None,
    "Which one?\nA or B?": Asked("Which one? A or B?"),
    "[1]": Asked("[1]"),
    '{"question": "Which?"}': Asked("Which?"),
    '{"prompt": "Which?"}': Asked('{"prompt": "Which?"}'),
    json.dumps(
        {
            "question": "Which?",
            "options": ["a", {"label": "b: c", "description": "slow; sure"}, "d: fast"],
            "free_text": True,
            "urgency": "High",
            "expires": "2h",
            "context": {"b": [1], "a": None},
        }
    ): Asked(
        "Which?",
        Answers((Option("a"), Option("b: c", "slow; sure"), Option("d", "fast")), free=True),
        "high",
        "2h",
        '{\n  "a": null,\n  "b": [\n    1\n  ]\n}\n',
    ),
    '{"question": "Which?", "options": ["a", "A"], "urgency": 3, "expires": "soon", "free_text": 1, "x": 2}': Asked(
        "Which? [not understood: free_text, options, urgency, expires, x]"
    ),
    '{"question": "Which?", "options": {"a": 1}}': Asked("Which? [not understood: options]"),
    '{"question": "Which?", "question": "Who?"}': Asked('{"question": "Which?", "question": "Who?"}'),
}


@pytest.mark.parametrize("text", ASKED)
def test_what_a_worker_writes_is_a_question_as_far_as_it_can_be_read(text: str) -> None:
    assert read_asked(text) == ASKED[text]


@given(st.text() | st.recursive(st.none() | st.text() | st.floats(), lambda s: st.dictionaries(
    st.sampled_from(["question", "options", "urgency", "expires", "context", "label"]), s | st.lists(s))).map(json.dumps))  # fmt: skip
def test_no_worker_asks_in_vain(text: str) -> None:
    found = read_asked(text)
    assert (found is None) == (not text.strip())
    assert found is None or found.question or not "".join(text.split()).isprintable()


@pytest.mark.parametrize("commits", [0, 2])
def test_an_attempt_that_asks_ends_as_a_question_also_with_commits(commits: int) -> None:
    run = RunId("m/1.1-a1")
    told = '{"question": "Which?", "options": ["a", "b: two"], "urgency": "urgent", "expires": "90m", "context": 7}'
    assert EXIT.exit is not None
    end = replace(EXIT.exit, report=AgentReport(cause=Cause.QUESTION, detail="Which?", asked=told))
    plan = plan_of(
        mission(feature("1.1", FeatureStatus.DISPATCHED)),
        records=(record("1.1-a1"),),
        jobs={run: replace(EXIT, exit=end)},
        evidence={run: replace(GOOD, commits=commits)},
    )
    settled = [(move.record.cause, move.to) for move in plan.transitions if isinstance(move, Settle)]
    assert settled == [(Cause.QUESTION, FeatureStatus.PENDING)]
    move = next(move for move in plan.transitions if isinstance(move, Ask))
    asked = move.request
    assert (asked.prompt, asked.options, asked.descriptions) == ("1.1-a1: Which?", ("a", "b"), ("", "two"))
    assert (asked.urgency, asked.expires) == ("urgent", stamp(NOW + timedelta(minutes=90)))
    assert (move.context, asked.context) == ("7\n", "assets/request-1-10159baf262b43a9.json")


ASKED_BEFORE: dict[str, Any] = {
    "ended": "2026-11-20T09:00:00Z",
    "session": "s1",
    "runner": "script",
    "model": "sonnet",
    "host": "vm",
}
ANSWERED = InputRequest(1, "", "1.1", "1.1-a1: Which?", status="answered", response="a", label="1")
RESUMES: dict[str, tuple[dict[str, Any], InputRequest, tuple[str, str]]] = {
    "answered": ({}, ANSWERED, ("1.1-a1", "s1")),
    "asked twice": ({"continues": "1.1-a0"}, ANSWERED, ("1.1-a0", "s1")),
    "not answered": ({}, replace(ANSWERED, status="withdrawn"), ("", "")),
    "another question": ({}, replace(ANSWERED, prompt="1.1-a2: Which?"), ("", "")),
    "no conversation": ({"session": ""}, ANSWERED, ("", "")),
    "another cause": ({"cause": Cause.PERMISSION}, ANSWERED, ("", "")),
    "another runner": ({"runner": "other"}, ANSWERED, ("", "")),
    "another model": ({"model": "opus"}, ANSWERED, ("", "")),
    "another machine": ({"host": "elsewhere"}, ANSWERED, ("", "")),
}


@pytest.mark.parametrize("name", RESUMES)
def test_an_attempt_goes_on_with_the_conversation_whose_question_was_answered(name: str) -> None:
    more, request, expected = RESUMES[name]
    asked = record("1.1-a1", **({"cause": Cause.QUESTION} | ASKED_BEFORE | more))
    new = record("1.1-a2", **{key: ASKED_BEFORE[key] for key in ("runner", "model", "host")})
    draft = Draft(mission(feature("1.1"), requests=(request,)), observation(records=(asked,)), Policy())
    found = going_on(draft, feature("1.1"), new)
    assert (found.continues, found.conversation) == expected
    assert read_run(write_run(found)) == found


def test_a_person_asks_and_answers_with_an_option_or_any_text() -> None:
    host = begun(works, PLAN)
    given = Given("Which\ndatabase?", ["sqlite=one file", "postgres"], *(True, "HIGH", "2h", '{"rows": 1}'))
    done = ask(host.context(), "m/1.2", given)
    assert done.words == snapshot(
        "request 1: Which database?; to answer it: mission answer m 1 ANSWER (sqlite or postgres or any text)"
    )
    found = committed(host).requests[0]
    assert (found.number, found.feature, found.urgency, found.free_text) == (1, "1.2", "high", True)
    ctx = host.context()
    told = whole_mission(ctx, resolve(ctx.state.snapshot(), "m"))
    assert told.questions == {found.context: '{\n  "rows": 1\n}\n'}
    assert inbox(host) == snapshot("""\
m (high): Which database?
  sqlite: one file
  → mission answer m 1 ANSWER (sqlite or postgres or any text)
""")
    go_on(host, 20)
    assert [f.status for f in committed(host).features()] == ["done", "pending"], "the feature waits for the answer"
    features.answer(host.context(), "m", 1, "neither, use a file")
    go_on(host, 20)
    assert [f.status != "pending" for f in committed(host).features()] == [True, True]


def test_numbers_go_on_after_a_question_was_withdrawn_and_its_row_removed() -> None:
    host = begun(works, PLAN)
    ask(host.context(), "m", Given("One?"))
    withdraw(host.context(), "m", 1, reason="I know it now")
    assert refusal(host, 1) == snapshot(
        "request 1 is withdrawn: I know it now (by Ada) → mission inbox shows open requests"
    )
    row = next(line for line in text_of(host).splitlines() if "| One? |" in line)
    rewritten(host, (f"{row}\n", ""))
    assert ask(host.context(), "m", Given("Two?")).about == "2"


def refused(given: Given, about: str = "m") -> str:
    with pytest.raises(MissionError) as error:
        ask(begun(works, PLAN, pulses=0).context(), about, given)
    return f"{error.value.message} → {error.value.hint}"


def test_a_question_that_cannot_be_asked_is_refused_with_a_hint() -> None:
    found = [
        refused(Given(" ")),
        refused(Given("a?", urgency="hihg")),
        refused(Given("a?", expires="soon")),
        refused(Given("a?", expires="0h")),
        refused(Given("a?", context="{")),
        refused(Given("a?", context='"' + "x" * 70_000 + '"')),
        refused(Given("a?", ["x", "X"])),
        refused(Given("a?", ["=y"])),
        refused(Given("a?", ["any text"])),
        refused(Given("a?", [str(n) for n in range(13)])),
        refused(Given("a?"), "m/1"),
        refused(Given("a?"), "m/7.7"),
    ]
    assert found == snapshot(
        [
            "the question is empty → mission ask m QUESTION",
            "`hihg` is not an urgency → did you mean `high`?",
            "`expires` is `soon`, which is not a duration → for example 2h, 90m or 3d",
            "`expires` is `0h`, which is not a length of time → for example 2h, 90m or 3d",
            "the context is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) → a text goes in double quotes",
            "the context has more than 64 KiB → store it elsewhere, and say where",
            'two options have the label `x` → for example --option "redis=fast, and loses data"',
            'the label of an option must be one line of 1 to 80 characters → for example --option "redis=fast, and loses data"',
            '`any text` cannot be the label of an option → for example --option "redis=fast, and loses data"',
            'it has 13 options, at most 12 are allowed → for example --option "redis=fast, and loses data"',
            "a question is about a feature or about the mission → ask about the mission: mission ask m QUESTION",
            "m has no feature 7.7 → its features: 1.1, 1.2",
        ]
    )


def test_words_of_other_tools_for_the_status_are_read_and_unknown_ones_reported() -> None:
    states = ["pending", "Responded", "cancelled", "canceled", "expired", "later"]
    rows = "".join(f"| {n} | | 1.1 | a | | | | {word} | |\n" for n, word in enumerate(states, 1))
    found = load(f"{MILESTONE}\n## Input Requests\n\n{TABLE}{rows}", "m")
    assert [r.status for r in found.mission.requests] == [
        "pending", "answered", "withdrawn", "withdrawn", "expired", "later"
    ]  # fmt: skip
    assert [r.number for r in found.mission.open_requests()] == [1, 5]
    assert [f"{p.message}; {p.hint}" for p in found.problems] == snapshot(
        [
            "the status `later` of an input request is not known: it takes no answer; write open, pending, expired, answered, withdrawn"
        ]
    )
