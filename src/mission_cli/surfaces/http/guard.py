"""What every request has to pass: Host, Origin, no token in the address, size, read-only; and headers of responses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.surfaces.http.problems import Problem, response_of
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WEBSOCKET, _SWITCHED = "WEBSOCKET", 101
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
SESSION_PATHS = frozenset({SIGN_IN, SIGN_OUT})
"""What is sent there changes who looks at the pages, and nothing else: allowed also when read-only."""
MOST_BYTES = 1 << 20
"""Longest body of any request."""
MOST_HEADER_BYTES = 16 << 10
_MOST_QUERY = 4096
_SECRET_KEYS = frozenset({"token", "access_token", "api_key", "apikey", "key", "bearer", "authorization", "secret"})
_SECRET_PART = pattern(r"(?<=/decide/)[^/?#]+|(?<=/enter/)[^/?#]+")
_HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
"""Of every response that does not set them itself."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a server accepts."""

    hosts: frozenset[str]
    """The values of the header Host under which it is known, such as `127.0.0.1:8765`."""
    origins: frozenset[str]
    """The origins of its own pages."""
    read_only: bool = False


class Guard:
    """Wraps the application: refuses what it must not see, and adds the headers of responses."""

    def __init__(
        self, app: ASGIApp, rules: Rules, log: Callable[[str], None], stop: Callable[[], None] = lambda: None
    ) -> None:
        """`stop` ends requests that would not end by themselves."""
        self._app, self._rules, self._log, self.stop = app, rules, log, stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            return
        status, method = 0, scope.get("method", _WEBSOCKET)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = _SWITCHED
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(scope)
        app = self._app if problem is None else response_of(problem)
        try:
            await app(scope, _limited(receive), answer)
        finally:
            self._log(f"{method} {shown_path(scope['path'])} {status or 'no answer'}")

    def _problem(self, scope: Scope) -> Problem | None:
        headers, method = Headers(scope=scope), scope.get("method", "GET")
        if len(headers.getlist("host")) != 1 or headers["host"].casefold() not in self._rules.hosts:
            return Problem(421, "this server is not known by that name", "use the address that it printed")
        socket = scope["type"] == "websocket"  # browsers let the pages of any site open one, with the cookies of this
        nameless = socket and headers.get("origin") == "null"
        if nameless or not self._is_own_page(headers, safe=method in SAFE_METHODS and not socket):
            return Problem(403, "requests from pages of other sites are refused")
        if self._rules.read_only and method not in SAFE_METHODS and scope["path"] not in SESSION_PATHS:
            return Problem(403, "this server is read-only", "start it without --read-only")
        query = scope["query_string"]
        if (problem := _too_long(headers, query)) is not None:
            return problem
        names = {name.casefold() for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
        if names & _SECRET_KEYS:
            hint = "send the header `Authorization: Bearer TOKEN`, and replace this token: addresses are logged"
            return Problem(400, "a token in the address is not accepted", hint)
        if "transfer-encoding" in headers and "content-length" in headers:
            return Problem(400, "the body has two lengths")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > MOST_BYTES:
            return Problem(413, "the body is too long", f"send at most {MOST_BYTES} bytes")
        return None

    def _is_own_page(self, headers: Headers, *, safe: bool) -> bool:
        """Whether the request comes from no page, or from one of this server.

        Our pages send no referrer, so browsers name their origin `null`; where they can, they say `same-origin` too.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "")
        if origin is not None and origin != "null" and origin.casefold() not in self._rules.origins:
            return False
        if safe:
            return True
        return site in {"", "same-origin"} or (site == "none" and origin is None)


def _too_long(headers: Headers, query: bytes) -> Problem | None:
    if sum(len(name) + len(value) for name, value in headers.raw) > MOST_HEADER_BYTES:
        return Problem(431, "the headers are too long", f"send at most {MOST_HEADER_BYTES} bytes")
    return Problem(414, "the query is too long") if len(query) > _MOST_QUERY else None


def shown_path(path: str) -> str:
    """Return a path for the log: without tokens and codes in it, and without control characters."""
    return clean(_SECRET_PART.sub("…", path)).replace("\n", "\N{REPLACEMENT CHARACTER}")[:200]


def _limited(receive: Receive) -> Receive:
    """Return `receive` that ends a body which is longer than its header said."""
    got = 0

    async def limited() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        return message if got <= MOST_BYTES else {"type": "http.disconnect"}

    return limited
