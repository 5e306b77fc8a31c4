"""Buttons of Slack and Telegram: what is sent, and that pressing what was sent decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from inline_snapshot import snapshot
from tests.kit.fakes.life import Fate
from tests.kit.loopback import Loopback, Reply, loopback
from tests.kit.served import DECIDERS, SERVE, Served, mission_of, served, waiting
from tests.unit.test_notifications import SAID

from mission_cli._support.dataclass import replace
from mission_cli.adapters.channels import AppriseMessenger
from mission_cli.engine.news.links import buttons_for, offers_to
from mission_cli.ports.notifier import Letter, Offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.fakes.host import Host

PLAN = """\
title: By button
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Only
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
"""
SLACK_HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
SLACK_BOT = "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544"
ASKED = (
    Offer("One (m), gate look <b>@all</b>", "approve", "https://m.example.org/decide/T1", "T1"),
    Offer("One (m), gate look <b>@all</b>", "reject", "https://m.example.org/decide/T2", "T2"),
    Offer("One (m), request 3: Why?", "answer", "https://m.example.org/decide/T3"),
)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Stands for Slack and Telegram."""
    with loopback(lambda _: Reply(200, {"ok": True})) as running:
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{running.url}/services")
        monkeypatch.setattr(NotifySlack, "api_url", running.url + "/api/{}")
        monkeypatch.setattr(NotifyTelegram, "notify_url", f"{running.url}/bot")
        yield running


def send(channel: str, *offers: Offer, buttons: tuple[str, ...] = ("slack", "telegram")) -> str:
    letter = Letter("", (SAID,), "warning", offers=offers, buttons=frozenset(buttons))
    return AppriseMessenger({}).send(channel, letter)


def test_slack_gets_plain_text_and_a_button_for_each_decision(ear: Loopback) -> None:
    assert send(SLACK_HOOK, *ASKED) == ""
    [one] = ear.asked
    assert one.path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert one.json["blocks"][1:] == snapshot(
        [
            {
                "type": "section",
                "text": {"type": "plain_text", "text": "One (m), gate look <b>@all</b>", "emoji": False},
            },
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "approve", "emoji": False},
                        "action_id": "decide-0",
                        "value": "T1",
                    },
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "reject", "emoji": False},
                        "action_id": "decide-1",
                        "value": "T2",
                    },
                ],
            },
            {"type": "section", "text": {"type": "plain_text", "text": "One (m), request 3: Why?", "emoji": False}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "answer …", "emoji": False},
                        "action_id": "open-0",
                        "url": "https://m.example.org/decide/T3",
                    }
                ],
            },
        ]
    )
    assert {block["text"]["type"] for block in one.json["blocks"] if "text" in block} == {"plain_text"}
    assert send(SLACK_BOT, *ASKED) == ""
    assert (ear.asked[1].path, ear.asked[1].json["channel"]) == ("/api/chat.postMessage", "#general")
    assert ear.asked[1].headers["authorization"].startswith("Bearer xoxb-")


def test_telegram_gets_a_message_with_a_keyboard_for_each_question(ear: Loopback) -> None:
    assert send(TELEGRAM, *ASKED) == ""
    assert {one.path for one in ear.asked} == {"/bot123456789:abcdefg_hijklmnop/sendMessage"}
    assert [one.json for one in ear.asked[1:]] == snapshot(
        [
            {
                "chat_id": 12315544,
                "text": "One (m), gate look <b>@all</b>",
                "reply_markup": {
                    "inline_keyboard": [
                        [{"text": "approve", "callback_data": "T1"}],
                        [{"text": "reject", "callback_data": "T2"}],
                    ]
                },
            },
            {
                "chat_id": 12315544,
                "text": "One (m), request 3: Why?",
                "reply_markup": {"inline_keyboard": [[{"text": "answer …", "url": "https://m.example.org/decide/T3"}]]},
            },
        ]
    )
    assert all("parse_mode" not in one.json for one in ear.asked)


def test_without_a_secret_or_an_id_there_are_links_and_no_buttons(ear: Loopback) -> None:
    ear.answer = lambda _: Reply(200, b"ok")
    assert send(SLACK_HOOK, *ASKED, buttons=("telegram",)) == ""
    assert "https://m.example.org/decide/T1" in ear.asked[0].json["attachments"][0]["text"]


def test_why_a_message_did_not_arrive_is_said_without_its_address(ear: Loopback) -> None:
    ear.answer = lambda _: Reply(429)
    assert send(SLACK_HOOK, *ASKED) == "the service answered HTTP 429"
    ear.answer = lambda _: Reply(200, {"ok": False, "error": "channel_not_found"})
    assert send(SLACK_BOT, *ASKED) == "the service did not accept it"
    ear.answer = lambda _: Reply(0)
    assert send(TELEGRAM, *ASKED) == "the service cannot be reached"


@pytest.fixture(scope="module")
def start() -> Host:
    with loopback(lambda _: Reply()) as chat:
        return waiting(chat, PLAN, DECIDERS)


@pytest.fixture(scope="module")
def web() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.mark.parametrize("door", ["slack", "telegram"])
def test_pressing_the_button_that_was_sent_decides(ear: Loopback, web: Served, start: Host, door: str) -> None:
    host = start.copy(Fate())
    web.show(host)
    offers = offers_to(host.context(), "ada", ["m"])
    letter = Letter("", (SAID,), "warning", offers=offers, buttons=buttons_for(host.context(), "ada"))
    assert AppriseMessenger({}).send(SLACK_HOOK if door == "slack" else TELEGRAM, letter) == ""
    value = _first(ear.asked[-1].json, "value" if door == "slack" else "callback_data")
    assert len(value) <= 64
    answer = web.slack("U0ADA", value) if door == "slack" else web.telegram(1, value)
    assert answer.json()["text"] == "gate look is approved."
    assert mission_of(host).approvals[0].by == "ada"


def _first(value: Any, key: str) -> str:
    """The first value of a key, anywhere in JSON."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and key in value:
        return str(value[key])
    return next((found for one in inner if (found := _first(one, key))), "")


def test_a_person_has_buttons_where_they_are_known_and_a_secret_is_set(start: Host) -> None:
    host = start.copy(Fate())
    assert buttons_for(host.context(), "ada") == {"slack", "telegram"}
    assert buttons_for(host.context(), "nobody") == frozenset()
    host.settings = replace(host.settings, serve=replace(SERVE, slack_secret=""))
    assert buttons_for(host.context(), "ada") == {"telegram"}
    host.settings = replace(host.settings, deciders={"ada": replace(DECIDERS["ada"], telegram="")})
    assert buttons_for(host.context(), "ada") == frozenset()
