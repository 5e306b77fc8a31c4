"""Every route of the systems whose clients the API serves, filters that name nothing, and addresses that go away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from inline_snapshot import snapshot
from starlette.applications import Starlette
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.pipeline import Workers, begin
from tests.kit.served import USERS, Memory, Served, mission_of, served, works
from tests.unit.test_forecast_shown import AGENT, host_with_agent
from tests.unit.test_http_api import PLAN, ask

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import lifecycle
from mission_cli.surfaces.http.api.operation import Retired
from mission_cli.surfaces.http.api.routes import PREFIX, Api, operations
from mission_cli.surfaces.http.planners import Planners

if TYPE_CHECKING:
    from collections.abc import Iterator

AI = """\
GET    /api/v1/ai/missions
POST   /api/v1/ai/missions
GET    /api/v1/ai/missions/:id
PATCH  /api/v1/ai/missions/:id
DELETE /api/v1/ai/missions/:id
POST   /api/v1/ai/missions/:id/start
POST   /api/v1/ai/missions/:id/approve
POST   /api/v1/ai/missions/:id/reject
POST   /api/v1/ai/missions/:id/pause
POST   /api/v1/ai/missions/:id/resume
POST   /api/v1/ai/missions/:id/cancel
POST   /api/v1/ai/missions/:id/retry_phase
POST   /api/v1/ai/missions/:id/analyze_repo
POST   /api/v1/ai/missions/:id/generate_prd
POST   /api/v1/ai/missions/:id/create_branch
POST   /api/v1/ai/missions/:id/run_tests
GET    /api/v1/ai/missions/:id/test_status
POST   /api/v1/ai/missions/:id/deploy
POST   /api/v1/ai/missions/:id/create_pr
POST   /api/v1/ai/missions/:id/cleanup_deployment
POST   /api/v1/ai/missions/:id/deploy_callback
POST   /api/v1/ai/missions/:id/advance
"""
INTERNAL = """\
GET    /api/internal/missions
POST   /api/internal/missions
GET    /api/internal/missions/:id
PATCH  /api/internal/missions/:id
POST   /api/internal/missions/:id/tasks
PATCH  /api/internal/missions/:id/tasks/:task
POST   /api/internal/missions/:id/events
POST   /api/internal/missions/:id/resume
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def web(shared: Served) -> Served:
    host = make_host(works)
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    return shared.show(host)


def test_every_route_of_the_other_systems_is_served(web: Served) -> None:
    missing = []
    for line in (AI + INTERNAL).splitlines():
        method, path = line.replace(":id", "nothing").replace(":task", "1.1").split()
        found = web.ask(method, path, headers={"Authorization": "Bearer nobody"})
        missing += [line] if found.status_code in {404, 405} else []
    assert missing == []
    assert web.ask("POST", "/api/v1/ai/missions/m/fly").status_code == 404
    wrong = web.ask("PUT", "/api/v1/ai/missions/m")
    assert (wrong.status_code, {*wrong.headers["allow"].split(", ")}) == (405, {"DELETE", "GET", "HEAD", "PATCH"})


def test_a_mission_that_is_deleted_is_cancelled_and_hidden_and_its_commits_stay(web: Served) -> None:
    commits = len(web.host.context().state.history(limit=100))
    tag = ask(web, "GET", "/missions/m").headers["etag"]
    said = ask(web, "DELETE", "/missions/m", "manager", json={"reason": "wrong"}, headers={"If-Match": tag})
    assert (said.status_code, said.json()["message"]) == (
        200,
        "m is cancelled and archived: wrong; its files and commits stay",
    )
    again = ask(web, "DELETE", "/missions/m", "manager")
    assert (again.status_code, again.json()["commit"]) == (200, "")
    assert (mission_of(web.host).status, bool(mission_of(web.host).archived)) == ("cancelled", True)
    assert len(web.host.context().state.history(limit=100)) == commits + 1
    assert ask(web, "DELETE", "/missions/m", "approver").status_code == 403


def test_jobs_of_other_systems_begin_the_phase_that_does_them(shared: Served) -> None:
    web = shared.show(begin(Workers()))
    said = {
        name: ask(web, "POST", f"/missions/m/{name}", "manager")
        for name in ("analyze_repo", "generate_prd", "run_tests", "create_branch")
    }
    assert {
        name: (one.status_code, one.json().get("title") or one.json()["message"]) for name, one in said.items()
    } == (
        snapshot(
            {
                "analyze_repo": (200, "the phase analyzing begins with the next pulse"),
                "generate_prd": (409, "m is in the phase `analyzing`, and not in `planning`"),
                "run_tests": (409, "m is in the phase `analyzing`, and not in `testing`"),
                "create_branch": (409, "the branch mission/m/work is made when the first milestone of m begins"),
            }
        )
    )
    assert all(one.json()["hint"] for one in said.values() if one.status_code != 200)


def test_a_mission_without_phases_says_how_one_has_them(web: Served) -> None:
    found = ask(web, "POST", "/missions/m/run_tests", "manager")
    assert (found.status_code, found.json()["title"], found.json()["hint"]) == snapshot(
        (409, "m has no phase for this: `tests`", "a mission with phases has one: mission new GOAL --phases")
    )
    assert ask(web, "POST", "/missions/m/create_branch", "manager").status_code == 409


def test_filters_that_name_nothing_are_refused_with_what_they_may_name(web: Served) -> None:
    wrong = (
        "status=foo",
        "status=active,foo",
        "priority=highest",
        "limit=0",
        "limit=201",
        "limit=many",
        "cursor=%21",
        "cursor=x",
        "repo=elsewhere",
        "include_tasks=maybe",
        "include_recent_events=-1",
        "kind=development",
        "status=active&status=paused",
    )
    said: dict[str, Any] = {}
    for query in wrong:
        found = ask(web, "GET", f"/missions?{query}")
        assert found.status_code == 422, query
        said[query] = (found.json()["title"], found.json()["hint"])
    assert said == snapshot(
        {
            "status=foo": (
                "`status` is 'foo'",
                "use one of draft, planning, scheduled, recurring, active, paused, completed, failed, cancelled",
            ),
            "status=active,foo": (
                "`status` is 'foo'",
                "use one of draft, planning, scheduled, recurring, active, paused, completed, failed, cancelled",
            ),
            "priority=highest": ("`priority` is 'highest'", "did you mean `high`?"),
            "limit=0": ("`limit` is 0", "use a number from 1 to 200"),
            "limit=201": ("`limit` is 201", "use a number from 1 to 200"),
            "limit=many": ("`limit` is 'many'", "use a number from 1 to 200"),
            "cursor=%21": ("`cursor` is not one of this server", "take `next` of the page before"),
            "cursor=x": ("`cursor` is not one of this server", "take `next` of the page before"),
            "repo=elsewhere": ("there is no repository 'elsewhere' here", "`repo` is its path"),
            "include_tasks=maybe": ("`include_tasks` is 'maybe'", "write true or false"),
            "include_recent_events=-1": (
                "`include_recent_events` is -1",
                "use a number from 0 to 50",
            ),
            "kind=development": (
                "unknown parameter `kind`",
                "known are status, priority, type, include_tasks, include_recent_events, limit, cursor, repo",
            ),
            "status=active&status=paused": ("`status` is given twice", "separate several values by commas"),
        }
    )
    assert ask(web, "GET", "/inbox?repo=elsewhere").status_code == 422
    assert ask(web, "GET", "/plannings?repo=elsewhere").status_code == 422
    right = ("", "status=Active, paused", "priority=normal", "type=development", "status=", "limit=1", "type=mine")
    sizes = {query: len(ask(web, "GET", f"/missions?{query}").json()["missions"]) for query in right}
    assert sizes == {one: 0 if one == "type=mine" else 1 for one in right}


def test_an_address_that_goes_away_says_since_when_and_until_when() -> None:
    gone = Retired(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))
    [one] = [one for one in operations() if one.name == "get_mission"]
    one = replace(one, retired={"/missions/{id}/test_status": gone})
    host = make_host(works)
    make_mission(host, PLAN)
    memory = Memory([host])
    api = Api(memory, lambda: USERS, Planners(memory), [one])
    transport = httpx.ASGITransport(Starlette(routes=api.routes()))
    headers = {"Authorization": "Bearer reader"}

    async def talk() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
            for prefix in (PREFIX, "/api/v1/ai"):
                old = await client.get(f"{prefix}/missions/m/test_status")
                new = await client.get(f"{prefix}/missions/m")
                assert old.json() == new.json()
                assert (old.headers["deprecation"], old.headers["sunset"]) == (
                    "@1796083200",
                    "Tue, 01 Jun 2027 00:00:00 GMT",
                )
                assert not {"deprecation", "sunset"} & set(new.headers)

    anyio.run(talk)


def test_questions_milestones_and_moves_go_over_http_and_are_taken_back(web: Served) -> None:
    question = {"prompt": "Which one?", "options": ["this", "that=the other"], "urgency": "high", "feature": "1.3"}
    said = [
        ask(web, "POST", "/missions/m/requests", "manager", json=question),
        ask(web, "POST", "/missions/m/requests", "manager", json={"prompt": "And why?", "context": {"n": 1}}),
        ask(web, "POST", "/missions/m/requests/2/withdraw", "manager", json={"reason": "known"}),
        ask(web, "POST", "/missions/m/milestones", "manager", json={"name": "Later", "features": ["d"]}),
        ask(web, "POST", "/missions/m/features/1.3/move", "manager", json={"to": 2}),
        ask(web, "POST", "/missions/m/undo", "approver"),
        ask(web, "POST", "/missions/m/sync", "manager"),
    ]
    shown = [one.json().get("message") or one.json().get("title") or one.json()["subject"] for one in said]
    assert [(one.status_code, words) for one, words in zip(said, shown, strict=True)] == snapshot(
        [
            (200, "request 1: Which one?; to answer it: mission answer m 1 ANSWER (this or that)"),
            (200, "request 2: And why?; to answer it: mission answer m 2 TEXT"),
            (200, "request 2 is withdrawn: known"),
            (200, "milestone 2 Later is added with 1 feature"),
            (200, "1.3 c is moved to milestone 2, as 2.2"),
            (200, "1.3 c is moved to milestone 2, as 2.2 (by manager)"),
            (200, "the work of m contains main already"),
        ]
    )
    [item] = [one for one in ask(web, "GET", "/inbox").json()["inbox"] if one["kind"] == "request"]
    assert (item["name"], item["urgency"], item["waits"], [one["label"] for one in item["options"]]) == (
        "Which one?",
        "high",
        ["1.3", "2.1"],
        ["this", "that"],
    )
    for path, body in (
        ("requests", {"prompt": " "}),
        ("requests", {"prompt": "x", "urgency": "now"}),
        ("requests", {"prompt": "x", "expires": "soon"}),
        ("requests", {"prompt": "x", "feature": "9.9"}),
        ("milestones", {"name": " "}),
        ("milestones", {"name": "x", "features": [" "]}),
        ("features/1.1/move", {"to": 9}),
    ):
        found = ask(web, "POST", f"/missions/m/{path}", "manager", json=body)
        assert found.status_code in {404, 409, 422}, found.text
        assert found.json()["hint"], found.text


def test_budgets_are_estimated_reported_and_added_to_over_http(shared: Served) -> None:
    host = host_with_agent()
    make_mission(host, AGENT)
    web = shared.show(host)
    recorded = ask(
        web, "POST", "/missions/m/budget/record", "manager", json={"what": "a license", "usd": 0.5, "tokens": "20k"}
    )
    assert (recorded.status_code, recorded.json()["message"]) == snapshot(
        (200, "m: $0.50 and 20 k tokens recorded, for a license")
    )
    report = ask(web, "GET", "/missions/m/budget").json()
    assert (report["spent"], [(row["description"], row["amount"]) for row in report["by_hand"]]) == snapshot(
        ({"usd": 0.5, "hours": 0, "tokens": 20000}, [("by hand: a license", 0.5), ("by hand: a license", 20000)])
    )
    assert ask(web, "GET", "/missions/m/budget/forecast").json()["spent"] == report["spent"]
    bought = ask(web, "GET", "/missions/m/budget/analyze?tokens=12M").json()["bought"]
    assert [(one["chance"], one["features"]) for one in bought] == snapshot(
        [("safe", 1), ("likely", 2), ("stretch", 1), ("out", 0)]
    )
    refused = {
        path: ask(web, method, path, "manager", **more)
        for method, path, more in (
            ("GET", "/budget/estimate?features=0", {}),
            ("GET", "/budget/estimate?runner=nobody", {}),
            ("GET", "/budget/analyze", {}),
            ("GET", "/budget/analyze?repo=elsewhere&usd=5", {}),
            ("GET", "/budget/accuracy?mission=m", {}),
            ("POST", "/missions/m/budget/record", {"json": {"what": "x", "usd": True}}),
        )
    }
    assert {path: f"{one.status_code} {one.json()['title']}" for path, one in refused.items()} == snapshot(
        {
            "/budget/estimate?features=0": "422 `features` is 0",
            "/budget/estimate?runner=nobody": "422 the runner `nobody` is not configured",
            "/budget/analyze": "422 no budget is given",
            "/budget/analyze?repo=elsewhere&usd=5": "422 there is no repository 'elsewhere' here",
            "/budget/accuracy?mission=m": "422 unknown parameter `mission`",
            "/missions/m/budget/record": "422 `True` is not a number",
        }
    )
    assert ask(web, "POST", "/missions/m/budget/record", json={"what": "x", "usd": 1}).status_code == 403
