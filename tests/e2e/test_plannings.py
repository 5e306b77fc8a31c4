"""A plan for a goal, written while servers die: the model is asked once, and its cost is in the mission."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.kit.nightly import only_at_night
from tests.kit.plans import good, use_planner
from tests.kit.serving import ended, server

from mission_cli.domain.budget.ledger import spent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = "title: Other\nbudget: {money_usd: 1}\nmilestones: [{name: One, features: [{title: one}]}]\n"


def until(web: httpx.Client, path: str, status: str) -> dict[str, Any]:
    """Ask until a planning has a status."""
    for _ in range(600):
        found: dict[str, Any] = web.get(path).json()
        if found["status"] == status:
            return found
        assert found["status"] == "planning", found
        time.sleep(0.1)  # polled until the deadline of the test
    raise AssertionError(found)


@only_at_night
@pytest.mark.timeout(300)
def test_a_planning_outlives_its_server_and_is_paid_once(person: Person, tmp_path: Path) -> None:
    folder = use_planner(person, good())
    go, program = tmp_path / "go", folder / "planner.py"
    os.mkfifo(go)
    waits = f"open({os.fspath(folder / 'asked')!r}, 'a').write('once\\n')\nopen({os.fspath(go)!r}).read()\n"
    program.write_text(program.read_text().replace("\nnumber = ", f"\n{waits}number = ", 1))
    person.mission("new", "--plan", "-", "--id", "other", stdin=PLAN)
    person.mission("access", "add", "ada", "--scope", "missions.read", "--scope", "missions.manage")
    token = person.mission("access", "add", "bob", "--scope", "missions.read", "--scope", "missions.manage", "--json")
    headers = {"Authorization": f"Bearer {token.facts['token']}"}
    order = {"goal": "Count words", "runner": "script", "budget": {"money_usd": 5}, "id": "words"}
    with server(person, "--quiet") as (facts, process):
        api = f"{facts['url']}/api/v1"
        begun = httpx.post(f"{api}/missions", json=order, headers=headers, trust_env=False, timeout=60)
        assert begun.status_code == 202, begun.text
        where = begun.headers["location"].removeprefix("/api/v1")
        while not (folder / "asked").exists():
            time.sleep(0.05)  # polled until the deadline of the test
        process.kill()
    with server(person, "--quiet") as (facts, process):
        client = httpx.Client(base_url=f"{facts['url']}/api/v1", headers=headers, trust_env=False, timeout=60)
        with client as web:
            assert web.get(where).json()["status"] == "planning"
            go.write_text("go")
            found = until(web, where, "ready")
            assert (found["cost"]["usd"], (folder / "asked").read_text()) == (0.05, "once\n")
            made = web.post(f"{where}/approve", json={}).json()
            assert (made["id"], made["planning"]["usd"], made["started"]) == ("words", 0.05, False)
            gone = web.post("/missions", json={**order, "id": "gone"}).headers["location"].removeprefix("/api/v1")
            assert web.delete(gone).status_code == 200
            assert web.get(gone).status_code == 404
        assert ended(process)[0] == 0
    assert spent(person.loaded("words").mission.spends).usd == Decimal("0.05")
    assert {one["id"] for one in person.mission("list", "--json").facts["missions"]} == {"other", "words"}
