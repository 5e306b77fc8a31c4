"""Messages with buttons that decide, for Slack and Telegram: apprise sends text only.

The addresses are those of apprise's services. Texts are plain: nothing in them is formatting, a link or a mention.
Formats: https://docs.slack.dev/block-kit, https://core.telegram.org/bots/api#inlinekeyboardmarkup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.ports.notifier import Offer

_SECONDS = 10.0
_LONGEST_TEXT, _LONGEST_LABEL, _LONGEST_QUESTION = 2900, 70, 1000
_MOST_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP request to a chat."""

    url: str
    body: Any
    headers: Mapping[str, str]


def chat_of(service: Any) -> str:
    """Return the chat that a service of apprise sends to, `slack` or `telegram`; empty for any other."""
    return {"slack": "slack", "tgram": "telegram"}.get(str(getattr(service, "schema", "") or ""), "")


def posts(service: Any, text: str, offers: Sequence[Offer]) -> list[Post]:
    """Return the requests that send a text and buttons to each target; empty if the kind of address has no buttons."""
    if chat_of(service) == "telegram":
        url = f"{service.notify_url}{service.bot_token}/sendMessage"
        bodies = [body for target in service.targets for body in _to_telegram(target[0], text, offers)]
        return [Post(url, body, {}) for body in bodies]
    blocks = {"text": one_line(text, _LONGEST_QUESTION), "blocks": [*_to_slack(text, offers)]}
    if getattr(service, "token_a", None):
        path = f"{service.token_a}/{service.token_b}/{service.token_c}"
        return [Post(f"{service.webhook_url}/{path}", blocks, {})]
    if getattr(service, "access_token", None):
        url, headers = service.api_url.format("chat.postMessage"), {"Authorization": f"Bearer {service.access_token}"}
        return [Post(url, {**blocks, "channel": one}, headers) for one in service.channels]
    return []


def send(found: Sequence[Post]) -> str:
    """Send the requests; return why one did not arrive, or the empty string. No text contains an address."""
    import httpx

    for post in found:
        try:
            answer = httpx.post(post.url, json=post.body, headers=dict(post.headers), timeout=_SECONDS)
        except httpx.HTTPError:
            return "the service cannot be reached"
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            return f"the service answered HTTP {answer.status_code}"
        if _is_refusal(answer):
            return "the service did not accept it"
    return ""


def _is_refusal(answer: Any) -> bool:
    """Whether the body says so: the API of Slack answers 200 with `ok: false`."""
    try:
        said = answer.json()
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("ok") is False


def _to_slack(text: str, offers: Sequence[Offer]) -> Iterator[dict[str, Any]]:
    yield {"type": "section", "text": _plain(text, _LONGEST_TEXT)}
    for question, mine in _grouped(offers):
        yield {"type": "section", "text": _plain(question, _LONGEST_QUESTION)}
        buttons = []
        for number, one in enumerate(mine):
            press = {"action_id": f"decide-{number}", "value": one.token} if one.token else {"url": one.url}
            label = one.label if one.token else f"{one.label} …"
            name = {} if one.token else {"action_id": f"open-{number}"}
            buttons.append({"type": "button", "text": _plain(label, _LONGEST_LABEL), **name, **press})
        yield {"type": "actions", "elements": buttons}


def _to_telegram(chat: Any, text: str, offers: Sequence[Offer]) -> Iterator[dict[str, Any]]:
    yield {"chat_id": chat, "text": text[:_LONGEST_TEXT]}
    for question, mine in _grouped(offers):
        rows = []
        for one in mine:
            press = {"callback_data": one.token} if one.token else {"url": one.url}
            rows.append([{"text": one_line(one.label, _LONGEST_LABEL) + ("" if one.token else " …"), **press}])
        yield {
            "chat_id": chat,
            "text": one_line(question, _LONGEST_QUESTION),
            "reply_markup": {"inline_keyboard": rows},
        }


def _grouped(offers: Sequence[Offer]) -> list[tuple[str, list[Offer]]]:
    """Return each question with its decisions, in order."""
    found: dict[str, list[Offer]] = {}
    for one in offers:
        found.setdefault(one.question, []).append(one)
    return list(found.items())[:_MOST_QUESTIONS]


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text if len(text) <= most else f"{text[: most - 1]}…", "emoji": False}
