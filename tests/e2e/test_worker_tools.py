"""A worker's own tools, in its sandbox: it asks instead of guessing, names results, and reaches nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import needs_bubblewrap, use_claude, use_codex, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import by_day, only_at_night
from tests.kit.tools import WorkerAgent

from mission_cli.domain.asking.asked import read_asked
from mission_cli.domain.asking.told import Outcome, Told, read_told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit.people import Person

ONE = """\
title: Two features
budget: {money_usd: 5, time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["grep: `yes` in `1.1.txt`"]}
      - {title: two | 2, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
"""


# The tools


@pytest.fixture
def worker(tmp_path: Path) -> WorkerAgent:
    """A worker with the variables of its job."""
    siblings = [{"number": "1.2", "title": "two", "status": "pending", "depends": ["1.1"]}]
    return WorkerAgent(
        {
            "MISSION_ASK": str(tmp_path / "ask.json"),
            "MISSION_NOTES": str(tmp_path / "notes.jsonl"),
            "MISSION_SIBLINGS": json.dumps(siblings),
            "MISSION_ID": "m",
            "MISSION_FEATURE": "1.1",
        }
    )


def test_a_worker_asks_once_notes_names_results_and_sees_its_siblings(worker: WorkerAgent, tmp_path: Path) -> None:
    assert worker.listed() == ["ask", "report_outcome", "log", "read_siblings"]
    assert worker.facts("log", text="It is\nhard.\x1b[31m")["message"] == snapshot(
        "recorded; the mission gets it when you have ended"
    )
    worker.facts("report_outcome", type="url", label="preview", value="https://example.org")
    assert worker.facts("read_siblings") == snapshot(
        {
            "schema": 1,
            "mission": "m",
            "feature": "1.1",
            "siblings": [{"number": "1.2", "title": "two", "status": "pending", "depends": ["1.1"]}],
        }
    )
    question = {"question": "Which word?", "options": [{"label": "yes"}, {"label": "no", "description": "not"}]}
    assert worker.facts("ask", **question)["message"] == snapshot(
        "your question is recorded. End now: a person answers, and the next attempt continues"
    )
    assert worker.error("ask", **question)["message"] == "you have asked a question already"
    told = read_told((tmp_path / "notes.jsonl").read_text("utf-8"))
    assert told == Told(("It is hard.�[31m",), (Outcome("url", "preview", "https://example.org"),))
    asked = read_asked((tmp_path / "ask.json").read_text("utf-8"))
    assert asked is not None
    assert (asked.question, [(o.label, o.description) for o in asked.answers.options]) == (
        "Which word?",
        [("yes", ""), ("no", "not")],
    )


def test_what_makes_no_sense_is_refused(worker: WorkerAgent, tmp_path: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("ask", {"question": ""}),
        ("log", {"text": "x" * 501}),
        ("report_outcome", {"type": "secret", "label": "a", "value": "b"}),
        ("read_siblings", {"mission": "other"}),
    ]
    assert [worker.error(tool, **given)["code"] for tool, given in calls] == [2, 2, 2, 2]
    assert list(tmp_path.iterdir()) == []
    assert WorkerAgent({}).error("log", text="x")["message"] == snapshot(
        "MISSION_NOTES is not set: this is not the process of a worker"
    )


# What a mission gets


TELLS = """
import os
with open(os.environ["MISSION_NOTES"], "a") as out:
    out.write('{"note": "I chose | argparse."}\\n{"outcome": {"type": "file", "label": "the result", "value": "1.1.txt"}}\\nplain\\n')
write("1.1.txt", "yes")
write("1.2.txt", os.environ.get("MISSION_SIBLINGS", ""))
commit()
"""


def test_notes_and_outcomes_of_an_attempt_are_recorded_with_its_end(person: Person) -> None:
    """Any program may write them; they are no evidence, and come in the commit that settles the attempt."""
    person.worker(TELLS)
    person.tables.append("[mcp]\nworkers = true\n")
    person.save_settings()
    person.plan(ONE)
    person.start()
    person.run()
    mission = person.loaded().mission
    assert [(row.event, row.details) for row in mission.progress if row.event == "message.agent"][:2] == snapshot(
        [("message.agent", "1.1-a1: I chose | argparse."), ("message.agent", "1.1-a1: plain")]
    )
    outcomes = [row.cells for row in mission.kept if row.section == "Outcomes"]
    assert [{**row, "date": ""} for row in outcomes] == snapshot(
        [
            {"type": "file", "label": "the result", "value": "1.1.txt", "feature": "1.1", "date": ""},
            {"type": "file", "label": "the result", "value": "1.1.txt", "feature": "1.2", "date": ""},
        ]
    )
    settled = [
        event
        for event in person.mission("history", "m", "--json").facts["events"]
        if "message.agent" in event["events"]
    ]
    assert {"attempt.settled", "message.agent"} <= set(settled[-1]["events"])
    assert json.loads(person.git("show", "main:1.2.txt")) == snapshot(
        [{"number": "1.1", "title": "one", "status": "done", "depends": []}]
    )


# Real agents


AGENTS: dict[str, Callable[..., None]] = {"opencode": use_opencode, "claude": use_claude, "codex": use_codex}


def asks_by_tool(prompt: str, step: int) -> Turn:
    """What a model does that looks at the other features, asks by its tool, and finishes with the answer."""
    used: dict[str, Any] = {"input": 2000, "output": 40}
    if "A person answered" in prompt or "the answer to your question" in prompt:
        write = "echo yes > 1.1.txt; echo 2 > 1.2.txt; git add -A; git commit -q -m Do"
        return Turn("", (("bash", {"command": write}),), **used) if step == 0 else Turn("It is done.", **used)
    if "## Your feature: 1.1" not in prompt:
        write = "echo 2 > 1.2.txt; git add -A; git commit -q --allow-empty -m Do"
        return Turn("", (("bash", {"command": write}),), **used) if step == 0 else Turn("It is done.", **used)
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("bash", {"command": "sleep 5"}),  # Codex offers the tools once their server has started
        ("tool:read_siblings", {}),
        ("tool:log", {"text": "I looked at the others."}),
        ("tool:ask", {"question": "Which word?", "options": [{"label": "yes"}, {"label": "no"}]}),
    )
    return Turn("", (calls[step],), **used) if step < len(calls) else Turn("I have asked.", **used)


@only_at_night
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", by_day(list(AGENTS), 3))
def test_a_real_agent_asks_by_its_tool_in_the_sandbox_and_goes_on_with_the_answer(person: Person, kind: str) -> None:
    needs_bubblewrap()
    with ModelServer(asks_by_tool).running() as server:
        AGENTS[kind](person, server)
        person.tables.append("[mcp]\nworkers = true\n")
        person.set('sandbox = "required"')
        person.plan(ONE)
        person.start()
        person.run(ok=(3,))
        request = person.loaded().mission.requests[0]
        assert (request.feature, request.prompt, request.options) == ("1.1", "1.1-a1: Which word?", ("yes", "no"))
        person.mission("answer", "m", "1", "yes")
        assert person.run().facts["status"] == "completed"
        results = b"".join(server.bodies)
    assert b"two | 2" in results
    assert person.causes()[:2] == [("1.1-a1", "question"), ("1.1-a2", "done")]
    notes = [row.details for row in person.loaded().mission.progress if row.event == "message.agent"]
    assert notes == ["1.1-a1: I looked at the others."]
