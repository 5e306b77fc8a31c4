"""The tools as a route of `mission serve`: the same JSON, the guard and the tokens of the server, and no sessions."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import mcp_types as types
import pytest
from inline_snapshot import snapshot
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.kit.nightly import by_day
from tests.kit.served import KEY, SECRETS, USERS
from tests.kit.tools import NEW, OLD, Agent

from mission_cli.surfaces.http.application import make_application
from mission_cli.surfaces.http.guard import Rules
from mission_cli.surfaces.http.places import Places
from mission_cli.surfaces.http.server import Server, bind, config_of, own_names, own_origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

PLAN = {
    "title": "Words",
    "budget": {"money_usd": 3},
    "preferences": {"runner": "script"},
    "gates": [{"name": "design", "kind": "approval", "after": [], "blocks": ["1.1"]}],
    "milestones": [{"name": "Core", "features": [{"title": "Count", "criteria": ["file: `1.1.txt`"]}]}],
}


@contextmanager
def tools_of(person: Person, *, read_only: bool = False) -> Iterator[str]:
    """Serve a repository from a thread; yield the address of the tools."""
    listener, address = bind("127.0.0.1", 0)
    rules = Rules(own_names(address, ()), own_origins(address, ()), read_only)
    places = Places(person.repo, everywhere=False)
    app = make_application(
        places, rules, log=lambda _: None, secret_of=SECRETS.__getitem__, key=lambda: KEY, users=lambda: USERS
    )
    ready = threading.Event()
    server = Server(config_of(app), ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://{address.name}/mcp"
    finally:
        server.should_exit = True
        thread.join()


def call(
    url: str, user: str, tool: str, mode: str = NEW, said: dict[str, Any] | None = None, **given: Any
) -> types.CallToolResult:
    """Call one tool as a user, whose program can ask them if `said` is what they answer."""

    async def answer(context: Any, params: Any) -> types.ElicitResult:
        del context, params
        return types.ElicitResult(action="accept", content=said)

    async def run() -> types.CallToolResult:
        headers = {"Authorization": f"Bearer {user}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as web:
            info = types.Implementation(name="opencode", version="1")
            there: Any = streamable_http_client(url, http_client=web)
            asks = answer if said is not None else None
            async with Client(there, mode=mode, client_info=info, elicitation_callback=asks) as client:
                return await client.call_tool(tool, given)

    return anyio.run(run)


@pytest.mark.parametrize("mode", by_day([NEW, OLD], 1))
def test_over_http_it_is_the_same(person: Person, mode: str) -> None:
    person.worker("pass\n")
    Agent(person.repo).facts("mission_create", plan=PLAN)
    with tools_of(person) as url:
        for tool, command in (
            ("mission_list", ("list",)),
            ("mission_get", ("show", "words")),
            ("mission_inbox", ("inbox",)),
        ):
            given: dict[str, Any] = {"mission": "words"} if command[1:] else {}
            found = call(url, "reader", tool, mode, **given).structured_content
            assert found == person.mission(*command, "--json", ok=(0, 3)).facts


def test_a_token_does_what_its_scopes_say_and_the_person_still_decides(person: Person) -> None:
    person.worker("pass\n")
    Agent(person.repo).facts("mission_create", plan=PLAN)
    note: dict[str, Any] = {"about": "words", "text": "We met."}
    cap: dict[str, Any] = {"mission": "words", "key": "budget.money_usd", "value": "4"}
    gate: dict[str, Any] = {"mission": "words", "gate": "design"}
    yes = {"decision": "approve"}
    with tools_of(person) as url:
        results = [
            call(url, "reader", "mission_log_event", **note),
            call(url, "manager", "mission_log_event", **note),
            call(url, "manager", "mission_update", **cap),
            call(url, "manager", "mission_approve", said=yes, **gate),
            call(url, "approver", "mission_approve", **gate),
            call(url, "approver", "mission_approve", said=yes, **gate),
            call(url, "approver", "mission_approve", OLD, said=yes, **gate),
            call(url, "manager", "mission_create", plan=PLAN, homeless=True),
            call(url, "reader", "mission_list", everywhere=True),
        ]
    assert [
        one.structured_content.get("message") or one.structured_content["error"]["message"] for one in results
    ] == snapshot(
        [
            "the token of reader lacks the scope missions.manage",
            "noted: We met.",
            "only a person decides this, and opencode cannot ask one: Change words (Words)? budget.money_usd: 3 → 4.",
            "the token of manager lacks the scope approve",
            "only a person decides this, and opencode cannot ask one: Decide the gate `design` of words (Words).",
            "gate design is approved",
            "only a person decides this, and an MCP client cannot ask one: Decide the gate `design` of words (Words).",
            "a mission without a repository is outside of the repository that this address serves",
            "what other repositories have is outside of the repository that this address serves",
        ]
    )
    history = person.mission("history", "words", "--json").facts["events"]
    assert [(event["by"], event["subject"]) for event in history[:2]] == snapshot(
        [
            ("approver through opencode", "gate design is approved (by approver through opencode)"),
            ("opencode for manager", "We met. (by opencode for manager)"),
        ]
    )


def test_without_a_token_and_from_elsewhere_nothing_is_answered(person: Person) -> None:
    person.worker("pass\n")
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    own = {"Authorization": "Bearer reader", "Accept": "application/json, text/event-stream"}
    cases: dict[str, tuple[str, str, dict[str, str]]] = {
        "no token": ("POST", "", {}),
        "a wrong token": ("POST", "", {"Authorization": "Bearer nobody"}),
        "a token in the address": ("POST", "?token=reader", own),
        "another site": ("POST", "", {**own, "Origin": "https://evil.example"}),
        "another name": ("POST", "", {**own, "Host": "evil.example"}),
        "another repository": ("POST", "?repo=/etc", own),
        "a stream": ("GET", "", own),
    }
    with tools_of(person) as url, httpx2.Client(trust_env=False) as web:
        found = {
            name: web.request(method, f"{url}{query}", headers=headers, json=body).status_code
            for name, (method, query, headers) in cases.items()
        }
    with tools_of(person, read_only=True) as url, httpx2.Client(trust_env=False) as web:
        found["read-only"] = web.post(url, headers=own, json=body).status_code
    assert found == snapshot(
        {
            "no token": 401,
            "a wrong token": 401,
            "a token in the address": 400,
            "another site": 403,
            "another name": 421,
            "another repository": 400,
            "a stream": 405,
            "read-only": 403,
        }
    )
