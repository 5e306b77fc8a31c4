"""What no one may do to the server, as bytes on the wire: each is refused, nothing changes, and nothing leaks."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.nightly import by_day, only_at_night
from tests.kit.served import SECRETS, SERVE, Served, served, works

from mission_cli._support.dataclass import replace
from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http import bodies, patience
from mission_cli.surfaces.http.api.routes import ALIASES, PREFIX, operations
from mission_cli.surfaces.http.patience import MOST_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.surfaces.http.api.operation import Operation

PLAN = "title: Attacked\nbudget: {money_usd: 3}\nmilestones: [{name: One, features: [{title: a}]}]\n"
ONE = f"{PREFIX}/missions/m"
SHORT = 0.4
_LEAKS = ("Traceback", "site-packages", "mission_cli/", "/home/", "root:x:", "manager", "approver")
"""What no answer and no line of the log may contain; the names of users are their tokens here."""


@pytest.fixture(scope="module")
def web() -> Iterator[Served]:
    """A server with one mission and little patience."""
    host = make_host(works)
    host.settings = replace(host.settings, serve=SERVE)
    make_mission(host, PLAN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patience, "SECONDS", SHORT)
        patch.setattr(bodies, "SECONDS", SHORT)
        with served(host) as running:
            yield running


@pytest.fixture(autouse=True)
def _unchanged(web: Served) -> Iterator[None]:
    """Nothing has changed and nothing leaked, and the server still answers."""
    web.log.clear()
    before = state_of(web)
    yield
    assert state_of(web) == before
    found = web.ask("GET", ONE, headers={"Authorization": "Bearer reader"})
    assert (found.status_code, found.json()["id"]) == (200, "m")
    assert not [word for word in _LEAKS for line in web.log if word in line]


def state_of(web: Served) -> tuple[object, ...]:
    """The commit, what a person has edited, requests for pulses, and STOP."""
    ctx = web.host.context()
    return ctx.state.head(), ctx.state.edits(), [*web.memory.woken], ctx.runtime.stopped(), ctx.runtime.outbox()


def wire_to(web: Served) -> socket.socket:
    host, _, port = web.name.partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def said(wire: socket.socket) -> bytes:
    """All that the server says until it closes the connection."""
    parts = []
    while part := received(wire):
        parts.append(part)
    return b"".join(parts)


def received(wire: socket.socket) -> bytes:
    try:
        return wire.recv(1 << 16)
    except (ConnectionResetError, TimeoutError):
        return b""


def sent(web: Served, raw: bytes) -> bytes:
    """Send bytes; return all that is answered until the server closes the connection, or says no more."""
    with wire_to(web) as wire:
        wire.sendall(raw)
        first = received(wire)
        wire.settimeout(SHORT)
        return first + said(wire)


def statuses(answer: bytes) -> list[int]:
    assert not [word for word in _LEAKS if word.encode() in answer]
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]


def head(
    web: Served, line: str, *more: str, body: bytes = b"", user: str = "manager", host: str | None = None
) -> bytes:
    """A request as bytes."""
    lines = [line, f"Host: {web.name if host is None else host}"]
    lines += [f"Authorization: Bearer {user}"] if user else []
    return "\r\n".join([*lines, "Connection: close", *more, "", ""]).encode("latin-1") + body


def filled(path: str) -> str:
    """A path with all its parts."""
    return re.sub(r"\{\w+\}", "1", path.replace("{id}", "m").replace("{feature}", "1.1"))


@pytest.mark.parametrize("prefix", by_day([PREFIX, *ALIASES], 1))
def test_each_operation_needs_a_token_with_its_scope(web: Served, prefix: str) -> None:
    lacking = {Scope.READ: "", Scope.MANAGE: "reader", Scope.APPROVE: "manager"}

    def refused(operation: Operation, path: str) -> None:
        for token in dict.fromkeys((*by_day(["", "guess"], 1), lacking[operation.scope])):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            found = web.ask(operation.method, prefix + filled(path), headers=headers)
            assert found.status_code == (403 if token not in {"", "guess"} else 401), (operation.name, token)
            assert found.headers["content-type"] == "application/problem+json"

    for operation in operations():
        for path in (operation.path, *operation.aliases):
            refused(operation, path)


FOREIGN = [
    ("evil.example", 421),
    ("127.0.0.1", 421),
    ("127.0.0.1:1", 421),
    ("missions.example.org.evil.example", 421),
    ("", 421),
    ("a b", 421),
]


@pytest.mark.parametrize(("host", "status"), FOREIGN)
def test_a_foreign_name_of_the_host_is_refused(web: Served, host: str, status: int) -> None:
    assert statuses(sent(web, head(web, f"GET {ONE} HTTP/1.1", host=host))) in ([status], [400])


def test_requests_without_a_host_or_with_two_are_refused(web: Served) -> None:
    assert statuses(sent(web, f"GET {ONE} HTTP/1.1\r\n\r\n".encode())) == [400]
    assert statuses(sent(web, f"GET {ONE} HTTP/1.0\r\nAuthorization: Bearer reader\r\n\r\n".encode())) == [421]
    assert statuses(sent(web, head(web, f"GET {ONE} HTTP/1.1", "Host: evil.example"))) in ([400], [421])


ORIGINS = [
    "https://evil.example",
    "http://missions.example.org",
    "https://missions.example.org.evil.example",
    "file://",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_requests_from_pages_of_other_sites_are_refused(web: Served, origin: str) -> None:
    for line in (f"GET {ONE} HTTP/1.1", f"POST {ONE}/start HTTP/1.1", f"PATCH {ONE} HTTP/1.1"):
        assert statuses(sent(web, head(web, line, f"Origin: {origin}"))) == [403]
    cross = head(web, f"POST {ONE}/start HTTP/1.1", "Sec-Fetch-Site: cross-site")
    assert statuses(sent(web, cross)) == [403]
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    for path in ("/api/v1/ws", "/ws", ONE, "/"):
        raw = head(web, f"GET {path} HTTP/1.1", f"Origin: {origin}", *upgrade, key).replace(
            b"Connection: close\r\n", b""
        )
        assert statuses(sent(web, raw)) == [403], path


METHODS = ["CONNECT", "TRACE", "TRACK", "PROPFIND", "DELETE", "PUT", "get", "PRI"]


@pytest.mark.parametrize("method", METHODS)
def test_methods_that_nothing_has_are_refused(web: Served, method: str) -> None:
    [status] = statuses(sent(web, head(web, f"{method} {ONE}/why HTTP/1.1", "X-Secret: echo")))
    assert status in {400, 405}
    assert b"echo" not in sent(web, head(web, f"{method} / HTTP/1.1", "X-Secret: echo"))
    assert set(statuses(sent(web, head(web, f"{method} evil.example:443 HTTP/1.1")))) <= {400, 404, 405}


PATHS = [
    "/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/%252e%252e/%252e%252e/etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/..%5c..%5cetc%5cpasswd",
    "/..\\..\\etc\\passwd",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/etc/passwd%00.html",
    "/%c0%ae%c0%ae/etc/passwd",
    "/file:///etc/passwd",
    "/....//....//etc/passwd",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_server(web: Served, path: str) -> None:
    for start in ("", "/static", "/api/v1/missions", ONE, f"{ONE}/file", "/m", "/decide", "/hooks/signal", "/enter"):
        for method in ("GET", "POST"):
            [status] = statuses(sent(web, head(web, f"{method} {start}{path} HTTP/1.1")))
            assert status in {303, 307, 400, 401, 403, 404, 405, 415, 422}, (method, start, path)
    for query in ("repo", "part", "cursor"):
        answer = sent(web, head(web, f"GET {ONE}/why?{query}={path} HTTP/1.1"))
        assert set(statuses(answer)) <= {400, 404, 422}


INJECTIONS = [
    "%0d%0aSet-Cookie:%20x=1",
    "%0aSet-Cookie:%20x=1",
    "%0d%0a%0d%0a<script>",
    "%e5%98%8a%e5%98%8dSet-Cookie:x",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_header_of_an_answer_can_be_written_by_a_request(web: Served, text: str) -> None:
    for path in (f"/api/v1/ai/missions/{text}", f"/api/internal/missions/m{text}/why", f"/m/{text}", f"/?repo={text}"):
        for method in ("GET", "POST"):
            answer = sent(web, head(web, f"{method} {path} HTTP/1.1"))
            top = answer.partition(b"\r\n\r\n")[0].lower()
            assert b"\nset-cookie: x" not in top
            assert b"<script>" not in top
    assert statuses(sent(web, head(web, f"GET {ONE} HTTP/1.1", "X-A: 1\n\rX-B: 2"))) == [400]
    assert statuses(sent(web, head(web, f"GET {ONE} HTTP/1.1", "X-A: \x00"))) == [400]
    assert statuses(sent(web, head(web, f"GET {ONE} HTTP/1.1", "X A: 1"))) == [400]


CHUNKED, EMPTY = "Transfer-Encoding: chunked", b"0\r\n\r\n"
SMUGGLED = b"POST /api/v1/missions/m/start HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer manager\r\n\r\n"
FRAMES: list[tuple[tuple[str, ...], bytes]] = [
    (("Content-Length: 0", "Content-Length: 5"), SMUGGLED),
    (("Content-Length: 5", CHUNKED), EMPTY + SMUGGLED),
    ((CHUNKED, "Content-Length: 0"), EMPTY + SMUGGLED),
    (("Transfer-Encoding: chunked, identity",), EMPTY + SMUGGLED),
    (("Transfer-Encoding: xchunked",), EMPTY + SMUGGLED),
    (("Transfer-Encoding: identity", CHUNKED), EMPTY + SMUGGLED),
    (("Transfer-Encoding : chunked",), EMPTY + SMUGGLED),
    (("Content-Length: +0",), SMUGGLED),
    (("Content-Length: -1",), SMUGGLED),
    (("Content-Length: 0x0",), SMUGGLED),
    (("Content-Length: 0, 5",), SMUGGLED),
    ((CHUNKED,), b"-1\r\n\r\n" + SMUGGLED),
    ((CHUNKED,), b"0x0\r\n\r\n" + SMUGGLED),
    ((CHUNKED,), b"ffffffffffffffffff\r\nx" + SMUGGLED),
]


@pytest.mark.parametrize(("lines", "rest"), FRAMES)
def test_what_is_unclear_about_where_a_request_ends_is_refused(
    web: Served, lines: tuple[str, ...], rest: bytes
) -> None:
    raw = head(web, f"POST {ONE}/why HTTP/1.1", *lines).replace(b"Connection: close\r\n", b"")
    answer = sent(web, raw + rest.replace(b"HOST", web.name.encode()))
    assert statuses(answer)[:1] in ([400], [413], [405], [501]), "it is refused"
    assert len(statuses(answer)) == 1, "and nothing after it is read as a request"


def long(web: Served, path: str, size: int) -> bytes:
    """A chunked body of so many bytes."""
    raw = head(web, f"POST {path} HTTP/1.1", CHUNKED, "Content-Type: application/json")
    part = b"x" * (1 << 16)
    return raw + (b"10000\r\n" + part + b"\r\n") * (size >> 16) + EMPTY


def test_bodies_that_are_too_long_are_refused_whether_they_say_so_or_not(web: Served) -> None:
    for path in (f"{ONE}/events", "/hooks/slack", "/hooks/forge/github", "/sign-in"):
        for length in ("1048577", "99999999999999999999999", "9" * 400):
            answer = sent(web, head(web, f"POST {path} HTTP/1.1", f"Content-Length: {length}"))
            assert statuses(answer) in ([413], [400]), (path, length)
        with wire_to(web) as wire:
            try:
                wire.sendall(long(web, path, 4 << 20))
            except OSError:  # the server has closed the connection
                continue
            assert set(statuses(said(wire))) <= {400, 413, 415}, path


def test_headers_that_are_too_long_are_refused_however_they_arrive(web: Served) -> None:
    for size, codes in ((8 << 10, [200]), (20 << 10, [431]), (60 << 10, [431])):
        assert statuses(sent(web, head(web, f"GET {ONE} HTTP/1.1", f"X-A: {'x' * size}"))) in (codes, [400]), size


DEEP = 100_000
BODIES = [
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b'{"text": ' + b"9" * 5000 + b"}",
    b'{"text": 1e999999}',
    b'{"text": NaN}',
    b'{"text": "\\ud800"}',
    b"\xff\xfe",
    b'{"text": "x", "text": "y"}x',
    b"null",
    b"[]",
    b'{"text": {"$gt": ""}}',
    b'{"text": "x", "__proto__": {}}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:20].decode("latin-1"))
def test_bodies_that_make_no_sense_are_refused(web: Served, body: bytes) -> None:
    for line in (f"POST {ONE}/events", f"PATCH {ONE}", f"POST {PREFIX}/missions", f"POST {ONE}/features"):
        more = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        assert set(statuses(sent(web, head(web, f"{line} HTTP/1.1", *more, body=body)))) <= {400, 422}, line


RAW = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET  / HTTP/1.1\r\n\r\n",
    b"\r\n" * 20_000,
    b"A" * 70_000,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"() { :;}; echo x\r\n\r\n",
]


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: repr(raw[:12]))
def test_what_is_no_request_is_refused(web: Served, raw: bytes) -> None:
    assert set(statuses(sent(web, raw))) <= {400, 421}


def test_a_token_in_the_address_is_refused_and_not_logged(web: Served) -> None:
    for name in ("token", "Access_Token", "KEY", "%74oken"):
        assert statuses(sent(web, head(web, f"GET {ONE}?{name}=manager HTTP/1.1", user=""))) == [400]


def test_a_message_of_a_webhook_that_is_sent_again_changes_nothing(web: Served) -> None:
    message = web.slack_message("U0ADA", "guess", secret=SECRETS["env:SLACK"], late=0)
    first, second = (web.ask("POST", "/hooks/slack", **message) for _ in range(2))
    assert first.status_code in {200, 403}
    assert second.status_code in {200, 401, 403, 409}
    assert web.slack("U0ADA", "guess", late=301).status_code == 401


def test_requests_that_come_too_slowly_are_given_up(web: Served) -> None:
    beginnings = [
        head(web, f"GET {ONE} HTTP/1.1")[:-2],
        head(web, f"POST {ONE}/events HTTP/1.1", "Content-Type: application/json", "Content-Length: 9000"),
        head(web, "POST /hooks/slack HTTP/1.1", CHUNKED),
    ]
    with ExitStack() as stack:
        wires = [stack.enter_context(wire_to(web)) for _ in beginnings]
        began = time.monotonic()
        for wire, raw in zip(wires, beginnings, strict=True):
            wire.sendall(raw)
            wire.settimeout(SHORT / 8)
        over: dict[socket.socket, bytes] = {}
        while len(over) < len(wires):
            assert time.monotonic() - began < 30
            for wire in wires:
                if wire not in over:
                    trickle(wire, over)
        assert [statuses(over[wire]) for wire in wires] == [[], [408], [408]]


def trickle(wire: socket.socket, over: dict[socket.socket, bytes]) -> None:
    """Send one more byte, and look whether the server has given up."""
    try:
        wire.sendall(b"1")
        over[wire] = wire.recv(1 << 16)
    except TimeoutError:
        return
    except OSError:
        over[wire] = b""


def open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


@pytest.mark.parametrize("number", [MOST_OPEN + 50, pytest.param(1000, marks=only_at_night)])
def test_many_connections_at_once_are_bounded_and_over_soon(web: Served, number: int) -> None:
    before = open_files()
    with ExitStack() as stack:
        wires = []
        for turn in range(number):
            wire = stack.enter_context(wire_to(web))
            if turn % 2:
                wire.sendall(head(web, "POST /hooks/slack HTTP/1.1", "Content-Length: 9"))
            wires.append(wire)
        began = time.monotonic()
        with suppress(httpx.TransportError):  # the server refuses further connections
            assert web.ask("GET", ONE, headers={"Authorization": "Bearer reader"}).status_code in {200, 503}
        assert time.monotonic() - began < 20, "a client is served or refused quickly"
        while open_files() - before - number > MOST_OPEN + 5:
            assert time.monotonic() - began < 30, "those of the server are bounded"
        for wire in wires:
            said(wire)
    deadline = time.monotonic() + 30
    while open_files() > before + 5:
        assert time.monotonic() < deadline, "all are closed"
        with suppress(httpx.TransportError):
            web.ask("GET", ONE, headers={"Authorization": "Bearer reader"})
