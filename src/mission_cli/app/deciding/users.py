"""Users of the server: add, list and remove the tokens by which they are known."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.text import did_you_mean, stamp
from mission_cli.domain.deciding.access import Access, Scope, is_name
from mission_cli.domain.deciding.grants import TOKEN_BYTES, hash_of
from mission_cli.domain.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


class Accesses(Protocol):
    """Where the tokens are kept, as hashes."""

    def all(self) -> tuple[Access, ...]:
        """Return every token."""
        ...

    def change(self, change: Callable[[tuple[Access, ...]], tuple[Access, ...]]) -> None:
        """Replace the tokens."""
        ...


def add_user(kept: Accesses, name: str, scopes: Sequence[str], *, email: str, now: datetime) -> str:
    """Add a user and return the token, which is not kept and not shown again."""
    if not is_name(name):
        raise UsageError(f"{name!r} is not a valid name", hint="use letters, digits, `.`, `_` and `-`")
    for scope in scopes:
        if scope not in set(Scope):
            hint = did_you_mean(scope, list(Scope), f"scopes are {', '.join(Scope)}")
            raise UsageError(f"unknown scope: {scope}", hint=hint)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    access = Access(name, hash_of(token), tuple(dict.fromkeys(map(str, scopes or (Scope.READ,)))), stamp(now), email)

    def change(known: tuple[Access, ...]) -> tuple[Access, ...]:
        if any(one.name.casefold() == name.casefold() for one in known):
            raise UsageError(f"there is a token `{name}`", hint="remove it first, or choose another name")
        return (*known, access)

    kept.change(change)
    return token


def remove_user(kept: Accesses, name: str) -> None:
    """Remove a token; a running server accepts it no more."""

    def change(known: tuple[Access, ...]) -> tuple[Access, ...]:
        rest = tuple(one for one in known if one.name != name)
        if len(rest) == len(known):
            names = ", ".join(one.name for one in known)
            raise NotFoundError(f"there is no token `{name}`", hint=f"there are: {names}" if names else "there is none")
        return rest

    kept.change(change)
