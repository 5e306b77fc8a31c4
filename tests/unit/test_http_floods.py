"""Too many connections, and requests that never end: the server stays usable, and nothing changes."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.served import Served, served, works

from mission_cli.surfaces.http import bodies, patience
from mission_cli.surfaces.http.server import MOST_CONNECTIONS, bind

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = "title: Flooded\nbudget: {money_usd: 3}\nmilestones: [{name: One, features: [{title: a}]}]\n"
LIMIT = 0.5


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server that is less patient than usual."""
    monkeypatch.setattr(patience, "SECONDS", LIMIT)
    monkeypatch.setattr(bodies, "SECONDS", LIMIT)
    host = make_host(works)
    make_mission(host, PLAN)
    with served(host) as running:
        yield running


def connect(web: Served) -> socket.socket:
    host, _, port = web.name.partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def is_usable(web: Served) -> bool:
    return web.ask("GET", "/api/v1/missions/m", headers={"Authorization": "Bearer reader"}).status_code == 200


def test_connections_without_a_request_are_closed_and_the_server_answers_again(web: Served) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(connect(web)) for _ in range(MOST_CONNECTIONS)]
        found = web.ask("GET", "/api/v1/missions", headers={"Authorization": "Bearer reader"})
        assert found.status_code == 503
        assert {one.recv(1) for one in idle} == {b""}, "each is closed when its time is over"
        assert is_usable(web)


def test_headers_that_never_end_are_given_up(web: Served) -> None:
    with connect(web) as wire:
        began = time.monotonic()
        wire.sendall(f"GET / HTTP/1.1\r\nHost: {web.name}\r\nX-A: 1".encode())
        assert wire.recv(1) == b""
        assert LIMIT / 2 < time.monotonic() - began < 30
    assert is_usable(web)


def test_a_second_request_of_a_connection_has_the_same_limit(web: Served) -> None:
    with connect(web) as wire:
        wire.sendall(f"GET /api/v1/openapi.json HTTP/1.1\r\nHost: {web.name}\r\n\r\n".encode())
        stream = wire.makefile("rb")
        length = 0
        while (line := stream.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert len(stream.read(length)) == length
        wire.sendall(b"GET / HT")
        assert stream.read(1) == b""


def test_a_body_that_comes_too_slowly_is_given_up(web: Served) -> None:
    head = f"POST /hooks/slack HTTP/1.1\r\nHost: {web.name}\r\nContent-Length: 100\r\n\r\npay"
    with connect(web) as wire:
        wire.sendall(head.encode())
        assert wire.makefile("rb").readline() == b"HTTP/1.1 408 Request Timeout\r\n"
    assert is_usable(web)


def test_answers_are_sent_at_once() -> None:
    """Without it, each answer on a kept connection waits 40 ms for the client's acknowledgment."""
    listener, address = bind("127.0.0.1", 0)
    listener.listen()
    with listener, socket.create_connection((address.host, address.port)):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP, "asyncio switches the delay off for no other sockets"
