"""Agents over real standard streams: what one conversation makes, the next one finds; a worker decides nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import configure_opencode, needs
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST
from tests.kit.tools import NEW, OLD, Agent

from mission_cli.app import optional
from mission_cli.surfaces.mcp.tools import TOOLS

if TYPE_CHECKING:
    from mcp import Client
    from tests.kit.people import Person

PLAN: dict[str, Any] = {
    "title": "Words",
    "goal": "A command that counts words.",
    "budget": {"money_usd": 3},
    "preferences": {"runner": "script", "land": "ask"},
    "milestones": [
        {
            "name": "Core",
            "validation": ["file: `1.1.txt`"],
            "features": [{"title": "Count", "criteria": ["file: `1.1.txt`"]}],
        }
    ],
}
YES = {"decision": "yes"}


@only_at_night
def test_a_mission_of_conversation_a_is_listed_resumed_and_finished_in_b(person: Person) -> None:
    """Two processes with clients of two eras; the person agrees to the start and to the landing."""
    person.worker(HONEST)
    made = Agent(person.repo, name="a", mode=OLD, real=True).facts("mission_create", plan=PLAN)
    second = Agent(person.repo, name="b", mode=NEW, real=True, answers=[YES, YES])

    async def conversation(client: Client) -> list[dict[str, Any]]:
        said = [
            await client.call_tool("mission_list", {}),
            await client.call_tool("mission_resume", {"mission": "words"}),
            await client.call_tool("mission_start", {"mission": "words"}),
        ]
        person.run("words", ok=(3,))
        said.append(await client.call_tool("mission_complete", {"mission": "words"}))
        return [one.structured_content for one in said]

    listed, known, started, landed = second.talk(conversation)
    assert [one["id"] for one in listed["missions"]] == [made["id"]] == ["words"]
    assert (known["goal"], [f["title"] for f in known["features"]]) == ("A command that counts words.", ["Count"])
    assert (started["status"], landed["waits"], bool(landed["landed"])) == ("active", [], True)
    assert person.mission("status", "words", "--json").facts["status"] == "completed"
    assert second.asked == snapshot(
        ["Start words (Words)? 1 unfinished task; it may use at most: $3.", "Land 1 feature of words on main?"]
    )
    told = [(event["by"], event["events"]) for event in person.mission("history", "words", "--json").facts["events"]]
    assert [one for one in told if one[0] != "mission"] == snapshot(
        [
            ("Ada through b", ["landing.approved"]),
            ("Ada through b", ["mission.started"]),
            ("a for Ada", ["mission.created"]),
        ]
    )


ASKS = """
import asyncio, json
from pathlib import Path
from mcp import Client
from mission_cli.surfaces.mcp.server import make_server

async def main():
    async with Client(make_server(Path(REPO))) as client:
        listed = await client.call_tool("mission_list", {})
        result = await client.call_tool("mission_update", {"mission": "words", "key": "priority", "value": "urgent"})
        write("1.1.txt", json.dumps([listed.is_error, result.structured_content["error"]["message"]]))

asyncio.run(main())
commit()
"""


def test_a_worker_may_look_and_may_not_act_for_its_person(person: Person) -> None:
    """Without a sandbox it reaches the state; what it asks for is refused."""
    person.worker(f"REPO = {str(person.repo)!r}\n", ASKS)
    Agent(person.repo).facts("mission_create", plan=PLAN)
    person.mission("start", "words", "--headless")
    person.run("words", ok=(3,))
    told = person.git("show", "mission/words/work:1.1.txt")
    assert told == snapshot('[false, "this command was started by words/1.1-a1, and a worker cannot act for a person"]')
    assert person.loaded("words").mission.priority == "normal"


# Programs of others


INSPECTOR = Path(__file__).resolve().parents[1] / "inspector/node_modules/.bin/mcp-inspector"


def inspect(person: Person, *words: str, code: int = 0) -> dict[str, Any]:
    """Let the inspector, which checks each result against its schema, make one request to a new server."""
    argv = [os.fspath(INSPECTOR), "--cli", sys.executable, "-P", "-m", "mission_cli", "mcp", *words]
    path = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        argv, cwd=person.repo, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@only_at_night
def test_the_inspector_finds_what_it_has_made_in_another_call(person: Person) -> None:
    if not INSPECTOR.exists():
        pytest.skip("the inspector is not installed: run `make nightly`, or `npm install --no-save` in tests/inspector")
    person.worker(HONEST)
    assert len(inspect(person, "--method", "tools/list")["tools"]) == len(TOOLS)
    call = ("--method", "tools/call", "--tool-name")
    made = inspect(person, *call, "mission_create", "--tool-arg", f"plan={json.dumps(PLAN)}")["structuredContent"]
    assert made["id"] == "words"
    listed = inspect(person, *call, "mission_list")["structuredContent"]
    assert listed == person.mission("list", "--json").facts
    resumed = inspect(person, *call, "mission_resume", "--tool-arg", "mission=words")["structuredContent"]
    assert resumed == person.mission("context", "words", "--json").facts
    refused = inspect(person, *call, "mission_start", "--tool-arg", "mission=words", code=5)
    assert refused["structuredContent"]["error"]["code"] == 3
    text = inspect(person, "--method", "resources/read", "--uri", "mission://words/context")["contents"][0]["text"]
    assert text == person.mission("context", "words").out


def plans(prompt: str, step: int) -> Turn:
    """What a model does that is asked to plan, or to go on, by its tools."""
    if "Plan" in prompt:
        return Turn("", (("tool:mission_create", {"plan": PLAN}),)) if step == 0 else Turn("It is planned.")
    calls = ("tool:mission_list", "tool:mission_resume")
    return Turn("", ((calls[step], {}),)) if step < len(calls) else Turn("I know it.")


@only_at_night
@pytest.mark.timeout(300)
def test_opencode_plans_in_one_conversation_and_goes_on_in_another(person: Person) -> None:
    """Registered by `mission commands install`; a model on loopback calls the tools."""
    program = needs("opencode")
    person.worker(HONEST)
    person.mission("new", "--plan", "-", stdin=json.dumps({**PLAN, "title": "Other"}))
    with ModelServer(plans).running() as server:
        configure_opencode(server)
        person.mission("commands", "install", "--agent", "opencode")
        for prompt in ("Plan it.", "Go on."):
            argv = [program, "run", "--format", "json", "--dir", os.fspath(person.repo)]
            env = {**os.environ, "OPENCODE_PERMISSION": '{"*": "allow"}', "OPENCODE_DISABLE_MODELS_FETCH": "1"}
            env |= {"OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}
            subprocess.run(argv, input=prompt, cwd=person.repo, env=env, check=True, capture_output=True, text=True)
        told = b"".join(server.bodies)
    assert person.loaded("words").mission.goal == PLAN["goal"]
    by = [event["by"] for event in person.mission("history", "words", "--json").facts["events"]]
    assert by == ["opencode for Ada"]
    assert b"name a mission: there is more than one" in told
    assert b'\\"id\\": \\"words\\"' in told


def test_without_the_package_the_command_says_how_to_install_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional, "find_spec", lambda _: None)
    assert person.mission("mcp", "--json", ok=(1,)).facts["error"] == {
        "message": "the Python package mcp is not installed (extra mcp)",
        "hint": "pip install 'mcp>=2.3'",
        "code": 1,
    }
