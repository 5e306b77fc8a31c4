"""Results of `mission serve` and `mission access`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that is ready."""

    url: str
    repositories: Sequence[str]
    read_only: bool
    users: Sequence[str]
    """Names of the tokens."""
    page: str = ""
    """The address that signs the person at this machine in on the pages; empty if users sign in with tokens."""
    phone: str = ""
    """With `--lan`: the address of the QR code, which lets one browser in, within 5 minutes."""


@dataclass(frozen=True, slots=True)
class UserAdded:
    """A new user of the server."""

    name: str
    scopes: Sequence[str]
    token: str
    """Shown this once; only its hash is kept."""


@dataclass(frozen=True, slots=True)
class UserRemoved:
    """A user of the server is gone."""

    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user of the server."""

    name: str
    scopes: Sequence[str]
    since: str
    email: str


@dataclass(frozen=True, slots=True)
class Users:
    """The users of the server."""

    users: Sequence[User]


@dataclass(frozen=True, slots=True)
class WebhookAccess:
    """How to report the event of a wait from outside."""

    id: str
    feature: str
    url: str
    """Where to send it."""
    secret: str
    header: str
    """The header with the HMAC-SHA256 of the body, in hexadecimal digits."""
