"""A client for the HTTP interface of a forge: conditional requests, pages, pauses between writes, limits, errors.

It knows no particular forge: what differs is in `Dialect`. The token is in a header of requests to the forge's own
host, and nowhere else.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.forges.kept import Kept, Known
from mission_cli.adapters.forges.transport import Raw, Transport, in_wrong_json
from mission_cli.adapters.forges.troubles import Refusal, is_limit, limited, trouble, used_up, wait_of, words_of
from mission_cli.domain.errors import ForgeError, ForgeTrouble

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

MOST_PAGES = 50
LARGEST = 20 << 20
"""Size limit of an answer, in bytes."""
_HOPS = 5
_TOKEN = pattern(r"[!-~]*")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_HEADERS = frozenset({"link", "x-oauth-scopes", "github-authentication-token-expiration", "x-total-count"})
_HALF = pattern(rb"\\u[dD][89a-fA-F]")
_NOT_MODIFIED = 304
_NO_CONTENT = 204
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How requests to one kind of forge look."""

    name: str
    """As people call it, for messages: `GitHub`."""
    token_header: str = "Authorization"  # noqa: S105 - the name of a header
    token_form: str = "Bearer {}"  # noqa: S105 - how a token is written
    headers: Mapping[str, str] = field(default_factory=dict)
    """Other headers of each request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a forge answered."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    data: Any
    """The JSON; None if there is none."""
    words: str = ""
    """The forge's own words, if it is not a success."""
    fresh: bool = True
    """False if the forge said that nothing has changed."""
    at: float = 0.0
    """When the JSON was given, in seconds since 1970; before, if it has not changed since."""


class Client:
    """Sends requests to one forge with one token. `requests` counts them, with redirects and 304s."""

    def __init__(
        self,
        base: str,
        token: str,
        folder: Path,
        dialect: Dialect,
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the base URL and the token; answers, the last write and limits are kept in `folder`.

        `environment` names proxies and additional certificates, as for curl. `clock` returns seconds since 1970.
        Raises ForgeError for a token that cannot be one.
        """
        if not _TOKEN.fullmatch(token):
            raise ForgeError(
                ForgeTrouble.UNAUTHORIZED,
                f"the token for {dialect.name} contains characters that no token has",
                hint="copy it again, without spaces and line ends",
            )
        self.base = base.rstrip("/")
        self.forge = dialect.name
        self.requests = 0
        self.moved = ""
        """Where the last redirected read went; empty: none was redirected."""
        self._token = token
        self._dialect = dialect
        self._kept = Kept(folder, token, clock)
        self._clock, self._sleep = clock, sleep
        self._transport = Transport(self.base, dialect.name, environment or {})

    def get(self, path: str, query: Mapping[str, object] | None = None, *, accept: Collection[int] = ()) -> Answer:
        """Read something, conditionally if the answer is known from before. Raises ForgeError.

        Statuses in `accept` are returned instead of raised. `path` may be a whole URL of the forge.
        """
        return self._read(self.url(path, query), accept)

    def known(self, path: str, query: Mapping[str, object], since: float) -> Any:
        """Return the JSON that the forge gave or confirmed since a moment, without a request; None if it did not."""
        url = self.url(path, query)
        known = self._kept.known(url) if self._kept.confirmed(url) >= since else None
        return known.data if known else None

    def pages(self, path: str, query: Mapping[str, object] | None = None, key: str = "") -> Iterator[Any]:
        """Yield the items of all pages of a list. `key`: the items are under that key of an object."""
        url = self.url(path, query)
        for _ in range(MOST_PAGES):
            answer = self._read(url, ())
            items = answer.data.get(key) if key and isinstance(answer.data, dict) else answer.data
            if not isinstance(items, list):
                raise in_wrong_json(self.forge, "a list was expected")
            yield from items
            following = next_page(answer)
            if not following:
                return
            url = self.url(self._joined(url, following))
        raise ForgeError(ForgeTrouble.REFUSED, f"{self.forge} has more than {MOST_PAGES} pages of {path}")

    def ask(self, path: str, body: Any) -> Answer:
        """Read something by a POST request, such as a GraphQL query: without a pause. Raises ForgeError."""
        return self._checked("POST", self.url(path), self._send("POST", self.url(path), body), ())

    def write(self, method: str, path: str, body: Any = None, *, accept: Collection[int] = ()) -> Answer:
        """Change something, at least one second after the last write with this token. Raises ForgeError.

        Statuses in `accept` are returned instead of raised.
        """
        self._stop_if_limited()
        wait = self._kept.next_write()
        if wait > 0:
            self._sleep(wait)
        return self._checked(method, self.url(path), self._send(method, self.url(path), body), accept)

    def pause(self, seconds: float) -> None:
        """Wait for a moment, before something that the forge is working on is asked again."""
        self._sleep(seconds)

    def note(self, what: str, *, holds: bool = True) -> None:
        """Note that a fact holds or no longer does, for all processes with this token."""
        if not holds:
            self._kept.forget(self._noted(what))
        elif not self.noted(what):
            self._kept.keep(self._noted(what), Known("", {}, what))

    def noted(self, what: str) -> bool:
        """Whether a fact was noted. Notes that are not used for long may be lost."""
        return self._kept.known(self._noted(what)) is not None

    def tail(self, path: str, size: int, *, accept: Collection[int] = ()) -> str | None:
        """Return the last `size` bytes of a text such as a log, or None for a status in `accept`.

        Redirects may lead to another host, which does not get the token.
        """
        url = self.url(path)
        for _ in range(_HOPS):
            raw = self._send("GET", url, None, tail=size)
            if raw.status not in _REDIRECTS or not raw.headers.get("location"):
                break
            url = self._next_url(url, raw, foreign=True)
        if raw.status in _OK:
            return raw.body.decode("utf-8", "replace")
        self._checked("GET", url, raw, accept)
        return None

    def url(self, path: str, query: Mapping[str, object] | None = None) -> str:
        """Return the whole URL of a path. A whole URL has to be one of this forge."""
        url = path if "://" in path else f"{self.base}/{path.lstrip('/')}"
        if not self._is_ours(url):
            raise ForgeError(ForgeTrouble.REFUSED, f"{self.forge} refers to another host, which gets no requests")
        return f"{url}?{urlencode({name: str(value) for name, value in query.items()})}" if query else url

    def _noted(self, what: str) -> str:
        return f"note: {self.base} {what}"

    def _is_ours(self, url: str) -> bool:
        there, here = urlsplit(url), urlsplit(self.base)
        return (there.scheme, there.netloc) == (here.scheme, here.netloc)

    def _read(self, url: str, accept: Collection[int]) -> Answer:
        known = self._kept.known(url)
        place = url
        for _ in range(_HOPS):
            raw = self._send("GET", place, None, etag=known.etag if known else "")
            if raw.status not in _REDIRECTS or not raw.headers.get("location"):
                break
            place = self._next_url(place, raw, foreign=False)
            self.moved = place
        if raw.status == _NOT_MODIFIED and known:
            self._kept.confirm(url)
            return Answer(200, {**known.headers, **raw.headers}, known.data, fresh=False, at=known.at)
        answer = self._checked("GET", place, raw, accept)
        etag = raw.headers.get("etag", "")
        if etag and etag.isascii() and answer.status in _OK:
            headers = {name: value for name, value in raw.headers.items() if name in _KEPT_HEADERS}
            self._kept.keep(url, Known(etag, headers, answer.data, answer.at))
        return answer

    def _next_url(self, url: str, raw: Raw, *, foreign: bool) -> str:
        following = self._joined(url, raw.headers["location"])
        safe = urlsplit(following).scheme == "https" or urlsplit(following).scheme == urlsplit(url).scheme
        if not safe or not (foreign or self._is_ours(following)):
            raise ForgeError(ForgeTrouble.REFUSED, f"{self.forge} refers to another host, which gets no requests")
        return following

    def _joined(self, url: str, following: str) -> str:
        try:
            return urljoin(url, following)
        except ValueError as error:
            raise in_wrong_json(self.forge, "it refers to something that is not an address") from error

    def _send(self, method: str, url: str, body: Any, *, etag: str = "", tail: int = 0) -> Raw:
        self._stop_if_limited()
        headers = {"User-Agent": "mission", **self._dialect.headers}
        if self._is_ours(url):
            if self._token:
                headers[self._dialect.token_header] = self._dialect.token_form.format(self._token)
        else:
            headers = {"User-Agent": "mission"}
        if etag:
            headers["If-None-Match"] = etag
        content = b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        self.requests += 1
        return self._transport.send(method, url, headers, content, most=LARGEST, tail=tail)

    def _checked(self, method: str, url: str, raw: Raw, accept: Collection[int]) -> Answer:
        """Return an answer that is a success or accepted. Raises ForgeError for the others."""
        if raw.status in _OK:
            self._heed(raw)
            return Answer(raw.status, raw.headers, self._json(raw), at=self._clock())
        data = self._json(raw, strict=False)
        text = raw.body.decode("utf-8", "replace")
        words = words_of(data, text).replace(self._token or "\0", "[token]")
        refusal = Refusal(raw.status, raw.headers, words)
        if raw.status in accept and not is_limit(refusal):  # GitHub answers with 403 to too many requests, too
            return Answer(raw.status, raw.headers, data, words)
        what = f"{method} {urlsplit(url).path}"
        if raw.status in _REDIRECTS:
            raise ForgeError(
                ForgeTrouble.REFUSED,
                f"the repository was moved or renamed (HTTP {raw.status} for {what})",
                hint="change the URL of the remote to the new place: git remote set-url",
            )
        found = trouble(self.forge, what, refusal, self._clock())
        if found.trouble is ForgeTrouble.LIMITED and found.again:
            self._kept.limit(found.again)
        raise found

    def _heed(self, raw: Raw) -> None:
        """Send nothing more before the reset if this success was the last one that the limit allows."""
        if used_up(raw.headers) and (wait := wait_of(raw.headers, self._clock())):
            self._kept.limit(wait)

    def _stop_if_limited(self) -> None:
        if (again := self._kept.limited()) > 0:
            raise limited(self.forge, again)

    def _json(self, raw: Raw, *, strict: bool = True) -> Any:
        if raw.status == _NO_CONTENT or not raw.body.strip():
            return None
        try:
            found = json.loads(raw.body.decode("utf-8", "replace"))
            return _without_halves(found) if _HALF.search(raw.body) else found
        except (ValueError, RecursionError) as error:
            if not strict:
                return None
            raise in_wrong_json(self.forge, "it is not JSON") from error


def next_page(answer: Answer) -> str:
    """Return the URL of the next page of a list, from the header `Link`; empty if there is none."""
    for part in answer.headers.get("link", "").split(","):
        target, *parameters = part.split(";")
        rel = {one.strip().replace('"', "") for one in parameters}
        if "rel=next" in rel:
            return target.strip().removeprefix("<").removesuffix(">")
    return ""


def _without_halves(data: Any) -> Any:
    """Replace halves of surrogate pairs, which JSON can contain and no encoding can express."""
    return json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
