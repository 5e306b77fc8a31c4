"""The API: what it answers is what the committed OpenAPI document says and what the command line prints."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator
from tests.kit.fakes.host import make_mission
from tests.kit.fakes.hosts import Elsewhere, Park
from tests.kit.fakes.life import Fate
from tests.kit.loopback import Reply, loopback
from tests.kit.pipeline import Workers, begin
from tests.kit.served import DECIDERS, Served, decided, go_on, mission_of, served, waiting
from tests.unit.test_pipeline import at

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.app.queries.status import status_of
from mission_cli.domain.deciding.access import Access, Scope, holder
from mission_cli.domain.deciding.grants import hash_of
from mission_cli.surfaces.as_json import json_line
from mission_cli.surfaces.http.api.expecting import expecting
from mission_cli.surfaces.http.api.routes import ALIASES, PREFIX, operations
from mission_cli.surfaces.http.problems import ChangedMeanwhileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import Response
    from tests.kit.fakes.host import Host

    from mission_cli.surfaces.http.api.operation import Operation

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = json.loads((DOCS / "openapi.json").read_text("utf-8"))
PLAN = """\
title: Over HTTP
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Only
    validation: ["file: `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`", "manual: Is it pretty?"]}
      - {title: c, depends: ["1.2"], criteria: ["file: `1.3.txt`"]}
"""


@pytest.fixture(scope="module")
def start() -> Host:
    with loopback(lambda _: Reply()) as ear:
        return waiting(ear, PLAN, DECIDERS)


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def web(shared: Served, start: Host) -> Served:
    return shared.show(start.copy(Fate()))


def ask(web: Served, method: str, path: str, user: str = "reader", **more: Any) -> Response:
    """Send a request as a user; what is answered has to be what the document says."""
    headers = {"Authorization": f"Bearer {user}", **more.pop("headers", {})}
    found = web.ask(method, f"{PREFIX}{path}", headers=headers, **more)
    check(method, path.partition("?")[0], found)
    return found


def check(method: str, path: str, found: Response) -> None:
    """Check an answer against the committed document."""
    operation = next(
        (
            there[method.casefold()]
            for name, there in DOCUMENT["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name), f"{PREFIX}{path}") and method.casefold() in there
        ),
        None,
    )
    assert operation is not None, f"{method} {path} is not in the document"
    said = operation["responses"].get(str(found.status_code), operation["responses"]["default"])
    [(kind, content)] = said["content"].items()
    assert found.headers["content-type"] == kind, found.text
    schema = {**content["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(found.json())
    assert found.status_code < 500 or found.status_code == 503, found.text


def test_the_committed_document_is_that_of_the_program_and_is_valid() -> None:
    assert runpy.run_path(str(DOCS / "openapi.py"))["text"]() == (DOCS / "openapi.json").read_text("utf-8"), "make docs"
    assert DOCUMENT["openapi"] == "3.1.0"
    names = [one["operationId"] for there in DOCUMENT["paths"].values() for one in there.values()]
    assert len(set(names)) == len(names) == len(operations()) + 3, "and three streams"
    text = json.dumps(DOCUMENT)
    for name in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert name in DOCUMENT["components"]["schemas"]
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_a_mission_is_what_the_command_line_prints_and_its_etag_the_commit(web: Served) -> None:
    found = ask(web, "GET", "/missions/m")
    ctx = web.host.context()
    state = ctx.state.snapshot()
    line = json_line(status_of(ctx, state, resolve(state, "m")), {"stopped": None}, ascii_only=False)
    expected = json.loads(line)
    changing = ("elapsed", "left", "until_deadline")
    assert {k: v for k, v in found.json().items() if k not in changing} == {
        k: v for k, v in expected.items() if k not in changing
    }
    assert found.headers["etag"] == f'"{ctx.state.head()}"'
    assert "m: " not in found.headers.get("link", "")


VIEWS = ["", "/history?limit=2", "/why", "/why?part=1.2", "/file", "/context?max_tokens=700", "/report"]


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_is_what_the_document_says(web: Served, view: str) -> None:
    assert ask(web, "GET", f"/missions/m{view}").status_code == 200


def test_the_inbox_has_the_gate_that_waits(web: Served) -> None:
    found = ask(web, "GET", "/inbox").json()
    assert [(one["id"], one["name"]) for one in found["inbox"]] == snapshot([("m", "checkpoint `look` is reached")])


def test_hosts_are_listed_and_not_asked(web: Served) -> None:
    web.host.jobs.park = Park(
        {"box": Elsewhere("box", workers=2, there=False, problem="no route", since="2026-11-30T08:00:00Z")}
    )
    [one] = ask(web, "GET", "/hosts").json()["hosts"]
    names = ("repo", "name", "state", "problem", "workers", "free", "since", "checked")
    assert {name: one[name] for name in names} == {
        "repo": "",
        "name": "box",
        "state": "unreachable",
        "problem": "no route",
        "workers": 2,
        "free": 0,
        "since": "2026-11-30T08:00:00Z",
        "checked": "",
    }


def test_the_list_filters_and_pages(web: Served) -> None:
    for name, extra in (("a", "priority: high"), ("b", "type: research")):
        make_mission(web.host, f"{PLAN}{extra}\n", name)

    def listed(query: str) -> list[str]:
        found = ask(web, "GET", f"/missions?{query}")
        assert found.status_code == 200, found.text
        return [one["mission"]["id"] for one in found.json()["missions"]]

    assert listed("") == ["a", "b", "m"]
    assert (listed("priority=high,urgent"), listed("type=research"), listed("status=active,paused")) == (
        ["a"],
        ["b"],
        ["m"],
    )
    assert listed("status=planning&priority=normal") == ["b"]
    pages, cursor = [], ""
    for _ in range(4):
        page = ask(web, "GET", f"/missions?limit=1&cursor={cursor}").json()
        pages += [one["mission"]["id"] for one in page["missions"]]
        cursor = page["next"]
        if not cursor:
            break
    assert pages == ["a", "b", "m"]
    whole = ask(web, "GET", "/missions?include_tasks=true&include_recent_events=2&status=paused,active").json()
    [one] = whole["missions"]
    assert [task["number"] for task in one["tasks"]] == ["1.1", "1.2", "1.3"]
    assert len(one["recent_events"]) == 2
    wrong = {}
    bad = ("limit=0", "limit=-1", "limit=x", f"limit={'9' * 50}", "cursor=!", "include_tasks=maybe", "sort=id")
    for query in (*bad, "limit=1&limit=2", "status=paused&status=active"):
        answer = ask(web, "GET", f"/missions?{query}")
        assert answer.status_code == 422, query
        wrong[query[:30]] = (answer.json()["title"], answer.json()["hint"])
    assert wrong == snapshot(
        {
            "limit=0": ("`limit` is 0", "use a number from 1 to 200"),
            "limit=-1": ("`limit` is -1", "use a number from 1 to 200"),
            "limit=x": ("`limit` is 'x'", "use a number from 1 to 200"),
            "limit=999999999999999999999999": (
                "`limit` is '9999999999999999999999999999999999999999'",
                "use a number from 1 to 200",
            ),
            "cursor=!": ("`cursor` is not one of this server", "take `next` of the page before"),
            "include_tasks=maybe": ("`include_tasks` is 'maybe'", "write true or false"),
            "sort=id": ("unknown parameter `sort`", "did you mean `cursor`?"),
            "limit=1&limit=2": ("`limit` is given twice", "give it once"),
            "status=paused&status=active": ("`status` is given twice", "separate several values by commas"),
        }
    )


def test_commands_act_in_the_name_of_the_token_and_start_a_pulse(web: Served) -> None:
    approver, manager = "approver", "manager"
    said = [
        ask(web, "POST", "/missions/m/approve", approver, json={"gate": "look", "comment": "fine"}),
        ask(web, "POST", "/missions/m/features/1.3/tell", manager, json={"message": "No dependencies, please."}),
        ask(web, "POST", "/missions/m/features", manager, json={"title": "d", "criteria": ["file: `d.txt`"]}),
        ask(web, "PATCH", "/missions/m/features/1.4", manager, json={"status": "skipped", "reason": "not needed"}),
        ask(web, "PATCH", "/missions/m", manager, json={"key": "budget.money_usd", "value": 2}),
        ask(web, "PATCH", "/missions/m", manager, json={"status": "paused", "reason": "lunch"}),
        ask(web, "POST", "/missions/m/resume", manager, json={}),
    ]
    assert [(one.status_code, one.json()["message"]) for one in said] == snapshot(
        [
            (200, "gate look is approved: fine"),
            (200, "1.3 is told: No dependencies, please. (its next attempt reads it)"),
            (200, "1.4 d is added to milestone 1"),
            (200, "1.4 is skipped: not needed"),
            (200, "m: budget.money_usd: 3 → 2"),
            (200, "m is paused: lunch"),
            (200, "m is resumed"),
        ]
    )
    assert [str(event.author) for event in web.host.context().state.history(limit=7)] == snapshot(
        [
            "manager <manager@example.org>",
            "manager <manager@example.org>",
            "manager <manager@example.org>",
            "manager <manager@example.org>",
            "manager <manager@example.org>",
            "manager <manager@example.org>",
            "approver <approver@example.org>",
        ]
    )
    assert len(web.memory.woken) == 7
    go_on(web.host)
    answered = ask(web, "POST", "/missions/m/requests/1/answer", approver, json={"response": "pass"})
    assert answered.json()["message"] == "request 1 is answered: pass"
    assert answered.json()["commit"] in answered.headers["etag"]


def test_a_mission_is_made_of_a_plan_once_for_each_key(web: Served) -> None:
    plan = {
        "title": "Second",
        "budget": {"money_usd": 1},
        "milestones": [{"name": "One", "features": [{"title": "a"}]}],
    }
    key = {"Idempotency-Key": "k1"}
    first = ask(web, "POST", "/missions", "manager", json={"plan": plan}, headers=key)
    assert (first.status_code, first.headers["location"]) == (201, "/api/v1/missions/second")
    again = ask(web, "POST", "/missions", "manager", json={"plan": plan}, headers=key)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, first.json(), "true")
    other = ask(web, "POST", "/missions", "manager", json={"plan": {**plan, "title": "Other"}}, headers=key)
    assert other.status_code == 422
    assert sorted(web.host.context().state.snapshot().missions) == ["m", "second"]
    wrong = ask(web, "POST", "/missions", "manager", json={"plan": {"title": "No milestones"}})
    assert (wrong.status_code, wrong.json()["title"]) == snapshot((422, "plan:1:1: `milestones` is missing"))
    assert ask(web, "POST", "/missions/second/start", "manager").status_code == 409


def test_what_has_changed_since_the_client_looked_is_not_overwritten(web: Served) -> None:
    tag = ask(web, "GET", "/missions/m").headers["etag"]
    assert ask(web, "POST", "/missions/m/resume", "manager", headers={"If-Match": tag}).status_code == 200
    before = decided(web.host)
    for method, path, body in (
        ("POST", "/missions/m/pause", {}),
        ("PATCH", "/missions/m", {"key": "priority", "value": "high"}),
        ("POST", "/missions/m/features", {"title": "x"}),
    ):
        found = ask(web, method, path, "manager", json=body, headers={"If-Match": tag})
        assert found.status_code == 412
        assert found.json()["hint"] == "look at it again, and send the new ETag in If-Match"
    assert decided(web.host) == before
    assert ask(web, "POST", "/missions/m/pause", "manager", headers={"If-Match": f'"x", {tag}, *'}).status_code == 200


def test_a_change_at_the_same_moment_is_not_overwritten_either(web: Served) -> None:
    ctx = web.host.context()
    mission = mission_of(web.host).id
    guarded = expecting(ctx, mission, f'"{ctx.state.head()}"')
    features.resume(ctx, "m")
    with pytest.raises(ChangedMeanwhileError):
        features.pause(guarded, "m")
    assert mission_of(web.host).status == "active"


def test_a_request_whose_outcome_is_unknown_is_not_carried_out_again(web: Served) -> None:
    key, body = {"Idempotency-Key": "k3"}, {"title": "x"}
    assert ask(web, "POST", "/missions/m/features", "manager", json=body, headers=key).status_code == 200
    with web.host.context().runtime.deciding() as book:  # as if the server had died after the commit
        [done] = book.ledger.replies
        book.note(replace(book.ledger, replies=(replace(done, status=0, body=""),)))
    again = ask(web, "POST", "/missions/m/features", "manager", json=body, headers=key)
    assert (again.status_code, again.json()["hint"]) == (409, "look whether it was done, and then use a new key")
    assert [f.title for f in mission_of(web.host).features()] == ["a", "b", "c", "x"]


def test_a_mission_is_moved_through_its_phases(shared: Served) -> None:
    host = begin(Workers())
    assert at(host) == "awaiting_feature_approval waiting"
    web = shared.show(host)
    said = [
        ask(web, "POST", "/missions/m/advance", "manager", json={"expected_phase": "planning"}),
        ask(web, "POST", "/missions/m/retry_phase", "manager", json={"reason": "again"}),
        ask(web, "POST", "/missions/m/skip_phase", "manager", json={"phase": "testing", "reason": "none"}),
        ask(web, "POST", "/missions/m/preview", "manager"),
        ask(web, "POST", "/missions/m/preview/stop", "manager"),
        ask(web, "POST", "/missions/m/pull_request", "manager"),
    ]
    assert [(one.status_code, one.json().get("message") or one.json()["title"]) for one in said] == snapshot(
        [
            (409, "m is in the phase `awaiting_feature_approval` by now, and not in `planning`"),
            (200, "the phase awaiting_feature_approval is retried: again"),
            (200, "the phase testing is skipped: none"),
            (409, "no preview can start: the settings name no command for it"),
            (200, "m has no preview"),
            (409, "no pull request can be opened: there is no forge"),
        ]
    )


def test_a_mission_ends_by_the_api(web: Served) -> None:
    said = [
        ask(web, "POST", "/missions/m/approve", "approver", json={"gate": "look"}),
        ask(web, "POST", "/missions/m/land", "approver"),
        ask(web, "POST", "/missions/m/features/1.3/skip", "manager", json={"reason": "too late"}),
        ask(web, "POST", "/missions/m/features/1.3/retry", "manager"),
        ask(web, "POST", "/missions/m/features/1.3/signal", "manager", json={"data": {"ok": True}}),
        ask(web, "POST", "/missions/m/cancel", "manager", json={"reason": "superseded"}),
        ask(web, "POST", "/missions/m/reject", "approver", json={"gate": "look", "comment": "no"}),
    ]
    assert [(one.status_code, one.json().get("message") or one.json()["title"]) for one in said] == snapshot(
        [
            (200, "gate look is approved"),
            (409, "no milestone has passed yet"),
            (200, "1.3 is skipped: too late"),
            (200, "1.3 is retried"),
            (404, "1.3 waits for no external event"),
            (200, "m is cancelled: superseded"),
            (200, "gate look is rejected: no"),
        ]
    )
    assert mission_of(web.host).status == "cancelled"


def test_a_command_that_fails_may_be_sent_again_with_its_key(web: Served) -> None:
    key = {"Idempotency-Key": "k2"}
    body = {"reason": "because"}
    assert ask(web, "POST", "/missions/m/features/9.9/skip", "manager", json=body, headers=key).status_code == 404
    assert ask(web, "POST", "/missions/m/features/1.3/skip", "manager", json=body, headers=key).status_code == 200
    again = ask(web, "POST", "/missions/m/features/1.3/skip", "manager", json=body, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    other = ask(web, "POST", "/missions/m/features/1.3/skip", "approver", json=body, headers=key)
    assert other.status_code == 403


def test_without_a_token_or_its_scope_nothing_is_shown_or_done(web: Served) -> None:
    before = decided(web.host)
    for operation in operations():
        path = PREFIX + operation.path.format(id="m", feature="1.1", number="1", planning="p", playbook="p")
        odd = ("Bearer", "Basic reader", "reader", "Bearer reader x") if operation.name == "get_mission" else ()
        for header in ("", "Bearer nobody", *odd):
            found = web.ask(operation.method, path, headers={"Authorization": header} if header else {})
            assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer")
            assert "over http" not in found.text.casefold()
        others = {"reader", "manager", "approver"} - _allowed(operation)
        for user in others:
            found = web.ask(operation.method, path, headers={"Authorization": f"Bearer {user}"})
            assert found.status_code == 403, (operation.name, user)
    assert decided(web.host) == before
    assert web.memory.woken == []


def _allowed(operation: Operation) -> set[str]:
    return {
        Scope.READ: {"reader", "manager", "approver"},
        Scope.MANAGE: {"manager"},
        Scope.APPROVE: {"approver"},
    }[operation.scope]


def test_input_that_makes_no_sense_is_refused_with_a_hint(web: Served) -> None:
    before = decided(web.host)
    cases: list[tuple[str, str, Any]] = [
        ("PATCH", "/missions/m", {}),
        ("PATCH", "/missions/m", {"status": "active", "key": "title"}),
        ("PATCH", "/missions/m", {"status": "completed"}),
        ("PATCH", "/missions/m", {"key": "budget.money_usd", "value": 300}),
        ("PATCH", "/missions/m", {"key": "budget.money_usd"}),
        ("PATCH", "/missions/m", {"key": "status", "value": "completed"}),
        ("POST", "/missions/m/features", {"title": " "}),
        ("POST", "/missions/m/features", {"titel": "a"}),
        ("POST", "/missions/m/features", {"title": 5}),
        ("POST", "/missions/m/features", {"title": "a", "criteria": [1]}),
        ("POST", "/missions/m/features", {"title": "a", "milestone": True}),
        ("POST", "/missions/m/features", []),
        ("POST", "/missions/m/features/x/retry", {}),
        ("POST", "/missions", {"plan": {}, "repo": "elsewhere"}),
    ]
    for method, path, body in cases:
        found = ask(web, method, path, "manager", json=body)
        assert found.status_code in {404, 422}, (path, body, found.text)
        assert found.json()["hint"], (path, body, found.text)
    assert ask(web, "POST", "/missions/nothing/pause", "manager").status_code == 404
    assert ask(web, "POST", "/missions/m/pause", "manager", content=b"{").status_code == 400
    text = {"Content-Type": "text/plain"}
    assert ask(web, "POST", "/missions/m/pause", "manager", content=b"{}", headers=text).status_code == 415
    assert ask(web, "POST", "/missions/m/requests/1/answer", "approver", json={"response": "x"}).status_code == 404
    assert decided(web.host) == before


def test_the_addresses_of_other_systems_are_the_same_resources(web: Served) -> None:
    for prefix in ALIASES:
        headers = {"Authorization": "Bearer manager"}
        found = web.ask("GET", f"{prefix}/missions/m", headers=headers)
        assert found.json() == ask(web, "GET", "/missions/m", "manager").json()
        assert found.headers["link"] == '</api/v1/missions/m>; rel="canonical"'
        assert web.ask("GET", f"{prefix}/missions?status=paused,active", headers=headers).status_code == 200
        made = web.ask("POST", f"{prefix}/missions/m/tasks", headers=headers, json={"title": "d"})
        path = f"{prefix}/missions/m/tasks/{made.json()['feature']}"
        assert web.ask("PATCH", path, headers=headers, json={"status": "skipped", "reason": "x"}).status_code == 200
        task = mission_of(web.host).feature(made.json()["feature"])
        assert task is not None
        assert (task.title, task.status) == ("d", "skipped")
        tests = web.ask("GET", f"{prefix}/missions/m/test_status", headers=headers).json()["milestones"]
        assert [[(c["text"], c["verdict"]) for c in one["criteria"]] for one in tests] == [[("file: `1.2.txt`", "")]]
        note = {"text": "deployed by hand", "feature": "1.2"}
        assert web.ask("POST", f"{prefix}/missions/m/events", headers=headers, json=note).status_code == 200
        assert mission_of(web.host).progress[-1].details == "1.2: deployed by hand (by manager)"
        assert web.ask("POST", f"{prefix}/missions/m/pause", headers=headers).status_code == 200
        assert mission_of(web.host).status == "paused"
        assert web.ask("POST", f"{prefix}/missions/m/resume", headers=headers).status_code == 200
        assert mission_of(web.host).status == "active"


def test_line_ends_in_a_path_reach_no_header(web: Served) -> None:
    headers = {"Authorization": "Bearer manager"}
    path = "/api/internal/missions/m/features/1.3%0d%0aX-Evil:%201"
    assert web.ask("PATCH", path, headers=headers, json={"status": "pending"}).status_code in {404, 422}
    found = web.ask("PATCH", "/api/internal/missions/m/features/1.3%0d%0a", headers=headers, json={"status": "pending"})
    assert found.status_code in {200, 404, 422}
    assert not {"x-evil"} & set(found.headers)


def test_two_repositories_with_one_id_are_told_apart(web: Served, start: Host) -> None:
    other = start.copy(Fate())
    other.jobs.name = "there:000002"
    web.show(web.host, other)
    found = ask(web, "GET", "/missions/m")
    assert (found.status_code, found.json()["hint"]) == (422, "add ?repo=here:000001")
    assert ask(web, "POST", "/missions/m/pause?repo=there:000002", "manager").status_code == 200
    assert (mission_of(web.host).status, mission_of(other).status) == (mission_of(start).status, "paused")
    assert ask(web, "GET", "/missions/m?repo=nowhere").status_code == 404
    assert [one["mission"]["repo"] for one in ask(web, "GET", "/missions").json()["missions"]] == [
        "here:000001",
        "there:000002",
    ]


def test_a_token_is_known_by_its_hash_only() -> None:
    users = [Access(name, hash_of(f"{name} token"), (), "") for name in ("a", "b")]
    assert [getattr(holder(users, token), "name", None) for token in ("a token", "b token", "c", "")] == [
        "a",
        "b",
        None,
        None,
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def bodies(operation: Operation) -> st.SearchStrategy[Any]:
    """Bodies that are nearly right, and any others."""
    near = st.fixed_dictionaries({}, optional={one.name: JSON for one in operation.body}) if operation.body else JSON
    return near | JSON


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_sent_gets_an_answer_that_the_document_describes(web: Served, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(operations()))
    odd = st.sampled_from(["m", "1.1", "1", "9.9", "..", "%00", "é", "a/b", "%2e%2e%2fm", "x" * 300])
    path = re.sub(r"\{\w+\}", lambda _: data.draw(odd), operation.path)
    user = data.draw(st.sampled_from(["manager", "approver", "reader", "nobody"]))
    headers = {"Authorization": f"Bearer {user}"}
    more = {"json": data.draw(bodies(operation))} if operation.changes else {}
    found = web.ask(operation.method, f"{PREFIX}{path}", headers=headers, **more)
    assert found.status_code < 500, found.text
    if found.status_code < 400:
        check(operation.method, path, found)
    else:
        assert {"type", "status", "title", "hint"} <= found.json().keys()
