"""A plan for a goal over HTTP: 202, how far it is, what it costs, and the mission that a person makes of it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.nightly import only_at_night
from tests.kit.plans import good
from tests.kit.served import Served, served
from tests.unit.test_http_api import ask
from tests.unit.test_plannings import thinking

if TYPE_CHECKING:
    from collections.abc import Iterator

GOAL = {"goal": "Count words", "runner": "script", "budget": {"money_usd": 7}, "mode": "full", "priority": "high"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def web(shared: Served) -> Served:
    return shared.show(thinking(good()))


def ended(web: Served, path: str) -> dict[str, Any]:
    """Let the model go on until a planning has ended; return what it shows then."""
    for _ in range(500):
        web.host.jobs.clock.time.pass_by(timedelta(minutes=1))
        web.host.jobs.work()
        found = ask(web, "GET", path).json()
        if found["status"] != "planning":
            return dict(found)
        time.sleep(0.01)  # polled until the deadline of the test
    raise AssertionError(found)


def path_in(location: str) -> str:
    """The path of a Location, below the prefix."""
    return location.removeprefix("/api/v1")


def test_a_goal_becomes_a_plan_and_then_a_mission_that_runs(web: Served) -> None:
    key = {"Idempotency-Key": "one"}
    begun = ask(web, "POST", "/missions", "manager", json=GOAL, headers=key)
    assert (begun.status_code, begun.json()["status"]) == (202, "planning")
    where = path_in(begun.headers["location"])
    again = ask(web, "POST", "/missions", "manager", json=GOAL, headers=key)
    assert (again.status_code, again.json()["id"]) == (202, begun.json()["id"])
    assert ask(web, "POST", f"{where}/approve", "manager").status_code == 409
    found = ended(web, where)
    shown = {name: found[name] for name in ("status", "goal", "mode", "runner", "by", "error")}
    assert shown == snapshot(
        {
            "status": "ready",
            "goal": "Count words",
            "mode": "full",
            "runner": "script",
            "by": "manager",
            "error": "",
        }
    )
    assert [one["id"] for one in ask(web, "GET", "/plannings").json()["plannings"]] == [found["id"]]
    plan = {**found["plan"], "title": "Counter"}
    made = ask(web, "POST", f"{where}/approve", "manager", json={"plan": plan, "start": True})
    assert (made.status_code, path_in(made.headers["location"])) == (201, "/missions/counter")
    assert (made.json()["started"], made.json()["planning"]["usd"]) == (True, 0.05)
    mission = ask(web, "GET", "/missions/counter").json()
    assert (mission["status"], mission["budget"]["usd"]["spent"]) == ("active", 0.05)
    assert ask(web, "GET", where).json()["mission"] == "counter"
    assert ask(web, "POST", f"{where}/approve", "manager").status_code == 409
    assert ask(web, "DELETE", where, "manager").status_code == 200
    assert ask(web, "GET", where).status_code == 404


@only_at_night
def test_a_plan_is_adjusted_edited_set_and_undone(shared: Served) -> None:
    web = shared.show(thinking(good(), good(milestones=4)))
    where = path_in(ask(web, "POST", "/missions", "manager", json=GOAL).headers["location"])
    first = ended(web, where)
    assert (first["prospect"]["problems"], first["prospect"]["change"], first["undo"]) == ([], None, 0)
    begun = ask(web, "POST", f"{where}/adjust", "manager", json={"wish": "a fourth milestone"})
    assert (begun.status_code, begun.json()["status"], begun.json()["wish"]) == (202, "planning", "a fourth milestone")
    assert ask(web, "POST", f"{where}/undo", "manager").status_code == 409
    found = ended(web, where)
    change = found["prospect"]["change"]
    assert (change["how"], change["wish"], change["by"], change["cost"]["usd"]) == (
        "adjusted",
        "a fourth milestone",
        "manager",
        0.05,
    )
    assert [(one["kind"], one["subject"], one["after"]) for one in change["changes"]] == [
        ("added", "milestone 4", ["milestone 4 Stage 4"]),
        ("added", "4.1", ["4.1 Part 4.1"]),
        ("added", "4.2", ["4.2 Part 4.2"]),
    ]
    edited = ask(web, "POST", f"{where}/edit", "manager", json={"plan": {**found["plan"], "title": "Counter"}}).json()
    assert (edited["plan"]["title"], edited["undo"]) == ("Counter", 2)
    wrong = ask(web, "POST", f"{where}/edit", "manager", json={"plan": {"title": "x"}})
    assert (wrong.status_code, "milestones" in wrong.text) == (422, True)
    done = ask(web, "POST", f"{where}/settle", "manager", json={"mode": "poc", "budget": {"money_usd": 3}}).json()
    assert (done["plan"]["mode"], done["plan"]["budget"], done["mode"]) == ("poc", {"money_usd": 3.0}, "poc")
    for _ in range(3):
        last = ask(web, "POST", f"{where}/undo", "manager")
    assert (last.json()["text"], last.json()["undo"], last.json()["mode"]) == (first["text"], 0, "full")
    assert ask(web, "POST", f"{where}/adjust", "manager", json={"wish": " "}).status_code == 422
    assert ask(web, "POST", f"{where}/adjust", "reader", json={"wish": "x"}).status_code == 403


def test_a_planning_that_is_deleted_leaves_nothing(web: Served) -> None:
    begun = ask(web, "POST", "/missions", "manager", json=GOAL)
    where = path_in(begun.headers["location"])
    assert ask(web, "DELETE", where, "manager").status_code == 200
    for _ in range(500):
        if not web.host.context().executor.running():
            break
        web.host.jobs.work()
        time.sleep(0.01)  # polled until the deadline of the test
    assert web.host.context().executor.running() == []
    assert ask(web, "GET", "/plannings").json()["plannings"] == []
    assert web.host.context().state.snapshot().missions == {}


def test_a_wrong_request_for_a_plan_costs_nothing(web: Served) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"goal": " "},
        {"goal": "x", "plan": {}},
        {"plan": {}, "mode": "poc"},
        {"goal": "x", "mode": "fast"},
        {"goal": "x", "budget": {"money": 5}},
        {"goal": "x", "budget": {"money_usd": True}},
        {"goal": "x", "budget": {"money_usd": "much"}},
        {"goal": "x", "deadline": "someday"},
        {"goal": "x", "id": "A/B"},
        {"goal": "x", "repo": "elsewhere"},
    ]
    said = {}
    for body in wrong:
        found = ask(web, "POST", "/missions", "manager", json=body)
        assert (found.status_code, bool(found.json()["hint"])) == (422, True), (body, found.text)
        said[str(body)] = found.json()["title"]
    assert said == snapshot(
        {
            "{}": "name one of `plan`, `playbook` and `goal`",
            "{'goal': ' '}": "the goal is empty",
            "{'goal': 'x', 'plan': {}}": "name one of `plan`, `playbook` and `goal`",
            "{'plan': {}, 'mode': 'poc'}": "`mode` is for a goal",
            "{'goal': 'x', 'mode': 'fast'}": "`mode` is 'fast'",
            "{'goal': 'x', 'budget': {'money': 5}}": "unknown key `budget.money`",
            "{'goal': 'x', 'budget': {'money_usd': True}}": "`budget.money_usd` is not a number",
            "{'goal': 'x', 'budget': {'money_usd': 'much'}}": "`much` is not a number",
            "{'goal': 'x', 'deadline': 'someday'}": "`deadline` is `someday`, which is not a time",
            "{'goal': 'x', 'id': 'A/B'}": "'A/B' cannot be an id: only letters, digits, '.', '_' and '-' are allowed, and the first is a letter or digit",
            "{'goal': 'x', 'repo': 'elsewhere'}": "there is no repository 'elsewhere' here",
        }
    )
    assert ask(web, "POST", "/missions", "manager", json={"goal": "x", "runner": "none"}).status_code == 409
    assert ask(web, "GET", "/plannings").json()["plannings"] == []
    for method, path in (
        ("GET", "/plannings/none"),
        ("DELETE", "/plannings/none"),
        ("POST", "/plannings/none/approve"),
        ("POST", "/plannings/none/undo"),
    ):
        assert ask(web, method, path, "manager").status_code == 404


def test_a_mission_is_made_of_a_playbook(web: Served) -> None:
    listed = ask(web, "GET", "/playbooks").json()["playbooks"]
    assert "cli-tool" in [one["name"] for one in listed]
    shown = ask(web, "GET", "/playbooks/cli-tool").json()
    assert [one["name"] for one in shown["parameters"] if one["required"]] == ["name", "purpose"]
    order = {"playbook": "cli-tool", "values": {"name": "words"}, "id": "w"}
    lacking = ask(web, "POST", "/missions", "manager", json=order)
    assert (lacking.status_code, lacking.json()["title"]) == (422, "`cli-tool` needs purpose")
    order["values"] = {"name": "words", "purpose": "Counts.", "commands": ["a", "b"], "max_usd": 7}
    assert ask(web, "POST", "/missions", "reader", json=order).status_code == 403
    made = ask(web, "POST", "/missions", "manager", json=order)
    assert (made.status_code, made.json()["id"]) == (201, "w")
    assert ask(web, "GET", "/missions/w").json()["budget"]["usd"]["cap"] == 7
    for wrong, status in (
        ({"playbook": "../cli-tool.yaml"}, 404),
        ({"playbook": "/etc/passwd.yaml"}, 404),
        ({"playbook": "cli-tool", "goal": "x"}, 422),
        ({"goal": "x", "values": {}}, 422),
        ({"playbook": "cli-tool", "values": {"name": {}}}, 422),
        ({"playbook": "cli-tool", "values": {"name": "words", "purpose": "x\ny"}}, 422),
    ):
        assert ask(web, "POST", "/missions", "manager", json=wrong).status_code == status, wrong
    assert ask(web, "GET", "/playbooks/..%2Fcli-tool").status_code == 404
