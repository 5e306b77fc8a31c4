"""`http` criteria: read completely or refused, written so that they read back, and judged by what a server answers."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.kit.template import template

from mission_cli.adapters.judges.findings import Judged
from mission_cli.adapters.judges.http import judge_http
from mission_cli.document.checking.lint import lint
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAN = """\
title: Lab
budget: {time_hours: 1}
milestones:
  - name: One
    validation:
      - http: GET http://localhost:$MISSION_PORT/health 200 contains "ok"
        serve: npm start
        cwd: web
        expect: json $.items[0].name == "x"
      - |
        http: `POST /items` 201 or 409
        serve: ./serve.sh
        secret: TOKEN=env:ITEM_TOKEN
        send: Authorization: Bearer $TOKEN
        body: {"name": "Ada"}
        expect: header Location contains "/items/"
        ready: 5s
        timeout: 90s
    features: [{title: one}]
"""


def test_a_plan_writes_requests_that_read_back() -> None:
    text = template(PLAN)
    assert text.partition("#### Validation Criteria\n\n")[2].startswith("""\
- [ ] http: `GET http://localhost:$MISSION_PORT/health` 200
  expect: `contains "ok"`
  serve: npm start
  cwd: web
  expect: `json $.items[0].name == "x"`
- [ ] http: `POST /items` 201 or 409 (timeout 90s)
  serve: ./serve.sh
  secret: TOKEN=env:ITEM_TOKEN
  send: `Authorization: Bearer $TOKEN`
  body: `{"name": "Ada"}`
  expect: `header Location contains "/items/"`
  ready: 5s
""")
    loaded = load(text)
    assert loaded.problems == ()
    first, second = loaded.mission.milestones[0].criteria
    plan = read_plan(PLAN).plan
    assert plan is not None
    for asked, read in zip(map(asked_criterion, plan.milestones[0].validation), (first, second), strict=True):
        assert (asked.command, asked.fields, asked.http, asked.timeout, asked.kind) == (
            read.command,
            read.fields,
            read.http,
            read.timeout,
            CriterionKind.HTTP,
        )
    assert second.http is not None
    assert (second.http.statuses, second.http.headers) == (
        ((201, 201), (409, 409)),
        (("Authorization", "Bearer $TOKEN"),),
    )
    assert (first.conditions.serve, second.conditions.ready_s) == ("npm start", 5)
    assert (first.from_top, second.from_top) == ("cd web && npm start", "./serve.sh")
    assert [p.message.rpartition(": ")[2] for p in lint(loaded) if "the criterion" in p.message] == [
        "the work that it runs can read TOKEN"
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("http: the server answers", "`the` is not an address that begins with http:// or https://"),
        ("http: `/a` 200", "a path alone needs a server"),
        ("http: `http://localhost:$MISSION_PORT/` 200", "$MISSION_PORT is the port of a server that it does not start"),
        ("http: `FETCH http://x/` 200", "`FETCH http://x/` is not a method and an address"),
        ("http: `http://u:p@x/` 200", "its address contains a name or a password"),
        (
            "http: `file:///etc/passwd` 200",
            "`file:///etc/passwd` is not an address that begins with http:// or https://",
        ),
        ("http: `http://x/$Q` 200", "$Q is not a variable of this check"),
        ("http: `http://x/`", "it expects no status"),
        ("http: `http://x/` 999", "`999` is not a status"),
        ("http: `http://x/` 20", "it expects no status"),
        ("http: `http://x/` 200 and fast", "`and fast` in it cannot be read"),
        ("http: `http://x/` 200 contains ok", "`contains ok` in it cannot be read"),
        ("http: `http://x/` 200 json $.a > true", "`json $.a > true` in it cannot be read"),
        ("http: `http://x/` 200 `b`", "its request cannot be read"),
        ("http: `http://x/` 200\nserve: npm start", "it starts a server, but asks x"),
        ("http: `http://x/` 200\nbody: x", "GET has no body"),
        ("http: `http://x/` 200\nsend: Accept", "`Accept` is not a header"),
        ("http: `http://x/` 200\nredirects: never", "`never` says nothing about redirects"),
        ("http: `http://x/` 200\ntls: /etc/ca.pem", "its certificates are not in the repository"),
        ("http: `http://x/` 200\nready: 1h", "`1h` is not a time to start"),
        ("http: `http://x/` 200\nstatus: 201", "`status:` is written twice"),
        ("http: `http://x/` 200\ncommand: x", "`command:` is not a field of http:"),
        ("http: `http://x/` 200 (timeout 1m)\ntimeout: 2m", "it has two timeouts"),
        ("http:", "its request cannot be read"),
    ],
)
def test_a_request_that_is_not_wholly_read_is_an_error(text: str, wrong: str) -> None:
    first, *more = text.split("\n")
    read = read_criterion(first, more=[f"  {line}" for line in more])
    assert (read.wrong, read.remedy != "", item_text(read)) == (wrong, True, "")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("http: `http://localhost:3000/` 200", "it judges whatever listens there, not the work"),
        ("http: `https://example.org/` 200", "it judges what example.org runs, not the work"),
        ("http: `http://localhost:3000/` 200\nserve: a", "two checks at a time cannot both use port 3000"),
        ("http: `https://localhost:$MISSION_PORT/` 200\nserve: a\ntls: none", "it accepts any certificate"),
    ],
)
def test_what_says_little_about_the_work_is_named(text: str, warning: str) -> None:
    plan = PLAN.partition("      - http")[0] + "      - |\n" + "\n".join(f"        {x}" for x in text.split("\n"))
    problems = lint(load(template(plan + "\n    features: [{title: one}]\n")))
    assert [p.message.rpartition("`: ")[2] for p in problems if "the criterion" in p.message] == [warning]


class Site(BaseHTTPRequestHandler):
    """Answers what the path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: C901, D102 - one case per path
        path = self.path
        if path == "/slow":
            time.sleep(1)  # longer than the test waits
        if path.startswith("/to/"):
            self._answer(302, b"", Location=path.removeprefix("/to"))
        elif path.startswith("/away"):
            self._answer(301, b"", Location="file:///etc/passwd" if "file" in path else "http://example.org/")
        elif path == "/loop":
            self._answer(302, b"", Location="/loop")
        elif path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
        elif path == "/bomb":
            self._answer(200, gzip.compress(bytes(50_000_000), 9), **{"Content-Encoding": "gzip"})
        elif path == "/packed":
            self._answer(200, gzip.compress(b"packed ok"), **{"Content-Encoding": "gzip"})
        elif path == "/text":
            self._answer(200, b"plain \x1b[31m words")
        else:
            document = {"items": [{"name": "x", "n": 3}], "ok": True, "none": None, "sent": dict(self.headers)}
            self._answer(200, json.dumps(document).encode(), **{"Content-Type": "application/json"})

    def do_POST(self) -> None:  # noqa: D102 - as above
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(201, body, Location="/items/1", **{"X-Kind": self.headers.get("Content-Type", "")})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def served(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(port: int, text: str, *, seconds: float = 10, scheme: str = "http") -> list[str]:
    """The lines that a judge prints, without the address."""
    first, *more = text.split("\n")
    word, _, rest = first.partition(" ")
    method, _, path = word.rpartition(":")
    head = f"http: `{method or 'GET'} {scheme}://localhost:$MISSION_PORT{path}` {rest}"
    criterion = read_criterion(head, more=["  serve: x", *(f"  {line}" for line in more)])
    assert (criterion.wrong, criterion.http is None) == ("", False)
    assert criterion.http is not None
    values = {"MISSION_PORT": str(port), "TOKEN": "t0ken"}
    try:
        words = judge_http(criterion.http, values, ready_until=0, alive=lambda: None, seconds=seconds)
    except Judged as end:
        words = f"{end.code}: {end.words}"
    return words.replace(f"{scheme}://localhost:{port}", "").split("\n")


def test_an_answer_is_compared_with_what_is_expected() -> None:
    with served() as port:
        assert ask(port, '/ 200 contains "items" json $.items[0].n >= 3, json $.items[-1].name == "x"') == [
            "GET /: 200 OK",
            'as expected: contains "items"',
            "as expected: json $.items[0].n >= 3",
            'as expected: json $.items[-1].name == "x"',
        ]
        for good in (
            "/ 2xx json $.ok == true json $.none == null",
            "/ 100-204 json $.none exists",
            '/ 200 not contains "absent" json $["items"] != []',
            '/ 200 header content-type contains "json"',
            '/ 200 json $.items contains {"name": "x", "n": 3}',
            '/packed 200 contains "packed ok"',
            '/to/to/ 302 header Location == "/to/"',
            "/to/to/ 200 json $.ok exists\nredirects: follow",
            '/ 200 json $.sent.Authorization == "Bearer t0ken"\nsend: Authorization: Bearer $TOKEN\nsecret: TOKEN=env:X',
            'POST:/ 201 json $.a == 1 header X-Kind == "application/json"\nbody: {"a": 1}',
        ):
            assert ask(port, good)[0].partition(" ")[0] in {"GET", "POST"}, good


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/ 404", ["1: GET /: 200 OK", "failed: expected 404, found 200"]),
        ("/ 3xx or 500", ["1: GET /: 200 OK", "failed: expected 300-399 or 500, found 200"]),
        (
            "/to/ 200",
            ["1: GET /to/: 302 Found", "failed: expected 200, found 302 to /; `redirects: follow` follows it"],
        ),
        ("/ 200 json $.ok == 1", ["1: GET /: 200 OK", "failed: expected json $.ok == 1, found true"]),
        (
            "/ 200 json $.items[1] exists",
            ["1: GET /: 200 OK", "failed: expected json $.items[1] exists, but there is none"],
        ),
        (
            "/ 200 json $.items < 3",
            ["1: GET /: 200 OK", 'failed: expected json $.items < 3, found [{"name": "x", "n": 3}]'],
        ),
        (
            '/text 200 json $.a == 1 contains "ok" not contains "words"',
            [
                "1: GET /text: 200 OK",
                "failed: expected json $.a == 1, found an answer which is not JSON: plain �[31m words",
                'failed: expected contains "ok", found plain �[31m words',
                'failed: expected not contains "words", found plain �[31m words',
            ],
        ),
        (
            '/ 200 header Location == "x"',
            ["1: GET /: 200 OK", 'failed: expected header Location == "x", but there is none'],
        ),
        (
            "/away 200\nredirects: follow",
            ["1: failed: /away redirects to another place, http://example.org/, which is not followed"],
        ),
        (
            "/away/file 200\nredirects: follow",
            ["1: failed: /away/file redirects to another place, file:/etc/passwd, which is not followed"],
        ),
        ("/loop 200\nredirects: follow", ["1: failed: /loop redirects more than 10 times"]),
        ("/endless 200", ["1: failed: the answer of /endless is larger than 5 MiB"]),
        ("/bomb 200", ["1: failed: the answer of /bomb is larger than 5 MiB"]),
        ("/slow 200", ["1: failed: /slow did not answer within 0.5 s"]),
    ],
)
def test_an_answer_that_is_not_as_expected_fails_in_plain_words(text: str, said: list[str]) -> None:
    with served() as port:
        assert ask(port, text, seconds=0.5 if "slow" in text else 10) == said


def test_nobody_listens() -> None:
    with served() as port:
        pass
    (line,) = ask(port, "/ 200")
    assert line.startswith("1: failed: / cannot be reached: ")


def test_certificates_are_verified_unless_the_criterion_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with served(context) as port:
        (line,) = ask(port, "/ 200", scheme="https")
        assert line.startswith("1: failed: the certificate of / is not valid: ")
        assert ask(port, "/ 200\ntls: ca.pem", scheme="https") == ["GET /: 200 OK"]
        assert ask(port, "/ 200\ntls: none", scheme="https") == ["GET /: 200 OK"]
        (line,) = ask(port, "/ 200\ntls: missing.pem", scheme="https")
        assert line.startswith("1: failed: the certificates in `missing.pem` cannot be read: ")
