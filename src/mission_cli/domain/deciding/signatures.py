"""Signatures of webhooks. Each function returns whether the message is genuine; an empty secret never is.

Formats: https://docs.slack.dev/authentication/verifying-requests-from-slack,
https://core.telegram.org/bots/api#setwebhook, https://docs.github.com/webhooks (validating deliveries),
https://docs.gitlab.com/user/project/integrations/webhooks, https://forgejo.org/docs/latest/user/webhooks.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SLACK_AGE = timedelta(minutes=5)
"""Older messages of Slack, and those from the future, are refused."""
_LONGEST_TIME = 12


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are the same, compared in constant time; empty ones never are."""
    return bool(one and other) and hmac.compare_digest(_bytes(one), _bytes(other))


def signature(secret: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of a body as hexadecimal digits."""
    return hmac.new(_bytes(secret), body, sha256).hexdigest()


def is_signed(secret: str, body: bytes, given: str) -> bool:
    """Whether a header has the HMAC-SHA256 of the body, alone or after `sha256=`: GitHub, Forgejo and signals."""
    return bool(secret) and is_same(signature(secret, body), given.removeprefix("sha256=").casefold())


def is_from_slack(secret: str, body: bytes, *, given: str, sent: str, now: datetime) -> bool:
    """Whether Slack signed a body, no more than 5 minutes ago. `sent` is the time in its header."""
    at = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= _LONGEST_TIME else 0
    if not secret or abs(now.timestamp() - at) > SLACK_AGE.total_seconds():
        return False
    return is_same(f"v0={signature(secret, f'v0:{at}:'.encode() + body)}", given)


def wait_secret(key: str, mission: str, wait: str) -> str:
    """Return the secret that signs the signal of one wait, made from the key of this user."""
    return signature(key, f"signal\0{mission}\0{wait}".encode()) if key else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
