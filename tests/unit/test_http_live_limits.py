"""Clients that listen and do not read, too many of them, and those that may not listen any more."""

from __future__ import annotations

import base64
import json
import re
import socket
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.kit import served as kit
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import ADA
from tests.kit.served import Served, served, works
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mission_cli.ports.git.state import Write
from mission_cli.surfaces.http import patience
from mission_cli.surfaces.http.live import follow, hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kit.fakes.host import Host
    from websockets.sync.client import ClientConnection

PLAN = "title: T\nbudget: {money_usd: 9}\nmilestones: [{name: A, features: [{title: a}]}]\n"
LIMIT = 0.3
MORE_THAN_BUFFERS = 6 << 20
READER = {"Authorization": "Bearer reader"}
SUBSCRIBE = json.dumps({"command": "subscribe", "type": "account"}).encode()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server with a mission that is less patient than usual."""
    monkeypatch.setattr(patience, "STALL_SECONDS", LIMIT)
    host = make_host(works)
    make_mission(host, PLAN)
    with served(host) as running:
        yield running


def change(web: Served, size: int = 1, words: str = "x") -> None:
    """Commit a change of the mission; its event has these words, as often as wanted."""
    commit(web.host, words * size)


def commit(host: Host, words: str = "x") -> None:
    """Commit a change of the mission of a host."""
    state = host.context().state
    [stored] = state.snapshot().missions.values()
    write = Write(stored.path, f"{stored.text}\nx\n", stored.text)
    state.commit([write], message=words, expect=state.head(), author=ADA)


@contextmanager
def wire(web: Served, path: str, *headers: str, end: bytes = b"\r\n\r\n") -> Iterator[socket.socket]:
    """A connection whose client reads the headers of the response, or up to what it has to end with, and stops."""
    host, _, port = web.name.partition(":")
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.settimeout(20)
        made.connect((host, int(port)))
        lines = [f"GET {path} HTTP/1.1", f"Host: {web.name}", "Authorization: Bearer reader", *headers, "", ""]
        made.sendall("\r\n".join(lines).encode())
        read = b""
        while not read.endswith(end):
            read += made.recv(1)
        yield made


def until(said: Callable[[], bool], seconds: float = 20) -> None:
    """Return as soon as something is so."""
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # polled until the deadline of the test


def test_a_stream_whose_client_does_not_read_is_dropped(web: Served) -> None:
    with wire(web, "/api/v1/events", end=b"event: ready\n"):
        for _ in range(2):
            change(web, MORE_THAN_BUFFERS)
        until(lambda: "GET /api/v1/events 200" in web.log)
    assert web.ask("GET", "/api/v1/missions/m", headers=READER).status_code == 200


def test_a_socket_whose_client_does_not_read_is_dropped(web: Served) -> None:
    key = base64.b64encode(b"0" * 16).decode()
    headers = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13")
    with wire(web, "/api/v1/ws", *headers) as client:
        client.sendall(bytes([0x81, 0x80 | len(SUBSCRIBE), 0, 0, 0, 0]) + SUBSCRIBE)
        read = b""
        while b'"event": "ready"' not in read:
            read += client.recv(1)
        for _ in range(2):
            change(web, MORE_THAN_BUFFERS)
        until(lambda: "WEBSOCKET /api/v1/ws 101" in web.log)


def test_only_so_many_clients_listen_at_once(web: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MOST_STREAMS", 3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(web.client.stream("GET", f"{web.url}/api/v1/events", headers=READER))
        found = web.ask("GET", "/api/v1/events", headers=READER)
        assert (found.status_code, found.headers["retry-after"]) == (503, "5")
        assert found.json()["title"] == "3 clients listen already"
    until(lambda: len(web.log) >= 4)
    with web.client.stream("GET", f"{web.url}/api/v1/events", headers=READER) as again:
        assert again.status_code == 200


def test_a_stream_ends_when_its_token_is_removed(web: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with web.client.stream("GET", f"{web.url}/api/v1/events", headers=READER) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        monkeypatch.setattr(kit, "USERS", kit.USERS[1:])
        began = time.monotonic()
        assert "event: ready" in list(lines)
        assert time.monotonic() - began < 30
    assert web.ask("GET", "/api/v1/events", headers=READER).status_code == 401


def test_a_client_that_hears_nothing_learns_that_the_server_is_there_and_where_it_is(
    web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "HEARTBEAT_SECONDS", 0.2)
    with web.client.stream("GET", f"{web.url}/api/v1/events?kind=error", headers=READER) as stream:
        lines = stream.iter_lines()
        while next(lines) != ": still here":
            pass
        change(web)
        head = web.host.context().state.head()
        until(lambda: next(lines) == f"id: {head}")


def test_the_server_ends_at_once_while_clients_listen() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    with ExitStack() as stack:
        with served(host) as running:
            for path in ("/api/v1/events", "/api/v1/events?kind=error"):
                stream = stack.enter_context(running.client.stream("GET", running.url + path, headers=READER))
                assert next(stream.iter_lines()) == "retry: 2000"
            began = time.monotonic()
        assert time.monotonic() - began < 3


def drain(client: ClientConnection) -> None:
    """Read until the connection is closed."""
    while True:
        client.recv(timeout=20)


def test_who_is_signed_in_on_the_page_listens_until_the_session_ends(web: Served) -> None:
    own = {"Origin": web.url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=web.url, trust_env=False, timeout=20) as browser:
        assert browser.post("/sign-in", data={"token": "reader"}, headers=own).status_code == 303
        page = browser.get("/").text
        form = re.search(r'action="/sign-out">\s*<[^>]* name="([^"]+)" value="([^"]+)"', page)
        assert form is not None, page
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
        there = partial(connect, f"ws://{web.name}/api/v1/ws", proxy=None)
        with (
            browser.stream("GET", "/api/v1/events") as stream,
            there(additional_headers={**cookie, **own}) as client,
        ):
            client.send(SUBSCRIBE.decode())
            assert json.loads(client.recv(timeout=20))["type"] == "subscribed"
            lines = stream.iter_lines()
            assert next(lines) == "retry: 2000"
            with pytest.raises(InvalidStatus) as refused:
                there(additional_headers={**cookie, "Origin": "https://evil.example"})
            assert refused.value.response.status_code == 403
            assert browser.post("/sign-out", data={form[1]: form[2]}, headers=own).status_code == 303
            assert "event: ready" in list(lines)
            with pytest.raises(ConnectionClosed) as closed:
                drain(client)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
        assert browser.get("/api/v1/events").status_code == 401


def test_a_request_for_the_headers_alone_ends(web: Served) -> None:
    found = web.ask("HEAD", "/api/v1/events", headers=READER)
    assert (found.status_code, found.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert web.ask("HEAD", "/api/v1/events").status_code == 401


def test_bytes_that_are_no_text_end_no_stream(web: Served) -> None:
    with web.client.stream("GET", f"{web.url}/api/v1/events?kind=journal", headers=READER) as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data: "))
        assert json.loads(next(lines)[6:])["event"] == "ready"
        words = "\r\u2028\x1b[2J"
        change(web, words=words)
        assert json.loads(next(lines)[6:])["payload"]["subject"] == words
    assert json.loads(follow.body_of({"words": "\udcff"}).encode()) == {"words": "\udcff"}


def data_of(lines: Iterator[str]) -> dict[str, Any]:
    """The next event."""
    found: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("data: "))[6:])
    return found


def test_an_id_names_a_place_in_each_of_several_repositories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_AGAIN_SECONDS", 0.1)
    hosts = [make_host(works, name=f"host{number}:00000{number}") for number in range(3)]
    for host in hosts:
        make_mission(host, PLAN)
    path = "/api/v1/events?kind=journal"
    with served(*hosts[:2]) as web:
        with web.client.stream("GET", web.url + path, headers=READER) as stream:
            lines = stream.iter_lines()
            ready = data_of(lines)["id"]
            assert [len(part) for part in ready.split(",")] == [8 + 1 + 40] * 2
            told = []
            for host in (hosts[1], hosts[0], hosts[1]):
                commit(host)
                told.append(data_of(lines))
            assert [one["repo"] for one in told] == ["host1:000001", "host0:000000", "host1:000001"]
            web.memory.hosts.append(hosts[2])
            new = data_of(lines)
            assert [new["event"], new["repo"], new["id"].count(",")] == ["reset", "host2:000002", 2]
        with web.client.stream("GET", web.url + path, headers={**READER, "Last-Event-ID": told[0]["id"]}) as stream:
            lines = stream.iter_lines()
            again = sorted((data_of(lines) for _ in range(3)), key=lambda one: (one["event"], one["repo"]))
            assert [(one["event"], one["repo"]) for one in again] == [
                ("journal", "host0:000000"),
                ("journal", "host1:000001"),
                ("reset", "host2:000002"),
            ]
        one = f"{path}&repo=host1:000001&after={told[0]['id']}"
        with web.client.stream("GET", web.url + one, headers=READER) as stream:
            assert data_of(stream.iter_lines())["id"] == hosts[1].context().state.head()
        found = web.ask("GET", "/api/v1/missions/m/events/stream", headers=READER)
        assert (found.status_code, found.json()["hint"]) == (422, "add ?repo=host0:000000")
