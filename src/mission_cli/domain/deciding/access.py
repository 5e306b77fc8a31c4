"""Users of the server: each has a token with scopes, and the name of the token is the actor of what it does."""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.deciding.grants import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = pattern(r"[\w.-]{1,64}")


class Scope(StrEnum):
    """What a token allows."""

    READ = "missions.read"
    MANAGE = "missions.manage"
    """Everything that steers a mission, except decisions."""
    APPROVE = "approve"
    """Approve, reject and answer."""


@dataclass(frozen=True, slots=True)
class Access:
    """A user of the server."""

    name: str
    """The actor: author of commits, and the name in approvals and logs."""
    digest: str
    """SHA-256 of the token."""
    scopes: tuple[str, ...]
    since: str
    """When it was made."""
    email: str = ""


def is_name(text: str) -> bool:
    """Whether a token can have this name."""
    return _NAME.fullmatch(text) is not None


def holder(accesses: Iterable[Access], token: str) -> Access | None:
    """Return whose token it is, or None. Every known hash is compared, each in constant time."""
    digest, one = hash_of(token), None
    for access in accesses:
        if hmac.compare_digest(access.digest, digest):
            one = access
    return one
