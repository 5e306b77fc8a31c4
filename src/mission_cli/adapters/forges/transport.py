"""Send one HTTP request with httpx: with time limits, a size limit, proxies, and errors for people."""

from __future__ import annotations

import ssl
import time
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import finalize

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line, show_bytes
from mission_cli.domain.errors import ForgeError, ForgeTrouble, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 20.0, 60.0
"""Time limits for connecting, for the next bytes, and for a whole answer."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LARGEST_LOG = 200 << 20
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes


class Transport:
    """A connection to one forge: the first request opens it, and it is closed with this object."""

    def __init__(self, base: str, forge: str, environment: Mapping[str, str]) -> None:
        self._base, self._forge, self._environment = base, forge, environment
        self._client: Any = None

    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, *, most: int, tail: int = 0
    ) -> Raw:
        """Send a request and return the answer; of a longer text only the last `tail` bytes, if that is not 0.

        Raises ForgeError if there is no answer, and ToolError if httpx is not installed.
        """
        httpx = _httpx()
        client = self._opened(httpx)
        until = time.monotonic() + WHOLE_SECONDS
        try:
            request = client.build_request(method, url, headers=headers, content=content or None)
            response = client.send(request, stream=True)
            try:
                return self._received(response, until, most, tail)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self._no_answer(httpx, error) from None

    def _opened(self, httpx: Any) -> Any:
        if self._client is None:
            self._client = httpx.Client(
                verify=_trust(self._base, self._environment),
                proxy=proxy_for(self._base, self._environment) or None,
                trust_env=False,
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
            )
            finalize(self, self._client.close)
        return self._client

    def _received(self, response: Any, until: float, most: int, tail: int) -> Raw:
        headers = {name.lower(): value for name, value in response.headers.items()}
        keeps_tail = tail > 0 and response.status_code in _OK
        body, size = bytearray(), 0
        for part in response.iter_bytes():
            body += part
            size += len(part)
            if time.monotonic() > until:
                raise self._unreachable(f"its answer took longer than {WHOLE_SECONDS:.0f} s")
            if size > (_LARGEST_LOG if keeps_tail else most):
                raise self._unreachable(f"its answer is larger than {show_bytes(most)}")
            if keeps_tail and len(body) > 2 * tail:
                del body[:-tail]
        return Raw(response.status_code, headers, bytes(body[-tail:] if keeps_tail else body))

    def _no_answer(self, httpx: Any, error: Exception) -> ForgeError:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLError):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return self._unreachable(
                f"its certificate is not trusted ({one_line(cause.verify_message, 100)})",
                "if the forge has a certificate authority of its own, name its file in SSL_CERT_FILE",
            )
        if cause is not None:
            return self._unreachable("no encrypted connection could be made")
        if isinstance(error, httpx.ConnectTimeout):
            return self._unreachable(f"no connection within {CONNECT_SECONDS:.0f} s")
        if isinstance(error, httpx.TimeoutException):
            return self._unreachable(f"no answer within {READ_SECONDS:.0f} s")
        if isinstance(error, httpx.ProxyError):
            return self._unreachable("the proxy refused the connection", "check HTTPS_PROXY")
        if isinstance(error, httpx.ConnectError):
            return self._unreachable("no connection")
        return self._unreachable("the connection was lost, or its answer is not HTTP")

    def _unreachable(self, why: str, hint: str = "") -> ForgeError:
        return ForgeError(
            ForgeTrouble.UNREACHABLE,
            f"{self._forge} cannot be reached at {urlsplit(self._base).hostname}: {why}",
            hint=hint or "the program tries again later; check the network if it lasts",
        )


def in_wrong_json(forge: str, why: str) -> ForgeError:
    """Return the error that an answer cannot be read; a proxy or a login page may have answered instead."""
    return ForgeError(
        ForgeTrouble.UNREACHABLE,
        f"the answer of {forge} cannot be read: {why}",
        hint="check the base URL, and whether a proxy or a login page answers instead",
    )


def proxy_for(url: str, environment: Mapping[str, str]) -> str:
    """Return the proxy for a URL as environment variables name it, or the empty string; never for loopback."""
    there = urlsplit(url)
    host = there.hostname or ""
    around = {name.lower(): value for name, value in environment.items() if name.lower().endswith("_proxy") and value}
    exempt = [one.strip().lower().lstrip(".") for one in around.get("no_proxy", "").split(",")]
    if host in _LOOPBACK or "*" in exempt or any(one and (host == one or host.endswith(f".{one}")) for one in exempt):
        return ""
    proxy = around.get(f"{there.scheme}_proxy") or around.get("all_proxy") or ""
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _trust(url: str, environment: Mapping[str, str]) -> ssl.SSLContext:
    if urlsplit(url).scheme == "https":
        return _authorities(environment.get("SSL_CERT_FILE", ""))
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, which costs nothing


@cache
def _authorities(own: str) -> ssl.SSLContext:
    """Return a context that trusts the usual authorities, and those in a file; reading them takes long."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if own:
        try:
            context.load_verify_locations(own)
        except (OSError, ssl.SSLError) as error:
            raise ToolError(f"the certificates in {own} cannot be read", hint="correct SSL_CERT_FILE") from error
    return context


def _httpx() -> Any:
    try:
        import httpx
    except ImportError as error:
        raise ForgeError(
            ForgeTrouble.MISSING,
            "pull requests need the Python package httpx, which is not installed",
            hint="install it: pip install httpx",
        ) from error
    return httpx
