"""Attacks on decisions from outside, against the real server on loopback: none is accepted, nothing changes or leaks."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tests.kit.fakes.life import Fate
from tests.kit.loopback import Reply, loopback
from tests.kit.served import DECIDERS, SECRETS, URL, Served, decided, go_on, links, mission_of, served, waiting

from mission_cli.app.commands import gates
from mission_cli.domain.deciding import signatures
from mission_cli.surfaces.http import bodies, guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from httpx import Response
    from tests.kit.fakes.host import Host

GUESS, EMPTY = "Telegram Secret", ""
XSS = "<img src=x onerror=alert(1)>\"'--><script>alert(document.cookie)</script>{{ 7 * 7 }}"
PLAN = f"""\
title: {json.dumps(XSS)}
budget: {{money_usd: 3}}
preferences: {{runner: script, land: ask}}
gates: [{{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"], rule: {json.dumps(XSS)}}}]
milestones:
  - name: Only
    validation: ["file: `1.2.txt`"]
    features:
      - {{title: a, criteria: ["file: `1.1.txt`"]}}
      - {{title: b, criteria: ["file: `1.2.txt`", "manual: Is it pretty?", "manual: Is it fast?"]}}
"""


@pytest.fixture(scope="module")
def start() -> Iterator[tuple[Host, dict[str, str]]]:
    """A mission that waits at its gate, and the links that Ada got."""
    with loopback(lambda _: Reply()) as ear:
        yield waiting(ear, PLAN, DECIDERS), links(ear)


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """A server, to which each test gives a host of its own."""
    with served() as running:
        yield running


@pytest.fixture
def web(shared: Served, start: tuple[Host, dict[str, str]]) -> Served:
    """The server, with the mission as it waits at its gate."""
    return shared.show(start[0].copy(Fate()))


@pytest.fixture(scope="module")
def asking() -> tuple[Host, dict[str, str]]:
    """The same mission at its two questions, and the links of them; `old` is that of the gate."""
    with loopback(lambda _: Reply()) as ear:
        host = waiting(ear, PLAN, DECIDERS)
        old = links(ear)["approve"]
        gates.decide_gate(host.context(), "m", "look", approved=True)
        go_on(host)
        return host, {"old": old, **links(ear)}


class Attack:
    """A server whose mission waits, and what an attacker has."""

    def __init__(self, web: Served, tokens: dict[str, str]) -> None:
        self.web, self.host, self.tokens = web, web.host, tokens
        self.token = tokens.get("approve", "")

    def page(
        self, status: int, *, token: str = "", nonce: str, headers: Mapping[str, str] | None = None, comment: str = ""
    ) -> str:
        """Press the button of a link, which must not decide."""
        found = self.web.press(token or self.token, nonce=nonce, headers=headers, comment=comment)
        assert found.status_code == status, found.text
        return found.text

    def raw(self, text: bytes) -> bytes:
        """Send bytes as they are; return the first line of the answer."""
        host, _, port = self.web.name.partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as wire:
            wire.sendall(text)
            wire.shutdown(socket.SHUT_WR)
            return wire.makefile("rb").readline().strip()


def another_person_in_slack(it: Attack) -> None:
    assert it.web.slack("U0BOB", it.token).json()["text"] == "Not decided: this person may not decide this."


def somebody_who_is_not_listed(it: Attack) -> None:
    words = "You are not listed as a person who may decide."
    assert it.web.slack("U0MALLORY", it.token).json()["text"] == words
    assert it.web.telegram(666, it.token).json()["text"] == words
    assert it.web.slack("", it.token).json()["text"] == words


def listed_for_nothing(it: Attack) -> None:
    assert it.web.slack("U0EVE", it.token).json()["text"] == "Not decided: this person may not decide this."
    it.host.settings = replace(it.host.settings, deciders={"ada": DECIDERS["eve"]})
    it.page(403, nonce="1.x")


def a_mail_scanner_opens_every_link(it: Attack) -> None:
    for token in it.tokens.values():
        for method in ("GET", "HEAD", "GET", "OPTIONS"):
            it.web.ask(method, f"/decide/{token}", headers={"User-Agent": "Scanner", "Sec-Fetch-Site": "cross-site"})


def a_preview_posts_without_the_form(it: Attack) -> None:
    it.page(403, nonce="")
    assert it.web.ask("POST", f"/decide/{it.token}").status_code == 415


def a_forged_message_of_slack(it: Attack) -> None:
    assert it.web.slack("U0ADA", it.token, secret=GUESS).status_code == 401
    good = it.web.slack_message("U0ADA", it.token, secret=SECRETS["env:SLACK"], late=0)
    for header in good["headers"]:
        headers = {name: value for name, value in good["headers"].items() if name != header or "Content" in name}
        expected = 200 if "Content" in header else 401
        if expected != 200:
            assert it.web.ask("POST", "/hooks/slack", content=good["content"], headers=headers).status_code == expected
    body = good["content"].replace(b"U0ADA", b"U0BOB")
    assert it.web.ask("POST", "/hooks/slack", content=body, headers=good["headers"]).status_code == 401


def a_message_of_slack_with_an_old_time(it: Attack) -> None:
    assert it.web.slack("U0ADA", it.token, late=301).status_code == 401
    assert it.web.slack("U0ADA", it.token, late=-301).status_code == 401


def a_forged_message_of_telegram(it: Attack) -> None:
    assert it.web.telegram(1, it.token, secret=EMPTY).status_code == 401
    assert it.web.telegram(1, it.token, secret=GUESS).status_code == 401


def forged_messages_of_forges(it: Attack) -> None:
    signed = {"X-Hub-Signature-256": "sha256=" + signatures.signature("guess", b"{}")}
    assert it.web.ask("POST", "/hooks/forge/github", content=b"{}", headers=signed).status_code == 401
    assert it.web.ask("POST", "/hooks/forge/gitlab", content=b"{}", headers={"X-Gitlab-Token": "x"}).status_code == 401
    assert it.web.ask("POST", "/hooks/forge/forgejo", content=b"{}").status_code == 401
    assert it.web.ask("POST", "/hooks/forge/evil", content=b"{}").status_code == 404
    assert it.web.memory.woken == []


def no_secret_is_set(it: Attack) -> None:
    it.host.settings = replace(
        it.host.settings, serve=replace(it.host.settings.serve, slack_secret="", github_secret="")
    )
    assert it.web.slack("U0ADA", it.token, secret=EMPTY).status_code == 401
    signed = {"X-Hub-Signature-256": "sha256=" + signatures.signature("", b"{}")}
    assert it.web.ask("POST", "/hooks/forge/github", content=b"{}", headers=signed).status_code == 401


def another_commit_of_the_work(it: Attack) -> None:
    mission, nonce = mission_of(it.host), it.web.nonce(it.token)
    work = it.host.context().code.heads(mission.id, "main").work
    assert work is not None
    other = it.host.context().code.overlay(work, {"1.1.txt": "evil\n"})
    assert it.host.context().code.move_work(mission.id, other, work)
    assert "changed since the message" in it.page(409, nonce=nonce)
    assert it.web.ask("GET", f"/decide/{it.token}").status_code == 409


def after_its_time(it: Attack) -> None:
    nonce = it.web.nonce(it.token)
    it.host.jobs.clock.time.pass_by(timedelta(hours=11, minutes=59))
    it.host.jobs.clock.time.pass_by(timedelta(hours=12))
    it.page(410, nonce=nonce)


def another_host_name(it: Attack) -> None:
    for name in ("evil.example", f"evil.example:{it.web.name.partition(':')[2]}", "localhost", ""):
        assert it.web.ask("GET", f"/decide/{it.token}", headers={"Host": name}).status_code in {400, 421}
    it_is = f"GET /decide/{it.token} HTTP/1.1\r\nHost: {it.web.name}\r\nHost: evil.example\r\n\r\n"
    assert it.raw(it_is.encode()).split()[1] in {b"400", b"421"}


def a_form_on_another_site(it: Attack) -> None:
    nonce = it.web.nonce(it.token)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": f"{URL}.evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": it.web.url, "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "none"},
    ):
        it.page(403, nonce=nonce, headers=headers)
    simple = {"Content-Type": "text/plain", "Origin": it.web.url}
    found = it.web.ask("POST", f"/decide/{it.token}", content=f"nonce={nonce}", headers=simple)
    assert found.status_code == 415


def the_nonce_of_another_page(it: Attack) -> None:
    it.page(403, nonce=it.web.nonce(it.tokens["reject"]))
    nonce = it.web.nonce(it.token)
    for guess in ("", "0", ".", nonce[:-1], nonce.replace(".", ".0"), f"9{nonce}", "²." + nonce.partition(".")[2]):
        assert "press the button again" in it.page(403, nonce=guess)
    it.host.jobs.clock.time.pass_by(timedelta(hours=12, seconds=1))
    it.page(403, nonce=nonce)


def bodies_that_are_too_long(it: Attack) -> None:
    nonce = it.web.nonce(it.token)
    it.page(413, nonce=nonce, comment="x" * (256 << 10))
    it.page(422, nonce=nonce, comment="x" * 4001)
    head = f"POST /decide/{it.token} HTTP/1.1\r\nHost: {it.web.name}\r\n"
    assert it.raw(f"{head}Content-Length: 99999999999999999999\r\n\r\n".encode()).split()[1] in {b"400", b"413"}
    form = f"{head}Content-Type: {bodies.FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = form.encode() + b"30000\r\n" + b"x" * 0x30000 + b"\r\n30000\r\n" + b"x" * 0x30000 + b"\r\n0\r\n\r\n"
    assert it.raw(chunks).split()[1] == b"413"
    assert it.web.ask("POST", "/hooks/slack", content=b"x" * (256 << 10 | 1)).status_code == 413
    assert it.web.ask("POST", "/hooks/forge/github", content=b"x" * (guard.MOST_BYTES + 1)).status_code == 413
    fields = "&".join(f"f{n}=1" for n in range(60))
    found = it.web.ask("POST", f"/decide/{it.token}", content=fields, headers={"Content-Type": bodies.FORM})
    assert found.status_code == 400


def a_body_that_never_ends(it: Attack) -> None:
    head = f"POST /decide/{it.token} HTTP/1.1\r\nHost: {it.web.name}\r\nContent-Type: {bodies.FORM}\r\n"
    assert it.raw(f"{head}Content-Length: 100\r\n\r\nnonce=".encode()) in {b"", b"HTTP/1.1 400 Bad Request"}
    assert it.raw(b"A" * (20 << 10)).split()[1] == b"400"


def a_token_in_the_query(it: Attack) -> None:
    for key in ("token", "access_token", "TOKEN", "%74oken"):
        assert it.web.ask("GET", f"/decide/x?{key}={it.token}").status_code == 400
    assert it.web.ask("GET", f"/decide/{it.token}?q={'x' * 5000}").status_code == 414


def header_injection(it: Attack) -> None:
    for path in ("/decide/x%0d%0aSet-Cookie:%20a=1", "/hooks/signal/x%0d%0aX-Evil:%201", "/%0d%0aLocation:%20//evil"):
        found = it.web.ask("GET", path)
        assert found.status_code in {404, 405}
        assert not {"set-cookie", "x-evil", "location"} & set(found.headers)
    assert not [line for line in it.web.log if "\n" in line or "\r" in line]
    smuggled = f"POST /decide/{it.token} HTTP/1.1\r\nHost: {it.web.name}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert it.raw(smuggled.encode() + b"0\r\n\r\nPOST /evil HTTP/1.1\r\n\r\n").split()[1] in {b"400", b"415"}


def other_methods_and_paths(it: Attack) -> None:
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        found = it.web.ask(method, f"/decide/{it.token}", headers={"X-HTTP-Method-Override": "POST"})
        assert found.status_code == 405
    override = {"X-HTTP-Method-Override": "POST", "X-Forwarded-Host": "evil.example"}
    assert it.web.ask("GET", f"/decide/{it.token}?_method=POST", headers=override).status_code == 200
    for path in (
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/decide/../x",
        "//evil.example/",
        "/decide/",
        "/static/..%2f",
    ):
        assert it.raw(f"GET {path} HTTP/1.1\r\nHost: {it.web.name}\r\n\r\n".encode()).split()[1] == b"404"


def guesses(it: Attack) -> None:
    found = {
        it.page(404, token=quote(one, safe=""), nonce="1.x") for one in ("x", it.token[:-1], it.token + "A", "é", "\0")
    }
    assert len(found) == 1, "nothing tells a wrong token from another"
    assert "mission" not in found.pop().casefold()


def a_signal_without_its_secret(it: Attack) -> None:
    other = signatures.wait_secret("other key", "m", "webhook:build")
    for secret in ("", other, signatures.wait_secret("key of the waits", "m", "webhook:other")):
        headers = {"X-Mission-Signature": signatures.signature(secret, b"{}") if secret else ""}
        for wait in ("build", "nothing", "%2e%2e"):
            assert it.web.ask("POST", f"/hooks/signal/{wait}", content=b"{}", headers=headers).status_code == 401


ATTACKS: list[Callable[[Attack], None]] = [
    another_person_in_slack,
    somebody_who_is_not_listed,
    listed_for_nothing,
    a_mail_scanner_opens_every_link,
    a_preview_posts_without_the_form,
    a_forged_message_of_slack,
    a_message_of_slack_with_an_old_time,
    a_forged_message_of_telegram,
    forged_messages_of_forges,
    no_secret_is_set,
    another_commit_of_the_work,
    after_its_time,
    another_host_name,
    a_form_on_another_site,
    the_nonce_of_another_page,
    bodies_that_are_too_long,
    a_body_that_never_ends,
    a_token_in_the_query,
    header_injection,
    other_methods_and_paths,
    guesses,
    a_signal_without_its_secret,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
def test_an_attack_is_refused_and_changes_nothing(
    web: Served, start: tuple[Host, dict[str, str]], attack: Callable[[Attack], None]
) -> None:
    before = decided(web.host)
    attack(Attack(web, start[1]))
    assert decided(web.host) == before
    assert web.memory.woken == []
    log = "\n".join(web.log)
    assert [token for token in start[1].values() if token in log] == []


WAYS: list[Callable[[Served, str], Response]] = [
    lambda web, token: web.press(token, comment="fine"),
    lambda web, token: web.press(token, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"}),
    lambda web, token: web.slack("U0ADA", token),
    lambda web, token: web.telegram(1, token),
]


@pytest.mark.parametrize("decide", WAYS, ids=["form", "browser", "slack", "telegram"])
def test_what_is_refused_to_others_works_for_the_person_it_was_made_for(
    web: Served, start: tuple[Host, dict[str, str]], decide: Callable[[Served, str], Response]
) -> None:
    found = decide(web, start[1]["approve"])
    assert found.status_code == 200, found.text
    assert mission_of(web.host).gates[0].status == "approved"
    assert mission_of(web.host).approvals[0].by == "ada"
    assert web.memory.woken == ["here:000001"], "a pulse goes on with it"
    assert start[1]["approve"] not in "\n".join(web.log)


def test_a_used_token_and_a_repeated_message_are_refused(web: Served, start: tuple[Host, dict[str, str]]) -> None:
    nonce, twin = web.nonce(start[1]["approve"]), web.nonce(start[1]["reject"])
    message = web.slack_message("U0ADA", start[1]["approve"], secret=SECRETS["env:SLACK"], late=0)
    assert web.ask("POST", "/hooks/slack", **message).status_code == 200
    after = decided(web.host)
    assert web.ask("POST", "/hooks/slack", **message).status_code == 409
    assert web.press(start[1]["approve"], nonce=nonce).status_code == 410
    assert web.press(start[1]["reject"], nonce=twin).status_code == 409
    assert web.ask("GET", f"/decide/{start[1]['approve']}").status_code == 410
    assert "used before" in web.telegram(1, start[1]["approve"]).json()["text"]
    assert decided(web.host) == after


def test_a_token_answers_its_own_request_and_no_other(web: Served, asking: tuple[Host, dict[str, str]]) -> None:
    host, tokens = asking[0].copy(Fate()), asking[1]
    web.show(host)
    before = decided(host)
    assert web.press(tokens["old"], nonce="1.x").status_code == 409
    assert decided(host) == before
    others = {
        "request": "1",
        "mission": "m",
        "answer": "fail",
        "choice": "reject",
        "subject": "gate:look",
        "text": "fail",
    }
    form = {"nonce": web.nonce(tokens["pass"]), **others}
    assert web.ask("POST", f"/decide/{tokens['pass']}", data=form).status_code == 200
    assert [(r.number, r.status, r.response) for r in mission_of(host).requests] == [
        (1, "open", ""),
        (2, "answered", "pass"),
    ]


def test_hostile_text_is_inert_on_the_page(web: Served, start: tuple[Host, dict[str, str]]) -> None:
    found = web.ask("GET", f"/decide/{start[1]['approve']}")
    assert "<img" not in found.text
    assert "<script" not in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in found.text
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert (found.headers["referrer-policy"], found.headers["cache-control"]) == ("no-referrer", "no-store")
    assert found.headers["x-frame-options"] == "DENY"
    assert web.press(start[1]["approve"], comment=XSS).status_code == 200
    assert mission_of(web.host).approvals[0].comment == XSS


def test_a_read_only_server_shows_and_decides_nothing(start: tuple[Host, dict[str, str]]) -> None:
    host = start[0].copy(Fate())
    with served(host, read_only=True) as web:
        before, nonce = decided(host), web.nonce(start[1]["approve"])
        assert web.press(start[1]["approve"], nonce=nonce).status_code == 403
        assert web.slack("U0ADA", start[1]["approve"]).status_code == 403
        assert decided(host) == before


def test_a_repository_is_decided_with_its_own_secret_only(web: Served, start: tuple[Host, dict[str, str]]) -> None:
    other = start[0].copy(Fate())
    other.settings = replace(other.settings, serve=replace(other.settings.serve, slack_secret=""))
    before = decided(other)
    web.show(other)
    assert web.slack("U0ADA", start[1]["approve"]).status_code == 401
    assert decided(other) == before
