"""Webhooks that are genuine: each only fills a wait or wakes the loop, and is safe to repeat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.served import DECIDERS, KEY, SECRETS, SERVE, Served, decided, served
from tests.unit.test_signals import waiting, waits

from mission_cli.app.deciding.redeem import note_stranger
from mission_cli.app.deciding.webhooks import door_of
from mission_cli.app.queries.diagnosis.outside import outside_findings
from mission_cli.domain.deciding.signatures import signature, wait_secret
from mission_cli.domain.errors import NotFoundError
from mission_cli.settings import NotificationSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import Response
    from tests.kit.fakes.host import Host

UNSET = "env:NO_SUCH_VARIABLE"
ROW = "| 1.2 | webhook:build 7 | | | open |"


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def web(shared: Served) -> Served:
    host = waiting(ROW)
    host.settings = replace(host.settings, serve=SERVE)
    return shared.show(host)


def report(web: Served, body: bytes, *, wait: str = "build%207") -> Response:
    """Report the event as a build server does."""
    signed = signature(wait_secret(KEY, "m", "webhook:build 7"), body)
    return web.ask("POST", f"/hooks/signal/{wait}", content=body, headers={"X-Mission-Signature": f"sha256={signed}"})


def test_a_signed_event_fills_its_wait_once_with_its_data(web: Served) -> None:
    found = report(web, b'{"ok": true}')
    assert found.status_code == 200
    assert found.json()["message"] == snapshot(
        "1.2 no longer waits for webhook:build 7 (data in assets/signal-1.2-12b34da73b0c67a0.json)"
    )
    assert waits(web.host) == snapshot([("webhook:build 7", "resolved", "assets/signal-1.2-12b34da73b0c67a0.json")])
    assert str(web.host.context().state.history()[0].author) == "webhook <webhook@localhost>"
    after = decided(web.host)
    again = report(web, b'{"ok": true}')
    assert (again.status_code, again.json()["commit"]) == (200, "")
    other = report(web, b'{"ok": false}')
    assert other.status_code == 409
    assert other.json()["title"] == "1.2 no longer waits for webhook:build 7: it was resolved with other data"
    assert decided(web.host) == after


def test_an_event_without_data_is_reported_too_and_what_is_no_json_is_not(web: Served) -> None:
    before = decided(web.host)
    assert [report(web, body).status_code for body in (b"{", b"\xff", b'"\xff"', b"NaN")] == [422] * 4
    assert decided(web.host) == before
    assert report(web, b"").status_code == 200
    assert waits(web.host) == [("webhook:build 7", "resolved", "")]


def test_where_to_report_an_event(web: Served) -> None:
    door = door_of(web.host.context(), KEY, "m", "webhook:build 7")
    assert (door.feature, door.wait, door.secret) == ("1.2", "build 7", wait_secret(KEY, "m", "webhook:build 7"))
    with pytest.raises(NotFoundError, match="m waits for no webhook `test`"):
        door_of(web.host.context(), KEY, "m", "test")


FORGES = [
    ("github", {"X-Hub-Signature-256": f"sha256={signature(SECRETS['env:FORGE'], b'{}')}"}),
    ("gitlab", {"X-Gitlab-Token": SECRETS["env:FORGE"]}),
    ("forgejo", {"X-Forgejo-Signature": signature(SECRETS["env:FORGE"], b"{}")}),
    ("forgejo", {"X-Gitea-Signature": signature(SECRETS["env:FORGE"], b"{}")}),
]


@pytest.mark.parametrize(("kind", "headers"), FORGES)
def test_a_message_of_a_forge_wakes_the_loop_and_says_nothing_more(
    web: Served, kind: str, headers: dict[str, str]
) -> None:
    before = decided(web.host)
    for _ in range(2):
        found = web.ask("POST", f"/hooks/forge/{kind}", content=b"{}", headers=headers)
        assert (found.status_code, found.json()) == (202, {"woken": 1})
    assert web.memory.woken == ["here:000001", "here:000001"]
    assert web.host.context().runtime.take_pulse_request()
    assert decided(web.host) == before


def test_messages_of_chats_about_something_else_are_taken_and_do_nothing(web: Served) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRETS["env:TELEGRAM"]}
    for body in (b'{"message": {"text": "/start"}}', b"[]", b'{"callback_query": []}', b"null"):
        found = web.ask("POST", "/hooks/telegram", content=body, headers=headers)
        assert (found.status_code, found.json()) == (200, {})
    assert web.ask("POST", "/hooks/telegram", content=b"{", headers=headers).status_code == 400
    deep = b"[" * 100_000
    assert web.ask("POST", "/hooks/telegram", content=deep, headers=headers).status_code == 400


def findings(host: Host) -> list[tuple[str, str]]:
    return [(str(one.level), one.words) for one in outside_findings(host.context())]


def test_doctor_says_what_keeps_people_from_deciding_and_who_tried_in_vain() -> None:
    host = waiting()
    assert findings(host) == []
    signal_free = replace(SERVE, slack_secret=UNSET, telegram_secret="", github_secret="")
    host.settings = replace(
        host.settings, serve=replace(signal_free, gitlab_secret="", forgejo_secret=""), deciders=DECIDERS
    )
    note_stranger(host.context(), "slack", "U0EVIL", "no decider has this id")
    assert findings(host) == snapshot(
        [
            ("wrong", "`serve.slack_secret`: $NO_SUCH_VARIABLE is empty or missing"),
            ("warning", "the decider `eve` may decide nothing"),
            (
                "warning",
                "no message contains links to decide: no rule in [notifications.NAME] has a `decider`",
            ),
            (
                "warning",
                "1 decision from outside refused in 7 days; the last one: no decider has this id (U0EVIL, slack, 2026-11-20T10:00:00Z)",
            ),
        ]
    )
    host = waiting()
    rule = NotificationSettings(("json://localhost",), decider="ada")
    host.settings = replace(host.settings, deciders={"ada": DECIDERS["ada"]}, notifications={"ada": rule})
    assert findings(host) == [("warning", "no message contains links to decide: `serve.url` is empty")]
    host.settings = replace(
        host.settings,
        serve=replace(
            SERVE, slack_secret="", telegram_secret="", github_secret="", gitlab_secret="", forgejo_secret=""
        ),
    )
    assert findings(host) == [("ok", "1 person may decide from outside")]
