"""The egress proxy as a process: what a host gets, what a worker gets, and what neither gets."""

from __future__ import annotations

import gzip
import json
import os
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from inline_snapshot import snapshot
from tests.kit.egress import TOKEN, VALUE, proxied
from tests.kit.loopback import Asked, Loopback, Reply, loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.egress import Running


def _answer(asked: Asked) -> Reply:
    """A host that says back what it was sent, in every way that it can."""
    path = asked.path.partition("?")[0]
    key = asked.headers.get("authorization", "")
    if path == "/v1/packed":
        return Reply(body=gzip.compress(key.encode()), headers={"Content-Encoding": "gzip"})
    if path == "/v1/odd":
        return Reply(body=b"?", headers={"Content-Encoding": "br"})
    if path == "/v1/here":
        return Reply(302, headers={"Location": f"https://{asked.headers['host']}/v1/there?x=1"})
    if path == "/v1/away":
        return Reply(302, headers={"Location": "https://evil.example/v1/there"})
    if path == "/v1/headers":
        return Reply(body=b"", headers={"X-Said": key, "Connection": "X-Hop", "X-Hop": "1", "Alt-Svc": "h3"})
    said = {"method": asked.method, "path": asked.path, "headers": dict(asked.headers), "size": len(asked.body)}
    return Reply(body=said)


@dataclass(frozen=True)
class Host:
    """A host, and the certificate of who vouches for it."""

    server: Loopback
    authority: str

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url.replace("127.0.0.1", "localhost")

    @property
    def asked(self) -> list[Asked]:
        """What it was asked."""
        return self.server.asked


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with a certificate for localhost."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    place = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(os.fspath(place))
    with loopback(_answer, context) as running:
        yield Host(running, os.fspath(place))


@pytest.fixture(scope="module")
def streaming() -> Iterator[socket.socket]:
    """The listening socket of a second host, which a test serves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture(scope="module")
def proxy(host: Host, streaming: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A proxy with doors to these hosts."""
    gates = {
        "KEY": f"proxy {host.url}/v1 Authorization: Bearer {{}}",
        "READ": f"proxy GET {host.url}/v1 X-Api-Key: {{}}",
        "BASIC": f"proxy {host.url} Authorization: Basic base64(me:{{}})",
        "WRONG": f"proxy {host.server.url} Authorization: Bearer {{}}",
        "STREAM": f"proxy http://127.0.0.1:{streaming.getsockname()[1]} Authorization: Bearer {{}}",
    }
    with proxied(tmp_path_factory.mktemp("proxy"), gates, environment={"SSL_CERT_FILE": host.authority}) as running:
        yield running


def _said(answer: bytes) -> Any:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), answer
    return json.loads(body)


def test_the_host_gets_the_key_and_the_worker_never_sees_it(proxy: Running, host: Host) -> None:
    host.asked.clear()
    lines = ["Authorization: Bearer mine", "authorization: twice", "X-Note: kept", "Accept-Encoding: gzip, br"]
    lines += [
        "X-Forwarded-For: 10.0.0.1",
        "X-HTTP-Method-Override: DELETE",
        "X-Original-URL: /admin",
        "Connection: X-Note",
    ]
    answer = proxy.ask("/chat?model=x", *lines, method="POST", body=b"0123456789")
    (asked,) = host.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/chat?model=x", b"0123456789")
    assert asked.headers == {
        "host": host.url.removeprefix("https://"),
        "content-length": "10",
        "x-note": "kept",
        "accept-encoding": "identity",
        "authorization": f"Bearer {VALUE}",
    }
    assert VALUE.encode() not in answer
    assert _said(answer)["headers"]["authorization"] == "Bearer " + "*" * len(VALUE)


def test_each_door_adds_its_own_header(proxy: Running, host: Host) -> None:
    host.asked.clear()
    proxy.ask("/a", "X_Api_Key: mine", "Authorization: stays", token=TOKEN + "1")
    basic = proxy.ask("/a", token=TOKEN + "2")
    first, second = host.asked
    assert (first.headers["x-api-key"], first.headers["authorization"]) == (VALUE, "stays")
    assert "x_api_key" not in first.headers
    packed = second.headers["authorization"].removeprefix("Basic ")
    assert packed == httpx.BasicAuth("me", VALUE)._auth_header.removeprefix("Basic ")  # noqa: SLF001 - as a client writes it
    assert packed.encode() not in basic
    assert second.path == "/a"


def test_answers_that_say_the_key_back_are_masked(proxy: Running) -> None:
    stars = "*" * len(VALUE)
    packed = proxy.ask("/packed")
    assert packed.endswith(f"Bearer {stars}\r\n0\r\n\r\n".encode())
    headers = proxy.ask("/headers").decode().split("\r\n")
    assert [line for line in headers if not line.startswith(("Server", "Date"))] == snapshot(
        [
            "HTTP/1.1 200 OK",
            "X-Said: Bearer **********************************",
            "Content-Length: 0",
            "Connection: close",
            "",
            "",
        ]
    )
    assert proxy.ask("/odd").startswith(b"HTTP/1.1 502 ")


def test_redirects_stay_at_the_host_or_lose_the_key(proxy: Running) -> None:
    def location(answer: bytes) -> str:
        return next(x for x in answer.decode().split("\r\n") if x.lower().startswith("location: "))[10:]

    assert location(proxy.ask("/here")) == f"http://127.0.0.1:{proxy.port}/{TOKEN}/there?x=1"
    assert location(proxy.ask("/away")) == "https://evil.example/v1/there"


def test_a_real_client_works_through_it(proxy: Running) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}/{TOKEN}/", trust_env=False) as client:
        done = client.post("chat", content=(b"x" * 1000 for _ in range(100)))
        assert (done.status_code, done.json()["size"]) == (200, 100_000)
        assert done.json()["headers"]["transfer-encoding"] == "chunked"
        moved = client.get("here", follow_redirects=True)
        assert moved.json()["path"] == "/v1/there?x=1"
        assert client.head("chat").status_code == 501  # as this host answers


def test_a_certificate_that_is_not_valid_ends_it(proxy: Running, host: Host) -> None:
    """The certificate of the host is for another name."""
    host.asked.clear()
    assert proxy.ask("/a", token=TOKEN + "3").endswith(b"\r\n\r\nmission: the certificate of 127.0.0.1 is not valid\n")
    assert proxy.lines()[-1] == "WRONG GET /a 502 0 bytes the certificate of 127.0.0.1 is not valid"
    assert host.asked == []


def test_a_stream_comes_as_it_is_sent_and_ends_with_the_worker(proxy: Running, streaming: socket.socket) -> None:
    """Each event arrives before the next one is sent, and the key is hidden where two parts of a stream cut it."""
    go, gone = threading.Semaphore(0), threading.Event()
    parts = [b"data: one\n\n", b"data: " + VALUE[:7].encode(), VALUE[7:].encode() + b"\n\n"]

    def serve() -> None:
        link, _ = streaming.accept()
        with link:
            link.recv(65536)
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            for part in parts:
                link.sendall(part)
                go.acquire(timeout=10)
            while True:  # until the proxy closes the connection, because the worker did
                try:
                    link.sendall(b"data: more\n\n")
                except OSError:
                    break
            gone.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{proxy.port}/{TOKEN}4/events"
    with httpx.Client(trust_env=False) as client, client.stream("GET", address) as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == parts[0]
        go.release()
        assert next(pieces) == b"data: "
        go.release()
        assert next(pieces) == b"*" * len(VALUE) + b"\n\n"
    go.release()
    assert gone.wait(10)
    thread.join()


def test_the_record_has_no_key_no_token_and_no_query(proxy: Running) -> None:
    proxy.ask("/x?secret=1", "X-Secret: 2")
    text = proxy.record.read_text()
    assert "secret=1" not in text
    assert VALUE not in text
    assert TOKEN not in text
