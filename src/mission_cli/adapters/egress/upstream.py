"""Send requests to the one host of a gate, with its certificate checked, and read the answers as they come."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx

from mission_cli.adapters.egress.request import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mission_cli.adapters.egress.request import Forward
    from mission_cli.domain.egress.gate import Gate

CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 600.0
"""How long a host may think about an answer, or be silent within one: models do."""
_CONNECTIONS = 32
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "deflate", "x-gzip"})


class Upstream:
    """The connections to one host."""

    def __init__(self, gate: Gate, trust: ssl.SSLContext) -> None:
        self._gate = gate
        self._client = httpx.AsyncClient(
            verify=trust,
            trust_env=not gate.is_local,
            follow_redirects=False,
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=4, keepalive_expiry=15),
        )

    async def send(self, forward: Forward, body: AsyncIterator[bytes]) -> httpx.Response:
        """Send a request; return the answer when its headers are there. Raises Refusal."""
        request = httpx.Request(
            forward.method,
            f"{self._gate.scheme}://{self._gate.authority}/",
            headers=list(forward.headers),
            content=body if forward.has_body else None,
            extensions={
                "target": forward.target.encode(),
                "timeout": {
                    "connect": CONNECT_SECONDS,
                    "read": SILENCE_SECONDS,
                    "write": SILENCE_SECONDS,
                    "pool": SILENCE_SECONDS,
                },
            },
        )
        try:
            response = await self._client.send(request, stream=True, follow_redirects=False)
        except httpx.HTTPError as error:
            raise Refusal(504 if isinstance(error, httpx.TimeoutException) else 502, _why(self._gate, error)) from error
        if response.status_code < 200 or not self.is_readable(response):  # noqa: PLR2004 - the first final status
            await response.aclose()
            raise Refusal(502, f"{self._gate.host} answered in a form that was not asked for")
        return response

    def is_readable(self, response: httpx.Response) -> bool:
        """Whether a key in the body could be seen."""
        return _coding(response) in _PLAIN | _PACKED

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def is_packed(response: httpx.Response) -> bool:
    """Whether the body is unpacked before it is passed on, so that its length is another one."""
    return _coding(response) in _PACKED


def trusted() -> ssl.SSLContext:
    """Return the certificates that this machine and certifi trust."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _coding(response: httpx.Response) -> str:
    return str(response.headers.get("content-encoding", "")).strip().casefold()


def _why(gate: Gate, error: httpx.HTTPError) -> str:
    """Return why a host could not be asked, in words that contain nothing of the request."""
    cause = error.__cause__ or error.__context__
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return f"the certificate of {gate.host} is not valid"
    if isinstance(error, httpx.TimeoutException):
        return f"{gate.host} did not answer in time"
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return f"{gate.host} cannot be reached"
    return f"the connection to {gate.host} broke off"
