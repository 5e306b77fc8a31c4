"""One walk through every surface: agents plan and resume by their tools, a worker asks by its own, the page answers.

By day test_mcp.py, test_worker_tools.py and tests/unit/web do its parts.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.e2e.test_mcp import PLAN
from tests.e2e.test_web_walk import CHROMIUM, Walk, chromium
from tests.kit.agents import needs, needs_bubblewrap, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night
from tests.kit.serving import ended, server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.people import Person

QUESTION = {"question": "Which word?", "options": [{"label": "apple"}, {"label": "pear", "description": "it is sweet"}]}
CALLS: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "Plan it.": (("tool:mission_create", {"plan": PLAN}),),
    "Go on.": tuple((f"tool:mission_{name}", {}) for name in ("list", "get", "resume")),
    "## Your feature: 1.1": (("tool:read_siblings", {}), ("tool:ask", QUESTION)),
}
"""What the model calls in each conversation, one tool in each turn."""
WRITE = "echo pear > 1.1.txt && git add -A && git commit -q -m 'Count'"


def model(prompt: str, step: int) -> Turn:
    """Do what each conversation is about; write the file only with the answer of the person."""
    if "A person answered: pear" in prompt:
        return Turn("", (("bash", {"command": WRITE}),)) if step == 0 else Turn("It is done and committed.")
    calls = next((calls for words, calls in CALLS.items() if words in prompt), ())  # opencode also asks for titles
    return Turn("", (calls[step],)) if step < len(calls) else Turn("That is all.")


def converse(person: Person, prompt: str) -> None:
    """Have a new conversation with opencode in the repository."""
    env = {**os.environ, "OPENCODE_PERMISSION": '{"*": "allow"}', "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    env |= {"OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}
    argv = [needs("opencode"), "run", "--format", "json", "--dir", os.fspath(person.repo)]
    subprocess.run(argv, input=prompt, cwd=person.repo, env=env, check=True, capture_output=True, text=True)


def results(model_server: ModelServer, tool: str) -> list[dict[str, Any]]:
    """What the calls of a tool returned, as the model was told, without repetitions."""
    found: dict[str, dict[str, Any]] = {}
    for body in model_server.bodies:
        messages = json.loads(body)["messages"]
        calls = {c["id"]: c["function"]["name"] for m in messages for c in m.get("tool_calls") or []}
        for message in messages:
            if message["role"] == "tool" and calls[message["tool_call_id"]].endswith(tool):
                found[message["tool_call_id"]] = json.loads(message["content"])
    return list(found.values())


def start(walker: Walk, facts: dict[str, Any]) -> None:
    """Enter, start the mission on the page, and wait for the worker's question."""
    page, url = walker.page, facts["url"]
    page.goto(facts["page"])
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/missions/words")
    walker.follow("Start…")
    walker.press("Start")
    page.goto(url)
    walker.wait("Which word?")  # the worker has asked; the page was not loaded again


def finish(walker: Walk, url: str) -> None:
    """Answer, and land the work, at another server than that of the start: the person is still signed in."""
    page = walker.page
    page.goto(url)
    walker.follow("Answer…")
    page.get_by_label("pear").check()
    walker.press("Answer")
    page.goto(url)
    walker.follow("Land…")
    walker.press("Land")
    walker.wait("completed")


@only_at_night
@CHROMIUM
@pytest.mark.timeout(400)
def test_conversations_a_worker_and_the_page_carry_one_mission(person: Person) -> None:
    needs_bubblewrap()
    with ModelServer(model).running() as models:
        use_opencode(person, models)
        person.tables.append("[mcp]\nworkers = true\n")
        person.set('sandbox = "required"')
        person.mission("init")
        person.mission("commands", "install", "--agent", "opencode")
        converse(person, "Plan it.")
        converse(person, "Go on.")
        with chromium() as browser:
            context = browser.new_context()
            context.set_default_timeout(20_000)
            walker = Walk(context.new_page(), "desktop")
            with server(person) as (facts, process):
                start(walker, facts)
                assert walker.wrong == []
                assert ended(process)[0] == 0
            with server(person, port=int(facts["url"].rpartition(":")[2])) as (again, process):
                finish(walker, again["url"])
                code, log = ended(process)
        assert code == 0, log
        person.rest()
        [made], [listed], [got], [resumed] = (
            results(models, f"mission_{name}") for name in ("create", "list", "get", "resume")
        )
        [siblings], [asked] = results(models, "read_siblings"), results(models, "mission_ask")
    assert made["id"] == "words"
    assert [(one["id"], one["status"]) for one in listed["missions"]] == [("words", "planning")]
    assert got["mission"]["goal"] == resumed["goal"] == PLAN["goal"]
    assert siblings["siblings"] == []
    assert asked["message"].startswith("your question is recorded")
    assert person.causes("words") == [("1.1-a1", "question"), ("1.1-a2", "done")]
    assert person.git("show", "main:1.1.txt") == "pear"
    request = person.loaded("words").mission.requests[0]
    assert (request.prompt, request.response, request.status) == ("1.1-a1: Which word?", "pear", "answered")
    told = [(event["by"], event["events"]) for event in person.mission("history", "words", "--json").facts["events"]]
    assert [one for one in told if one[0] != "mission"] == snapshot(
        [
            ("Ada", ["landing.approved"]),
            ("Ada", ["request.answered"]),
            ("Ada", ["mission.started"]),
            ("opencode for Ada", ["mission.created"]),
        ]
    )
