"""Send requests to the API server with httpx, and read its answers: JSON, and a `Status` for what it refuses."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from weakref import finalize

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.remote.launcher import UnreachableError
from mission_cli.adapters.forges.transport import proxy_for
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mission_cli.adapters.executors.hosts.kubernetes.access import Access

MISSING, CONFLICT = 404, 409
_REFUSED, _FORBIDDEN, _BUSY, _BROKEN = 401, 403, 429, 500
_CONNECT_S, _READ_S = 5.0, 30.0
_PAGE = 500
_MOST = 64 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API server that is not a failure of it."""

    status: int
    body: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON object that it is."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def words(self) -> str:
        """Why it was refused, for people."""
        return one_line(str(self.facts.get("message") or f"status {self.status}"), 300)


class Rest:
    """One API server."""

    def __init__(self, host: str, access: Access, environment: Mapping[str, str]) -> None:
        self._host, self._access, self._environment = host, access, environment
        self._client: Any = None
        self.now: datetime | None = None
        """The time of the last answer, by the clock of the server."""

    def ask(
        self, method: str, path: str, body: object = None, *, accept: str = "application/json", **query: str
    ) -> Answer:
        """Send a request; return the answer unless it says that the server cannot answer, or does not know us.

        Raises UnreachableError without an answer, and ToolError if the login or the right is missing.
        """
        httpx = self._httpx()
        headers = {"accept": accept}
        if self._access.token:
            headers["authorization"] = f"Bearer {self._access.token}"
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        url = f"{self._access.server}{path}{'?' + urlencode(query) if query else ''}"
        try:
            name = {"sni_hostname": self._access.server_name} if self._access.server_name else {}
            with self._opened(httpx).stream(method, url, headers=headers, content=content, extensions=name) as response:
                self.now = _date(response.headers.get("date", ""))
                found = bytearray()
                for part in response.iter_bytes():
                    found += part
                    if len(found) > _MOST:
                        raise self._unreachable("its answer is too large")
                return self._checked(Answer(response.status_code, bytes(found)), method, path)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError) as error:
            raise self._unreachable(one_line(str(error)) or type(error).__name__) from None

    def read(self, path: str, **query: str) -> dict[str, Any]:
        """Return the object at a path. Raises ToolError if the server refuses."""
        return self.accepted(self.ask("GET", path, **query)).facts

    def listed(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Return the objects of a list, page by page."""
        more = ""
        while True:
            found = self.read(path, limit=str(_PAGE), **({"continue": more} if more else {}), **query)
            items = found.get("items")
            yield from (one for one in items if isinstance(one, dict)) if isinstance(items, list) else ()
            meta = found.get("metadata")
            more = str(meta.get("continue") or "") if isinstance(meta, dict) else ""
            if not more:
                return

    def accepted(self, answer: Answer) -> Answer:
        """Return the answer; raise ToolError if the server refuses."""
        if answer.status not in range(200, 300):
            raise ToolError(f"host {self._host}: Kubernetes refuses: {answer.words}")
        return answer

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _checked(self, answer: Answer, method: str, path: str) -> Answer:
        if answer.status >= _BROKEN or answer.status == _BUSY:
            raise self._unreachable(f"status {answer.status}: {answer.words}")
        if answer.status == _REFUSED:
            raise ToolError(
                f"host {self._host}: Kubernetes does not accept the login",
                hint=f"renew the token, or set `token` in [hosts.{self._host}] to env:NAME or file:PATH",
            )
        if answer.status == _FORBIDDEN:
            raise ToolError(
                f"host {self._host}: Kubernetes refuses: {answer.words}",
                hint=f"docs/hosts.md lists the rights that are needed; this was {method} {path}",
            )
        return answer

    def _unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(f"host {self._host}: Kubernetes does not answer at {self._access.server}: {why}")

    def _opened(self, httpx: Any) -> Any:
        if self._client is None:
            self._client = httpx.Client(
                verify=self._trust(),
                proxy=proxy_for(self._access.server, self._environment) or None,
                trust_env=False,
                timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
                follow_redirects=False,
            )
            finalize(self, self._client.close)
        return self._client

    def _trust(self) -> ssl.SSLContext:
        access = self._access
        if access.server.startswith("http://"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the authorities takes long
        context = ssl.create_default_context(cafile=self._environment.get("SSL_CERT_FILE") or None)
        if access.authority:
            context = ssl.create_default_context(cadata=access.authority.decode("ascii", "replace"))
        if access.certificate:
            with TemporaryDirectory(prefix="mission-") as name:  # ssl reads them from files only
                place = Path(name) / "client.pem"
                place.touch(mode=0o600)
                place.write_bytes(access.certificate + b"\n" + access.key)
                context.load_cert_chain(place)
        return context

    def _httpx(self) -> Any:
        try:
            import httpx
        except ImportError:
            raise ToolError(
                f"host {self._host}: Kubernetes needs the Python package httpx, which is not installed (extra http)",
                hint="install it: pip install httpx",
            ) from None
        return httpx


def _date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def quoted(name: str) -> str:
    """Return a name as one part of a path."""
    return quote(name, safe="")
