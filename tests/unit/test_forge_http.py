"""The client for forges against a real server on loopback: what is sent, what is kept, and what goes wrong."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.kit.loopback import Asked, Loopback, Reply, loopback

from mission_cli.adapters.forges.http import Client, Dialect
from mission_cli.adapters.forges.kept import MOST_ANSWERS, MOST_BYTES, Kept, Known
from mission_cli.adapters.forges.transport import proxy_for
from mission_cli.domain.errors import ForgeError, ForgeTrouble, ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "ghp_" + "a1B2c3D4e5" * 3
DIALECT = Dialect("Forge", headers={"Accept": "application/json"})
NOW = 1_800_000_000.0


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(lambda _: Reply(200, {"name": "one"})) as running:
        yield running


def client(server: Loopback, folder: Path, time: Time | None = None, token: str = TOKEN) -> Client:
    time = time or Time()
    return Client(server.url, token, folder, DIALECT, clock=time.clock, sleep=time.sleep)


def refused(
    server: Loopback, folder: Path, reply: Reply, method: str = "GET"
) -> tuple[ForgeTrouble, str, str, float | None]:
    server.answer = lambda _: reply
    one = client(server, folder)
    with pytest.raises(ForgeError) as found:
        one.get("/repos/o/r") if method == "GET" else one.write(method, "/repos/o/r", {})
    return found.value.trouble, str(found.value), str(found.value.hint), found.value.again


def test_a_read_sends_the_token_in_its_header_only(server: Loopback, tmp_path: Path) -> None:
    answer = client(server, tmp_path).get("/repos/o/r", {"state": "all", "page": 2})
    assert (answer.status, answer.data, answer.fresh) == (200, {"name": "one"}, True)
    assert server.lines == ["GET /repos/o/r?state=all&page=2"]
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert {name: server.asked[0].headers[name] for name in ("accept", "user-agent")} == {
        "accept": "application/json",
        "user-agent": "mission",
    }


def test_an_answer_with_a_tag_is_asked_for_again_only_if_it_changed(server: Loopback, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"1"':
            return Reply(304)
        return Reply(200, {"n": len(server.asked)}, {"ETag": '"1"', "Link": '<b>; rel="next"', "Set-Cookie": "secret"})

    server.answer = answer
    first = client(server, tmp_path)
    assert [first.get("/x").data, first.get("/x").data] == [{"n": 1}, {"n": 1}]
    again = client(server, tmp_path).get("/x")  # another process
    assert (again.data, again.fresh, again.headers["link"]) == ({"n": 1}, False, '<b>; rel="next"')
    other = client(server, tmp_path, token="another")  # noqa: S106 - not a secret
    assert other.get("/x").data == {"n": 4}, "an answer to one token is not shown to another"
    assert (first.requests, other.requests) == (2, 1)
    assert [first.known(path, {}, since) for path, since in (("/x", NOW), ("/x", NOW + 1), ("/y", 0.0))] == [
        {"n": 1},
        None,
        None,
    ]
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(kept) == 2
    assert all(TOKEN not in file.read_text() and "secret" not in file.read_text() for file in kept)
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}


def test_a_damaged_known_answer_is_fetched_anew(server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda asked: Reply(304) if "if-none-match" in asked.headers else Reply(200, [1], {"ETag": '"1"'})
    one = client(server, tmp_path)
    one.get("/x")
    next((tmp_path / "answers").iterdir()).write_text('{"url": ')
    assert one.get("/x").data == [1]


def test_known_answers_are_limited_in_number(tmp_path: Path) -> None:
    kept = Kept(tmp_path, TOKEN, lambda: NOW)
    for number in range(MOST_ANSWERS + 5):
        kept.keep(f"u{number}", Known('"1"', {}, number))
    assert len(list((tmp_path / "answers").iterdir())) == MOST_ANSWERS
    assert kept.known(f"u{MOST_ANSWERS + 4}") == Known('"1"', {}, MOST_ANSWERS + 4)


def test_known_answers_are_limited_in_size_and_the_newest_stays(tmp_path: Path) -> None:
    now = iter(range(1_800_000_000, 1_800_000_100))
    kept = Kept(tmp_path, TOKEN, lambda: float(next(now)))
    for number in range(4):
        kept.keep(f"u{number}", Known('"1"', {}, "x" * (MOST_BYTES // 3)))
    assert [kept.known(f"u{number}") is not None for number in range(4)] == [False, False, True, True]
    kept.keep("large", Known('"1"', {}, "x" * (MOST_BYTES + 1)))
    assert (kept.known("large") is not None, kept.known("u3")) == (True, None)


def test_all_pages_are_read(server: Loopback, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        page = int(asked.path.rpartition("page=")[2]) if "page=" in asked.path else 1
        link = {"Link": f'<{server.url}/list?a=1&page={page + 1}>; rel="next", <{server.url}/list?page=3>; rel="last"'}
        return Reply(200, {"items": [page]}, link if page < 3 else {})

    server.answer = answer
    assert list(client(server, tmp_path).pages("/list", {"a": 1}, "items")) == [1, 2, 3]
    assert server.lines == ["GET /list?a=1", "GET /list?a=1&page=2", "GET /list?a=1&page=3"]


def test_a_next_page_on_another_host_is_not_fetched(server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda _: Reply(200, [1], {"Link": '<http://127.0.0.2:9/list>; rel="next"'})
    with pytest.raises(ForgeError, match="refers to another host, which gets no requests"):
        list(client(server, tmp_path).pages("/list"))


def test_writes_are_a_second_apart_in_all_processes(server: Loopback, tmp_path: Path) -> None:
    time = Time()
    one, other = client(server, tmp_path, time), client(server, tmp_path, time)
    one.write("POST", "/a", {"x": 1})
    other.write("PATCH", "/b", {"x": 2})
    time.now += 0.4
    one.write("DELETE", "/c")
    one.get("/d")
    one.ask("/graphql", {"query": "{a}"})
    time.now += 30
    other.write("PUT", "/e", {})
    assert time.slept == [1.0, 0.6]
    assert server.lines == ["POST /a", "PATCH /b", "DELETE /c", "GET /d", "POST /graphql", "PUT /e"]
    assert [asked.json for asked in server.asked] == [{"x": 1}, {"x": 2}, None, None, {"query": "{a}"}, {}]


def test_a_clock_that_was_set_back_does_not_stop_writes(server: Loopback, tmp_path: Path) -> None:
    time = Time()
    client(server, tmp_path, time).write("POST", "/a", {})
    time.now -= 10 * 24 * 3600
    client(server, tmp_path, time).write("POST", "/a", {})
    assert time.slept == []


@pytest.mark.parametrize(
    ("reply", "again"),
    [
        (Reply(429, {"message": "slow down"}, {"Retry-After": "7"}), 7.0),
        (Reply(403, {"message": "API rate limit exceeded for user ID 1."}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 90)}), 90.0),
        (Reply(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "60"}), 60.0),
        (Reply(403, {"message": "You have exceeded a secondary rate limit."}), 60.0),
        (Reply(422, {"message": "Validation Failed", "errors": [{"message": "was submitted too quickly"}]}), 60.0),
        (Reply(429, b"", {"Retry-After": "Fri, 15 Jan 2027 08:02:00 GMT"}), 120.0),
        (Reply(429, b"", {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW) + 30)}), 30.0),
    ],
)  # fmt: skip
def test_a_limit_is_honored_by_all_processes_until_it_ends(
    server: Loopback, tmp_path: Path, reply: Reply, again: float
) -> None:
    said = (
        ForgeTrouble.LIMITED,
        "Forge accepts no requests with this token for now",
        f"it answers again in {again:.0f} s; nothing has to be done",
        again,
    )
    assert refused(server, tmp_path, reply) == said
    time = Time()
    server.answer = lambda _: Reply(200, [])
    with pytest.raises(ForgeError) as kept:
        client(server, tmp_path, time).write("POST", "/x", {})
    assert (kept.value.trouble, kept.value.again, len(server.asked)) == (ForgeTrouble.LIMITED, again, 1)
    assert client(server, tmp_path, time, "other-token").get("/x").data == []
    time.now += again
    assert client(server, tmp_path, time).get("/x").data == []


def test_after_the_last_request_that_a_limit_allows_none_is_sent(server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda _: Reply(200, [], {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 90)})
    one = client(server, tmp_path)
    one.get("/x")
    with pytest.raises(ForgeError) as found:
        one.get("/x")
    assert (found.value.again, one.requests) == (90.0, 1)


@pytest.mark.parametrize(
    ("reply", "trouble", "words", "hint"),
    [
        (Reply(401, {"message": "Bad credentials"}), "unauthorized", "Forge does not accept the token (HTTP 401 for GET /repos/o/r): Bad credentials", "it may have expired: make a new one"),
        (Reply(403, {"message": "Resource not accessible"}, {"X-Accepted-GitHub-Permissions": "contents=write"}), "forbidden", "the token lacks a right (HTTP 403 for GET /repos/o/r): Resource not accessible", "give the token the right contents=write"),
        (Reply(403, {"message": "SSO"}, {"X-GitHub-SSO": "required; url=https://github.com/orgs/o/sso?x=1"}), "forbidden", "the token lacks a right (HTTP 403 for GET /repos/o/r): SSO", "authorize the token for the organization: https://github.com/orgs/o/sso?x=1"),
        (Reply(403, {"message": "Repository was archived so is read-only."}), "archived", "the repository is archived (HTTP 403 for GET /repos/o/r): Repository was archived so is read-only.", "unarchive it, or stop the mission"),
        (Reply(403, {"message": "Unable to create comment because issue is locked."}), "locked", "the conversation is locked (HTTP 403 for GET /repos/o/r): Unable to create comment because issue is locked.", "unlock it"),
        (Reply(404, {"message": "Not Found"}), "not found", "it does not exist, or this token may not see it (HTTP 404 for GET /repos/o/r): Not Found", "check the name of the repository and the rights of the token"),
        (Reply(410, {"message": "Issues are disabled for this repo"}), "not found", "it was deleted, or the repository has that feature off (HTTP 410 for GET /repos/o/r): Issues are disabled for this repo", ""),
        (Reply(409, {"message": "Conflict"}), "refused", "Forge does not accept the request (HTTP 409 for GET /repos/o/r): Conflict", ""),
        (Reply(422, {"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "base", "code": "invalid"}, "x\x1b[31m"]}), "refused", "Forge does not accept the request (HTTP 422 for GET /repos/o/r): Validation Failed; PullRequest base invalid; x\N{REPLACEMENT CHARACTER}[31m", ""),
        (Reply(400, {"message": {"title": ["is too long", "is odd"]}}), "refused", "Forge does not accept the request (HTTP 400 for GET /repos/o/r): title: is too long, is odd", ""),
        (Reply(423, {"message": "Locked"}), "locked", "the conversation is locked (HTTP 423 for GET /repos/o/r): Locked", "unlock it"),
        (Reply(502, b"<html>Bad gateway</html>"), "unreachable", "Forge has a problem (HTTP 502 for GET /repos/o/r)", "the program tries again later; see the status page of the forge if it lasts"),
        (Reply(200, b"{"), "unreachable", "the answer of Forge cannot be read: it is not JSON", "check the base URL, and whether a proxy or a login page answers instead"),
        (Reply(200, b"[" * 100_000), "unreachable", "the answer of Forge cannot be read: it is not JSON", "check the base URL, and whether a proxy or a login page answers instead"),
        (Reply(0), "unreachable", "Forge cannot be reached at 127.0.0.1: the connection was lost, or its answer is not HTTP", "the program tries again later; check the network if it lasts"),
        (Reply(304), "refused", "Forge does not accept the request (HTTP 304 for GET /repos/o/r)", ""),
    ],
)  # fmt: skip
def test_what_a_forge_refuses_is_said_in_words(
    server: Loopback, tmp_path: Path, reply: Reply, trouble: str, words: str, hint: str
) -> None:
    assert refused(server, tmp_path, reply) == (ForgeTrouble(trouble), words, hint, None)


def test_a_broken_server_may_say_when_to_come_back(server: Loopback, tmp_path: Path) -> None:
    assert refused(server, tmp_path, Reply(503, b"", {"Retry-After": "120"}))[3] == 120.0


def test_an_answer_that_repeats_the_token_is_not_repeated(server: Loopback, tmp_path: Path) -> None:
    said = refused(server, tmp_path, Reply(422, {"message": f"{TOKEN} is odd"}))
    assert said[1] == "Forge does not accept the request (HTTP 422 for GET /repos/o/r): [token] is odd"


def test_a_renamed_repository_is_read_at_its_new_place_and_written_nowhere(server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda asked: (
        Reply(200, [1])
        if asked.path == "/repositories/7"
        else Reply(301, {"message": "Moved"}, {"Location": "/repositories/7"})
    )
    one = client(server, tmp_path)
    assert one.moved == ""
    assert one.get("/repos/o/r").data == [1]
    assert (one.moved, one.requests) == (f"{server.url}/repositories/7", 2)
    said = refused(server, tmp_path, Reply(307, {"message": "Moved"}, {"Location": "/repositories/7"}), "POST")
    assert said[:3] == (
        ForgeTrouble.REFUSED,
        "the repository was moved or renamed (HTTP 307 for POST /repos/o/r)",
        "change the URL of the remote to the new place: git remote set-url",
    )


def test_no_other_host_gets_the_token(server: Loopback, tmp_path: Path) -> None:
    with loopback(lambda _: Reply(200, b"one\ntwo\nthree\n")) as storage:
        server.answer = lambda _: Reply(302, b"", {"Location": f"{storage.url}/log?signature=x"})
        one = client(server, tmp_path)
        with pytest.raises(ForgeError, match="refers to another host, which gets no requests"):
            one.get("/logs")
        assert storage.asked == []
        assert one.tail("/logs", 6) == "three\n"
        assert "authorization" not in storage.asked[0].headers
        with pytest.raises(ForgeError, match="refers to another host"):
            one.get(f"{storage.url}/x")


def test_the_end_of_a_long_text_is_kept(server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda _: Reply(200, b"x" * 300_000 + b"end")
    assert client(server, tmp_path).tail("/log", 5) == "xxend"
    server.answer = lambda _: Reply(404, {"message": "gone"})
    assert client(server, tmp_path).tail("/log", 5, accept={404}) is None


def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mission_cli.adapters.forges.http.LARGEST", 1000)
    assert refused(server, tmp_path, Reply(200, b"x" * 5000))[:2] == (
        ForgeTrouble.UNREACHABLE,
        "Forge cannot be reached at 127.0.0.1: its answer is larger than 1000 B",
    )


def test_an_accepted_status_is_an_answer(server: Loopback, tmp_path: Path) -> None:
    server.answer = lambda _: Reply(409, {"message": "Head branch was modified"})
    answer = client(server, tmp_path).write("PUT", "/merge", {}, accept={409})
    assert (answer.status, answer.words) == (409, "Head branch was modified")


def test_nobody_listens(tmp_path: Path) -> None:
    with loopback(lambda _: Reply()) as server:
        url = server.url
    with pytest.raises(ForgeError) as found:
        Client(url, TOKEN, tmp_path, DIALECT).get("/x")
    assert (found.value.trouble, str(found.value)) == (
        ForgeTrouble.UNREACHABLE,
        "Forge cannot be reached at 127.0.0.1: no connection",
    )


def test_an_unknown_certificate_is_refused_and_a_named_authority_is_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with loopback(lambda _: Reply(200, [1]), context) as server:
        with pytest.raises(ForgeError) as found:
            Client(server.url, TOKEN, tmp_path, DIALECT).get("/x")
        assert (found.value.trouble, str(found.value), str(found.value.hint)) == (
            ForgeTrouble.UNREACHABLE,
            "Forge cannot be reached at 127.0.0.1: its certificate is not trusted (unable to get local issuer certificate)",
            "if the forge has a certificate authority of its own, name its file in SSL_CERT_FILE",
        )
        assert server.asked == []
        trusting = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        assert Client(server.url, TOKEN, tmp_path, DIALECT, environment=trusting).get("/x").data == [1]


def test_a_token_that_cannot_be_one_is_not_sent_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ForgeError) as found:
        Client("http://127.0.0.1:1", "secret\nX-Header: 1", tmp_path, DIALECT)
    assert (found.value.trouble, str(found.value), str(found.value.hint)) == (
        ForgeTrouble.UNAUTHORIZED,
        "the token for Forge contains characters that no token has",
        "copy it again, without spaces and line ends",
    )


def test_without_httpx_the_command_that_installs_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ToolError) as found:
        Client("http://127.0.0.1:1", TOKEN, tmp_path, DIALECT).get("/x")
    assert (str(found.value), str(found.value.hint)) == (
        "pull requests need the Python package httpx, which is not installed",
        "install it: pip install httpx",
    )


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://api.github.com", {}, ""),
        ("https://api.github.com", {"HTTPS_PROXY": "proxy:3128", "HTTP_PROXY": "no"}, "http://proxy:3128"),
        ("https://api.github.com", {"https_proxy": "http://proxy:3128", "NO_PROXY": "example.org, .github.com"}, ""),
        ("https://api.github.com", {"ALL_PROXY": "http://proxy", "no_proxy": "hub.com"}, "http://proxy"),
        ("https://api.github.com", {"ALL_PROXY": "http://proxy", "no_proxy": "*"}, ""),
        ("http://localhost:8080", {"HTTP_PROXY": "http://proxy"}, ""),
    ],
)
def test_proxies_are_those_of_the_environment(url: str, environment: dict[str, str], proxy: str) -> None:
    assert proxy_for(url, environment) == proxy
