"""Agents over real standard streams: what one conversation makes, the next one finds; a worker decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inline_snapshot import snapshot
from tests.kit.people import HONEST
from tests.kit.tools import NEW, OLD, Agent

from mission_cli.app import optional

if TYPE_CHECKING:
    import pytest
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


def test_without_the_package_the_command_says_how_to_install_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional, "find_spec", lambda _: None)
    assert person.mission("mcp", "--json", ok=(1,)).facts["error"] == {
        "message": "the Python package mcp is not installed (extra mcp)",
        "hint": "pip install 'mcp>=2.3'",
        "code": 1,
    }
