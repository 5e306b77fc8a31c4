"""Events over HTTP, in process: server-sent events and WebSockets, by the real server on loopback."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import ADA
from tests.kit.served import Served, go_on, served, works
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mission_cli.app.commands import features, lifecycle
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

PLAN = (
    "title: T\nbudget: {money_usd: 9}\npreferences: {runner: script}\nmilestones: [{name: A, features: [{title: a}]}]\n"
)
DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
SCHEMA = Draft202012Validator({"$ref": "#/components/schemas/StreamEvent", "components": DOCUMENT["components"]})
READER = {"Authorization": "Bearer reader"}
PAUSED, ACTIVE = ("status_changed", "paused"), ("status_changed", "active")


@pytest.fixture(scope="module")
def web() -> Iterator[Served]:
    """A server with two missions, one of which is active."""
    host = make_host(works)
    for name in ("m", "other"):
        make_mission(host, PLAN, name)
        lifecycle.start(host.context(), name)
    with served(host) as running:
        yield running


class Stream:
    """A client of server-sent events."""

    def __init__(self, web: Served, path: str = "/api/v1/events", last: str = "", **more: str) -> None:
        headers = {**READER, **({"Last-Event-ID": last} if last else {}), **more}
        self._manager = web.client.stream("GET", web.url + path, headers=headers)
        self.response = self._manager.__enter__()
        self._lines = self.response.iter_lines()

    def block(self) -> dict[str, str]:
        """The next block of lines, without comments."""
        found: dict[str, str] = {}
        for line in self._lines:
            if not line and found:
                return found
            key, _, value = line.partition(": ")
            if key:
                found[key] = value
        return found

    def event(self) -> dict[str, Any]:
        """The next event."""
        while "data" not in (block := self.block()):
            pass
        body: dict[str, Any] = json.loads(block["data"])
        assert (block["event"], block.get("id", "")) == (body["event"], body["id"])
        SCHEMA.validate(body)
        return body

    def close(self) -> None:
        """Go away."""
        self._manager.__exit__(None, None, None)


def pause(web: Served, mission: str = "m") -> None:
    features.pause(web.host.context(), mission)


def resume(web: Served, mission: str = "m") -> None:
    features.resume(web.host.context(), mission)


def statuses(stream: Stream, count: int) -> list[tuple[str, str]]:
    found = [stream.event() for _ in range(count)]
    return [(one["event"], one["payload"].get("status", "")) for one in found]


def test_a_change_is_told_with_what_the_client_needs_to_go_on(web: Served) -> None:
    stream = Stream(web, "/api/v1/events?kind=status_changed,error&mission=m")
    assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.response.headers["cache-control"] == "no-store"
    assert stream.block() == {"retry": "2000"}
    ready = stream.event()
    assert (ready["event"], ready["id"]) == ("ready", web.host.context().state.head())
    pause(web, "other")
    pause(web)
    told = stream.event()
    head = web.host.context().state.head()
    assert told["payload"] == {
        "mission_id": "m",
        "status": "paused",
        "previous_status": "active",
        "current_phase": "",
    }
    assert {key: told[key] for key in ("event", "mission", "repo")} == {
        "event": "status_changed",
        "mission": "m",
        "repo": web.host.jobs.name,
    }
    assert told["id"].startswith(f"{head}.")
    stream.close()
    resume(web, "other")
    resume(web)
    again = Stream(web, "/api/v1/missions/m/events/stream?kind=status_changed", last=told["id"])
    assert statuses(again, 1) == [ACTIVE]
    again.close()


def test_a_client_that_comes_back_gets_each_event_once(web: Served) -> None:
    stream = Stream(web)
    ready = stream.event()["id"]
    pause(web)
    resume(web)
    first: list[dict[str, Any]] = []
    while [one["payload"].get("status") for one in first if one["event"] == "status_changed"] != ["paused", "active"]:
        first.append(stream.event())
    stream.close()
    for seen in range(len(first)):
        last = first[seen - 1]["id"] if seen else ready
        again = Stream(web, f"/api/v1/ai/events?after={ready}", last=last)
        assert [again.event() for _ in range(len(first) - seen)] == first[seen:]
        again.close()
    after = Stream(web, f"/api/v1/events?after={ready}")
    assert after.event() == first[0]
    after.close()


@pytest.mark.parametrize("last", ["0" * 40, "0" * 40 + ".3", "nonsense", "a:b", "12345678:" + "0" * 40, "x" * 3000])
def test_a_client_that_cannot_go_on_loads_the_state_anew(web: Served, last: str) -> None:
    stream = Stream(web, "/api/v1/events?kind=status_changed", last=last)
    told = stream.event()
    assert (told["event"], told["id"]) == ("reset", web.host.context().state.head())
    assert told["payload"]["reason"]
    pause(web)
    assert statuses(stream, 1) == [PAUSED]
    stream.close()
    resume(web)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/events", {"Authorization": ""}, 401),
        ("/api/v1/events", {"Authorization": "Bearer nobody"}, 401),
        ("/api/v1/events", {"Authorization": "", "Cookie": "mission-page=guess"}, 401),
        ("/api/v1/events?token=reader", {}, 400),
        ("/api/v1/events?kind=nothing", {}, 422),
        ("/api/v1/events?color=red", {}, 422),
        ("/api/v1/missions/none/events/stream", {}, 404),
        ("/api/v1/missions/m/events/stream?mission=other", {}, 422),
        ("/api/v1/ws", {}, 426),
        ("/api/v1/events", {"Host": "evil.example"}, 421),
        ("/api/v1/events", {"Origin": "https://evil.example"}, 403),
    ],
)
def test_what_may_not_listen_is_refused(web: Served, path: str, headers: dict[str, str], status: int) -> None:
    found = web.ask("GET", path, headers={**READER, **headers})
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"


def socket_of(web: Served, headers: dict[str, str] | None = None) -> ClientConnection:
    """A WebSocket with a token."""
    return connect(f"ws://{web.name}/api/v1/ws", proxy=None, additional_headers=READER if headers is None else headers)


def say(socket: ClientConnection, **message: str) -> None:
    socket.send(json.dumps(message))


def heard(socket: ClientConnection) -> dict[str, Any]:
    """The next message."""
    found: dict[str, Any] = json.loads(socket.recv(timeout=20))
    return found


def test_a_socket_has_a_subscription_for_a_mission_and_one_for_all(web: Served) -> None:
    with socket_of(web) as socket:
        say(socket, command="subscribe", type="mission", id="m", kind="status_changed")
        assert heard(socket) == {"type": "subscribed", "subscription": "mission:m"}
        ready = heard(socket)
        assert [ready[key] for key in ("type", "event", "subscription")] == ["event", "ready", "mission:m"]
        say(socket, command="subscribe", type="account", kind="status_changed", subscription="all")
        assert heard(socket) == {"type": "subscribed", "subscription": "all"}
        assert heard(socket)["event"] == "ready"
        pause(web, "other")
        told = heard(socket)
        assert [told[key] for key in ("subscription", "mission", "event")] == ["all", "other", "status_changed"]
        pause(web)
        assert {heard(socket)["subscription"] for _ in range(2)} == {"all", "mission:m"}
        say(socket, command="unsubscribe", subscription="all")
        assert heard(socket) == {"type": "unsubscribed", "subscription": "all"}
        resume(web, "other")
        resume(web)
        back = heard(socket)
        assert [back["mission"], back["payload"]["status"]] == ["m", "active"]
    with socket_of(web) as socket:
        say(socket, command="subscribe", type="account", kind="status_changed", last_event_id=told["id"])
        assert heard(socket)["type"] == "subscribed"
        found = [heard(socket) for _ in range(3)]
        assert [one["mission"] for one in found] == ["m", "other", "m"]
        assert found[-1]["id"] == back["id"]


def test_the_token_may_come_in_the_first_message(web: Served) -> None:
    with socket_of(web, headers={}) as socket:
        socket.send('{"command": "authenticate", "token": "reader"}')
        assert heard(socket) == {"type": "welcome"}
        say(socket, command="subscribe", type="account")
        assert heard(socket)["type"] == "subscribed"
    for message in ({"command": "authenticate", "token": "wrong"}, {"command": "subscribe", "type": "account"}, [1]):
        with socket_of(web, headers={}) as socket:
            socket.send(json.dumps(message))
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=20)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer nobody"}, 401),
        ({**READER, "Origin": "https://evil.example"}, 403),
        ({**READER, "Origin": "null"}, 403),
        ({**READER, "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_socket_of_another_site_is_refused(web: Served, headers: dict[str, str], status: int) -> None:
    with pytest.raises(InvalidStatus) as refused, socket_of(web, headers=headers):
        pass
    assert refused.value.response.status_code == status
    deadline = time.monotonic() + 30
    while f"WEBSOCKET /api/v1/ws {status}" not in web.log:  # is written after the answer
        assert time.monotonic() < deadline


def test_a_socket_of_our_own_page_is_served(web: Served) -> None:
    with socket_of(web, headers={**READER, "Origin": web.url, "Sec-Fetch-Site": "same-origin"}) as socket:
        say(socket, command="subscribe", type="mission", id="m")
        assert heard(socket)["type"] == "subscribed"


@pytest.mark.parametrize(
    ("message", "status", "words"),
    [
        ("no JSON", 422, "the message is not JSON"),
        ('{"command": "shout"}', 422, "unknown command: 'shout'"),
        ('{"command": "subscribe", "type": "planet"}', 422, "unknown type: 'planet'"),
        ('{"command": "subscribe", "type": "mission", "id": "none"}', 404, "there is no mission `none`"),
        ('{"command": "subscribe", "type": "account", "id": 7}', 422, "`id` is not text"),
        ('{"command": "subscribe", "type": "account", "color": ""}', 422, "unknown key: color"),
        (b"\x00", 422, "the message is not JSON"),
    ],
)
def test_a_message_that_makes_no_sense_is_answered(web: Served, message: str | bytes, status: int, words: str) -> None:
    with socket_of(web) as socket:
        socket.send(message)
        found = heard(socket)
        assert [found["type"], found["status"], found["title"]] == ["refused", status, words]


def test_a_journal_that_leads_elsewhere_is_told_to_clients_that_listen(web: Served) -> None:
    stream = Stream(web, "/api/v1/events?kind=status_changed")
    assert stream.event()["event"] == "ready"
    state, objects = web.host.context().state, web.host.jobs.objects
    before = list(objects.line(state.head() or objects.all()))[3]  # type: ignore[arg-type]  # there is one
    web.host.jobs.disk.write("state/head", before)
    state.commit([Write("more.md", "x")], message="More", expect=before, author=ADA)
    told = stream.event()
    assert (told["event"], told["id"]) == ("reset", state.head())
    stream.close()


def test_logs_of_running_attempts_are_sent_as_they_are_printed_and_have_no_place() -> None:
    host = make_host(lambda _: Outcome(3600.0, prints=("one", "two")))
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 1)
    with served(host) as web:
        stream = Stream(web, "/api/v1/missions/m/events/stream?kind=log")
        ready = stream.event()
        found = stream.event()
        assert (ready["event"], found["event"], found["id"]) == ("ready", "log", "")
        assert found["payload"]["run"] == "m/1.1-a1"
        assert [one["text"] for one in found["payload"]["entries"]] == ["one", "two"]
        assert [found["payload"][key] for key in ("mission_id", "left_out", "ended")] == ["m", 0, False]
        stream.close()
        refused = web.ask("GET", "/api/v1/events?kind=log", headers=READER)
        assert (refused.status_code, refused.json()["title"]) == (422, "no mission is named")
