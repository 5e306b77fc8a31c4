"""Who looks at the pages: sessions of browsers, each begun with a token, or with the code that the server printed.

A session is a random name in a cookie. The server knows only its hash, and keeps that across restarts.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.deciding.access import Scope, holder
from mission_cli.domain.deciding.grants import hash_of
from mission_cli.domain.deciding.sessions import KeptSession
from mission_cli.domain.host import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.http.codes import Codes

LIFETIME_SECONDS = 24 * 60 * 60
_MOST = 200
"""Sessions at once; the oldest one ends for a new one."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page."""

    name: str
    """The name of the token; empty for the person at this machine."""
    person: Person | None
    """The actor; None: whom git names in each repository."""
    scopes: frozenset[str]
    form_key: str
    """What each form of this session has to contain."""

    def may(self, scope: str) -> bool:
        """Whether a scope is allowed."""
        return scope in self.scopes


class SessionStore(Protocol):
    """Where the sessions of one server are kept for the next one at its address."""

    def load(self) -> tuple[KeptSession, ...]:
        """Return those of the server before."""
        ...

    def save(self, sessions: Sequence[KeptSession]) -> None:
        """Keep these, and no others."""
        ...


@dataclass(frozen=True, slots=True)
class Entrances:
    """How people come in other than with a token."""

    codes: Codes | None = None
    """Codes in addresses; None: only tokens let people in."""
    store: SessionStore | None = None
    """What keeps sessions across restarts; None: they end with the server."""


NO_ENTRANCES = Entrances()


class Sessions:
    """The sessions of one server."""

    def __init__(
        self,
        users: Callable[[], tuple[Access, ...]],
        clock: Callable[[], float],
        entrances: Entrances = NO_ENTRANCES,
        *,
        https: Collection[str] = (),
    ) -> None:
        """`https`: values of the header Host.

        A session of the person at this machine counts only at a server whose printed code lets them in.
        """
        self._users, self._clock, self._codes, self._store = users, clock, entrances.codes, entrances.store
        self._https = frozenset(https)
        self._told: dict[str, str] = {}
        at_home = self._codes is not None and self._codes.prints
        before = self._store.load() if self._store is not None else ()
        self._kept = {one.key: one for one in before if (one.digest or at_home) and clock() < one.ends}
        self._lock = threading.Lock()

    @property
    def takes_tokens(self) -> bool:
        """Whether there are users, who sign in with their tokens."""
        return bool(self._users())

    def visitor(self, request: HTTPConnection) -> Visitor | None:
        """Return who sent a request; None without a session, and after the token was removed."""
        session = self._session(request)
        if session is None:
            return None
        form_key = _form_key(request)
        if not session.digest:
            return Visitor("", None, frozenset(Scope), form_key)
        user = next((one for one in self._users() if hmac.compare_digest(one.digest, session.digest)), None)
        if user is None:
            return None
        person = Person(user.name, user.email or f"{user.name}@localhost")
        return Visitor(user.name, person, frozenset(user.scopes), form_key)

    def enter(self, code: str) -> str:
        """Return the name of a new session for whom a code lets in; empty if the code is wrong, used or too old."""
        digest = self._codes.take(code) if self._codes is not None else None
        return self._begin(digest) if digest is not None else ""

    def sign_in(self, token: str) -> str:
        """Return the name of a new session for the holder of a token; empty if there is none."""
        user = holder(self._users(), token.strip())
        return self._begin(user.digest) if user is not None and token.strip() else ""

    def sign_out(self, request: Request) -> None:
        """End a session."""
        with self._lock:
            self._kept.pop(_key(_name(request)), None)
            self._save()

    def tell(self, request: Request, words: str) -> None:
        """Keep what the next page of a session says."""
        session = self._session(request)
        if session is not None:
            self._told[session.key] = words

    def told(self, request: Request) -> str:
        """Return what a page has to say, once."""
        session = self._session(request)
        return self._told.pop(session.key, "") if session is not None else ""

    def set_cookie(self, request: Request, response: Response, name: str) -> None:
        """Let the browser keep a session; an empty name ends it."""
        response.set_cookie(
            _cookie(request),
            name,
            max_age=LIFETIME_SECONDS if name else 0,
            path="/",
            secure=request.headers.get("host", "").casefold() in self._https,
            httponly=True,
            samesite="strict",
        )

    def _session(self, request: HTTPConnection) -> KeptSession | None:
        given = _name(request)
        with self._lock:
            session = self._kept.get(_key(given)) if given else None
        return session if session is not None and self._clock() < session.ends else None

    def _begin(self, digest: str) -> str:
        name, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._kept = {key: one for key, one in self._kept.items() if now < one.ends}
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[_key(name)] = KeptSession(_key(name), digest, now + LIFETIME_SECONDS)
            self._told = {key: words for key, words in self._told.items() if key in self._kept}
            self._save()
        return name

    def _save(self) -> None:
        if self._store is not None:
            self._store.save(tuple(self._kept.values()))


def _name(request: HTTPConnection) -> str:
    """Return the name of the session, which the cookie has; empty without one."""
    return request.cookies.get(_cookie(request), "")


def _form_key(request: HTTPConnection) -> str:
    """Return what the forms of a session contain: made from its name, so that it is the same after a restart."""
    return hash_of(f"form {_name(request)}")


def _key(name: str) -> str:
    return hash_of(name)


def _cookie(request: HTTPConnection) -> str:
    """Return the name of the cookie; browsers send cookies to every port of a host, so it names the port."""
    return f"mission-{request.url.port or 'page'}"
