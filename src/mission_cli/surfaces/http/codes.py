"""Codes in addresses that begin a session: the one that the server prints, and those that let one browser in, once."""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import TYPE_CHECKING

from mission_cli.domain.deciding.grants import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable

LIFETIME_SECONDS = 5 * 60
_MOST = 20


class Codes:
    """The codes of one server, which are kept in memory."""

    def __init__(self, clock: Callable[[], float], printed: str = "") -> None:
        """`printed` lets the person at this machine in, as often as it is used; empty: no code does that."""
        self._clock, self._printed = clock, printed
        self._invites: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    @property
    def prints(self) -> bool:
        """Whether there is a printed code, which lets the person at this machine in."""
        return bool(self._printed)

    def invite(self, digest: str = "") -> str:
        """Return a code for one browser, which is valid for 5 minutes.

        `digest`: of the token of the user that it lets in; empty: the person at this machine.
        """
        code = secrets.token_urlsafe(24)
        with self._lock:
            while len(self._invites) >= _MOST:
                del self._invites[next(iter(self._invites))]
            self._invites[hash_of(code)] = (digest, self._clock() + LIFETIME_SECONDS)
        return code

    def take(self, code: str) -> str | None:
        """Return whom a code lets in, as in `invite`; None if it is unknown, used or too old."""
        if self._printed and hmac.compare_digest(hash_of(self._printed), hash_of(code)):
            return ""
        with self._lock:
            digest, ends = self._invites.pop(hash_of(code), ("", 0.0))
        return digest if self._clock() < ends else None
