"""Requests by which a worker, or another program of this machine, tries to get more than one host with one header."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.egress import TOKEN, VALUE, proxied
from tests.kit.loopback import Reply, loopback
from tests.kit.nightly import only_at_night

from mission_cli.adapters.egress.request import Refusal
from mission_cli.adapters.egress.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.egress import Running
    from tests.kit.loopback import Loopback

ANSWER = re.compile(rb"HTTP/1\.1 \d{3} ")
T = f"/{TOKEN}"
OK = f"GET {T}/a HTTP/1.1"
POST = f"POST {T}/a HTTP/1.1"
H = "Host: 127.0.0.1:PORT"
CASES = {
    "no token": ["GET / HTTP/1.1", H],
    "a part of the token": [f"GET {T[:-1]}/a HTTP/1.1", H],
    "the token and more": [f"GET {T}x/a HTTP/1.1", H],
    "the token encoded": [f"GET /%74{TOKEN[1:]}/a HTTP/1.1", H],
    "the token in the query": [f"GET /?{TOKEN} HTTP/1.1", H],
    "absolute form": [f"GET http://127.0.0.1:PORT{T}/a HTTP/1.1", H],
    "absolute form of another host": ["GET http://evil.example/ HTTP/1.1", H],
    "CONNECT": ["CONNECT evil.example:443 HTTP/1.1", H],
    "CONNECT to the token": [f"CONNECT {T}/a HTTP/1.1", H],
    "asterisk": ["OPTIONS * HTTP/1.1", H],
    "TRACE": [f"TRACE {T}/a HTTP/1.1", H],
    "unknown method": [f"PURGE {T}/a HTTP/1.1", H],
    "method in lower case": [f"get {T}/a HTTP/1.1", H],
    "method that the door does not allow": [f"DELETE {T}1/a HTTP/1.1", H],
    "HTTP/1.0": [f"GET {T}/a HTTP/1.0", H],
    "HTTP/0.9": [f"GET {T}/a"],
    "HTTP/2 preface": ["PRI * HTTP/2.0"],
    "another version": [f"GET {T}/a HTTP/3.7", H],
    "two spaces": [f"GET  {T}/a HTTP/1.1", H],
    "tab in the request line": [f"GET\t{T}/a HTTP/1.1", H],
    "no host": [OK],
    "two hosts": [OK, H, H],
    "another host": [OK, "Host: evil.example"],
    "host by a name that resolves here": [OK, "Host: rebound.evil.example:PORT"],
    "host without its port": [OK, "Host: 127.0.0.1"],
    "websocket": [OK, H, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: eA=="],
    "length and chunks": [POST, H, "Content-Length: 4", "Transfer-Encoding: chunked", "", "0", "", "GET /x"],
    "chunks and length": [POST, H, "Transfer-Encoding: chunked", "Content-Length: 4", "", "0", "", "GET /x"],
    "two lengths": [POST, H, "Content-Length: 4", "Content-Length: 5", "", "abcde"],
    "two equal lengths": [POST, H, "Content-Length: 4", "Content-Length: 4", "", "abcd"],
    "a list of lengths": [POST, H, "Content-Length: 4, 4", "", "abcd"],
    "a negative length": [POST, H, "Content-Length: -1"],
    "a length with a sign": [POST, H, "Content-Length: +4", "", "abcd"],
    "a length in hexadecimal": [POST, H, "Content-Length: 0x4", "", "abcd"],
    "a length with an underscore": [POST, H, "Content_Length: 4", "", "abcd"],
    "a huge length": [POST, H, "Content-Length: 99999999999"],
    "a length beyond numbers": [POST, H, f"Content-Length: {'9' * 60}"],
    "two codings": [POST, H, "Transfer-Encoding: gzip, chunked", "", "0", "", ""],
    "two headers of codings": [POST, H, "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "", "0", "", ""],
    "a coding that looks like chunked": [POST, H, "Transfer-Encoding: \x0bchunked", "", "0", "", ""],
    "a coding with an underscore": [POST, H, "Transfer_Encoding: chunked", "", "0", "", ""],
    "space before the colon": [POST, H, "Content-Length : 4", "", "abcd"],
    "a folded header": [OK, H, "X-A: b", " Authorization: Bearer mine"],
    "a header without a name": [OK, H, ": value"],
    "a header without a colon": [OK, H, "nonsense"],
    "a zero byte": [OK, H, "X-A: \0"],
    "a bare line feed": [OK, H, "X-A: b\nX-B: c"],
    "a bare carriage return": [OK, H, "X-A: b\rX-B: c"],
    "too many headers": [OK, H, *(f"X-{n}: 1" for n in range(101))],
    "headers without end": [OK, H, f"X-A: {'a' * 40_000}"],
    "a long path": [f"GET {T}/{'a' * 9000} HTTP/1.1", H],
    "line ends in the path": [f"GET {T}/a%0d%0aX-B:%20c HTTP/1.1", H],
    "a zero byte in the path": [f"GET {T}/a%00 HTTP/1.1", H],
    "a step up": [f"GET {T}/../admin HTTP/1.1", H],
    "an encoded step up": [f"GET {T}/%2e%2e/admin HTTP/1.1", H],
    "a step up, encoded twice": [f"GET {T}/%252e%252e/admin HTTP/1.1", H],
    "a step up behind an encoded slash": [f"GET {T}/a%2f..%2f..%2fadmin HTTP/1.1", H],
    "a step up with a parameter": [f"GET {T}/..;x=1/admin HTTP/1.1", H],
    "a backslash": [f"GET {T}/..\\admin HTTP/1.1", H],
    "an encoded backslash": [f"GET {T}/..%5cadmin HTTP/1.1", H],
    "another host as path": [f"GET {T}//evil.example/a HTTP/1.1", H],
    "a stray percent sign": [f"GET {T}/%zz HTTP/1.1", H],
    "a fragment": [f"GET {T}/a#b HTTP/1.1", H],
    "bytes beyond ASCII": [f"GET {T}/\xff HTTP/1.1", H],
    "a broken chunk": [POST, H, "Transfer-Encoding: chunked", "", "zz", "abcd", "0", "", ""],
    "a negative chunk": [POST, H, "Transfer-Encoding: chunked", "", "-1", "abcd", "0", "", ""],
}


@pytest.fixture(scope="module")
def host() -> Iterator[Loopback]:
    """The one host."""
    with loopback(lambda asked: Reply(body={"path": asked.path, "size": len(asked.body)})) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(host: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A proxy with a door for everything below /v1, and one only for reading."""
    gates = {"KEY": f"proxy {host.url}/v1 Authorization: Bearer {{}}", "READ": f"proxy GET {host.url}/v1 X-Key: {{}}"}
    with proxied(tmp_path_factory.mktemp("proxy"), gates) as running:
        yield running


def test_hostile_requests_are_refused_and_never_reach_the_host(proxy: Running, host: Loopback) -> None:
    host.asked.clear()
    answers = {}
    for name, lines in CASES.items():
        text = "\r\n".join(lines)
        end = "" if "\r\n\r\n" in text else "\r\n\r\n"
        said = proxy.raw((text + end).replace("PORT", str(proxy.port)).encode("latin-1"))
        assert VALUE.encode() not in said
        assert len(ANSWER.findall(said)) == 1, (name, said)
        answers[name] = said.split(b" ", 2)[1].decode()
        assert b"\r\nConnection: close\r\n" in said
    assert host.asked == []
    assert answers == snapshot(
        {
            "no token": "404",
            "a part of the token": "404",
            "the token and more": "404",
            "the token encoded": "404",
            "the token in the query": "404",
            "absolute form": "400",
            "absolute form of another host": "400",
            "CONNECT": "400",
            "CONNECT to the token": "400",
            "asterisk": "400",
            "TRACE": "400",
            "unknown method": "405",
            "method in lower case": "400",
            "method that the door does not allow": "405",
            "HTTP/1.0": "505",
            "HTTP/0.9": "400",
            "HTTP/2 preface": "400",
            "another version": "400",
            "two spaces": "400",
            "tab in the request line": "400",
            "no host": "421",
            "two hosts": "421",
            "another host": "421",
            "host by a name that resolves here": "421",
            "host without its port": "421",
            "websocket": "501",
            "length and chunks": "400",
            "chunks and length": "400",
            "two lengths": "400",
            "two equal lengths": "400",
            "a list of lengths": "400",
            "a negative length": "400",
            "a length with a sign": "400",
            "a length in hexadecimal": "400",
            "a length with an underscore": "400",
            "a huge length": "413",
            "a length beyond numbers": "400",
            "two codings": "400",
            "two headers of codings": "400",
            "a coding that looks like chunked": "400",
            "a coding with an underscore": "400",
            "space before the colon": "400",
            "a folded header": "400",
            "a header without a name": "400",
            "a header without a colon": "400",
            "a zero byte": "400",
            "a bare line feed": "400",
            "a bare carriage return": "400",
            "too many headers": "431",
            "headers without end": "431",
            "a long path": "400",
            "line ends in the path": "400",
            "a zero byte in the path": "400",
            "a step up": "400",
            "an encoded step up": "400",
            "a step up, encoded twice": "400",
            "a step up behind an encoded slash": "400",
            "a step up with a parameter": "400",
            "a backslash": "400",
            "an encoded backslash": "400",
            "another host as path": "400",
            "a stray percent sign": "400",
            "a fragment": "400",
            "bytes beyond ASCII": "400",
            "a broken chunk": "400",
            "a negative chunk": "400",
        }
    )


def test_a_second_request_in_a_connection_is_never_read(proxy: Running, host: Loopback) -> None:
    host.asked.clear()
    one = f"POST {T}/one HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nContent-Length: 2\r\n\r\nhi"
    two = f"GET {T}/two HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n\r\n"
    assert len(ANSWER.findall(proxy.raw((one + two).encode()))) == 1
    assert host.lines == ["POST /v1/one"]


def test_an_upgrade_to_http2_is_left_out(proxy: Running, host: Loopback) -> None:
    """Java's client offers it with each request."""
    host.asked.clear()
    lines = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"]
    assert proxy.ask("/a", *lines).startswith(b"HTTP/1.1 200 ")
    assert sorted(host.asked[0].headers) == ["accept-encoding", "authorization", "host"]


def test_a_worker_in_a_loop_gets_so_many_requests_and_no_more() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])

    def sent(number: int) -> int:
        done = 0
        with suppress(Refusal):
            while done < number:
                with throttle.one():
                    done += 1
        return done

    assert (sent(1000), sent(1000)) == (200, 0)
    clock[0] += 2
    assert sent(1000) == 100
    clock[0] += 3600
    with ExitStack() as held:
        for _ in range(64):
            held.enter_context(throttle.one())
        with pytest.raises(Refusal), throttle.one():
            pass
    assert sent(1000) == 136


@only_at_night
def test_a_connection_that_says_nothing_is_closed(proxy: Running) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as link:
        link.sendall(b"GET /")
        assert link.recv(100).startswith(b"HTTP/1.1 408 ")
    assert 9 < time.monotonic() - began < 20
