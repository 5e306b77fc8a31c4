"""A worker that cannot go on asks a person: what it asks is a request, and the answer stands in the next prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from mission_cli.adapters.agents.question import question_in, with_question
from mission_cli.domain.runs.jobs import AgentReport
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["grep: `postgres` in `1.1.txt`"]}]
"""
ASKS = """
if "Which database" not in PROMPT:
    print("I looked at the code.\\n\\n**QUESTION:** Which database shall it use,\\nsqlite or postgres?")
    sys.exit(0)
write("1.1.txt", PROMPT.partition("sqlite or postgres?: ")[2].split()[0])
commit()
"""


def test_a_question_becomes_a_request_and_its_answer_stands_in_the_next_prompt(person: Person) -> None:
    person.worker(ASKS)
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    asked = person.loaded().mission.requests[0]
    assert (asked.feature, asked.prompt) == ("1.1", "1.1-a1: Which database shall it use, sqlite or postgres?")
    assert person.causes() == [("1.1-a1", "question")]
    waits = person.mission("why", "m/1.1", "--json").facts["why"][0]["holds"][0]
    assert (waits["kind"], waits["unblock"]) == ("request", "mission answer m 1 TEXT")
    person.mission("answer", "m", "1", "postgres, as in production")
    person.run(ok=(0, 3))
    assert person.causes() == [("1.1-a1", "question"), ("1.1-a2", "done")]


ASKS_WITH_OPTIONS = """
import json
if "Which database" not in PROMPT:
    write("1.1.txt", "not finished")
    commit()
    told = {"question": "Which database?", "options": [{"label": "sqlite", "description": "one file"}, "postgres"],
            "urgency": "high", "expires": "2h", "context": {"rows": 10}}
    open(os.environ["MISSION_ASK"], "w").write(json.dumps(told))
    sys.exit(0)
write("1.1.txt", PROMPT.partition("Which database?: ")[2].split()[0])
commit()
"""


def test_a_worker_asks_with_options_urgency_and_data_and_nothing_of_it_is_judged(person: Person) -> None:
    person.worker(ASKS_WITH_OPTIONS)
    person.plan(ONE)
    person.start()
    person.run(ok=(3,))
    assert person.causes() == [("1.1-a1", "question")]
    asked = person.mission("inbox", "--json", ok=(3,)).facts["inbox"][0]
    assert {key: asked[key] for key in ("name", "urgency", "free_text", "number", "options")} == {
        "name": "1.1-a1: Which database?",
        "urgency": "high",
        "free_text": False,
        "number": 1,
        "options": [{"label": "sqlite", "description": "one file"}, {"label": "postgres", "description": ""}],
    }
    request = person.loaded().mission.requests[0]
    assert person.mission("show", "m", "--json").facts["questions"] == {request.context: '{\n  "rows": 10\n}\n'}
    refused = person.mission("answer", "m", "1", "mysql", ok=(2,))
    assert refused.err == snapshot("""\
error: `mysql` is not one of the possible answers
 hint: begin with one of: sqlite, postgres
""")
    person.mission("answer", "m", "1", "postgres")
    person.run(ok=(0, 3))
    assert person.causes() == [("1.1-a1", "question"), ("1.1-a2", "done")]


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("QUESTION: why?", "why?"),
        ("It is hard.\n\nquestion: Which one,\nA or B?\n\n", "Which one, A or B?"),
        ("> **QUESTION:** May I delete `x`?", "May I delete `x`?"),
        ("Some words.\nQUESTION: why?", "why?"),
        ("QUESTION: why?\n\nNever mind, I found out.", ""),
        ("End with a paragraph that begins with `QUESTION:` if you must.", ""),
        ("QUESTION:", ""),
        ("No question here.", ""),
        ("", ""),
        ("QUESTION: " + "a" * 1000, "a" * 399 + "…"),
    ],
)
def test_the_question_is_the_last_paragraph(answer: str, question: str) -> None:
    assert question_in(answer) == question


@pytest.mark.parametrize("cause", [None, *Cause])
def test_a_question_does_not_hide_an_outage(cause: Cause | None) -> None:
    report = with_question(AgentReport(answer="QUESTION: why?", cause=cause, detail="as it was"))
    asks = cause in {None, Cause.NOOP, Cause.WRONG_OUTPUT, Cause.QUESTION}
    assert (report.cause is Cause.QUESTION, report.detail) == (
        asks,
        "why?" if cause in {None, Cause.NOOP, Cause.WRONG_OUTPUT} else "as it was",
    )
