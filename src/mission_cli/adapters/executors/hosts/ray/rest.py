"""Send requests to the dashboard of a Ray cluster with httpx, and read its answers.

Ray answers most failures with status 500 and a Python traceback; its last lines are what people get to see.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from mission_cli._support.text import one_line
from mission_cli.adapters.executors.remote.launcher import UnreachableError
from mission_cli.adapters.forges.transport import Raw, Transport
from mission_cli.adapters.fs.env_file import is_reference, resolved
from mission_cli.domain.errors import ForgeError, ForgeTrouble, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.hosts.host import Host

OK, MISSING, BROKEN = 200, 404, 500
_REFUSED = frozenset({401, 403})
_MOST = 64 << 20
"""More than the list of thousands of jobs; an answer that is larger is refused."""
_USUAL_PORT = 8265
_LOOK_AT = "check that the head of the cluster runs, and `address` in [hosts.{}]"


class Rest:
    """The dashboard of one cluster. The token is read with each request, and stays in its header."""

    def __init__(self, host: Host, environment: Mapping[str, str]) -> None:
        self._host, self._environment = host, environment
        self._transport: Transport | None = None

    @property
    def base(self) -> str:
        """The URL of the dashboard without a slash at its end. Raises ToolError if the address is not a URL."""
        address = self._host.address.rstrip("/")
        where = urlsplit(address)
        if where.scheme not in {"http", "https"} or not where.hostname or where.username or where.query:
            raise ToolError(
                f"host {self._host.name}: `address` is not the URL of a Ray dashboard",
                hint=f"such as http://ray-head:{_USUAL_PORT}; a token belongs into `token`",
            )
        return address

    def ask(self, method: str, path: str, *, body: Any = None, content: bytes = b"", tail: int = 0) -> Raw:
        """Send a request and return the answer, whatever its status; of a longer text only the last `tail` bytes.

        `body` is sent as JSON. Raises UnreachableError without an answer, and ToolError if the token is refused.
        """
        headers = {"accept": "application/json", **self._authorization()}
        if body is not None:
            content = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        if self._transport is None:
            self._transport = Transport(self.base, "the dashboard of Ray", self._environment)
        try:
            answer = self._transport.send(method, f"{self.base}{path}", headers, content, most=_MOST, tail=tail)
        except ForgeError as error:
            raise self._no_answer(error) from None
        if answer.status in _REFUSED:
            raise ToolError(
                f"host {self._host.name}: Ray refuses the token ({words_of(answer)})"
                if self._host.token
                else f"host {self._host.name}: Ray wants a token ({words_of(answer)})",
                hint=f"set `token` in [hosts.{self._host.name}] to a reference: env:NAME or file:PATH",
            )
        return answer

    def read(self, method: str, path: str, *, body: Any = None) -> Any:
        """Send a request and return the JSON of its answer.

        Raises UnreachableError if the dashboard cannot answer now, and ToolError if it refuses the request.
        """
        return self.parsed(self.ask(method, path, body=body))

    def parsed(self, answer: Raw) -> Any:
        """Return the JSON of an answer; errors as for `read`."""
        if answer.status >= BROKEN:
            raise self.unreachable(f"the dashboard of Ray answers with status {answer.status}: {words_of(answer)}")
        if answer.status != OK:
            raise ToolError(
                f"host {self._host.name}: Ray refuses a request with status {answer.status}: {words_of(answer)}",
                hint="check `address`: it is the URL of the dashboard, and nothing but Ray answers there",
            )
        try:
            return json.loads(answer.body)
        except ValueError:
            raise self.unreachable("what answers is not the dashboard of Ray") from None

    def unreachable(self, why: str) -> UnreachableError:
        """Return the error that the cluster could not be asked."""
        return UnreachableError(f"host {self._host.name}: {why}", hint=_LOOK_AT.format(self._host.name))

    def close(self) -> None:
        """Close the connections; the next request opens one again."""
        self._transport = None

    def _authorization(self) -> dict[str, str]:
        reference = self._host.token
        if not reference:
            return {}
        hint = f"correct `token` in [hosts.{self._host.name}]: env:NAME or file:PATH"
        if not is_reference(reference):
            raise ToolError(f"host {self._host.name}: `token` is not a reference to a token", hint=hint)
        try:
            token = resolved(reference, self._environment)
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise ToolError(f"host {self._host.name}: the token in {reference}: {why}", hint=hint) from error
        if not token or not token.isascii() or not token.isprintable():
            raise ToolError(f"host {self._host.name}: there is no token in {reference}", hint=hint)
        return {"authorization": f"Bearer {token}"}

    def _no_answer(self, error: ForgeError) -> Exception:
        if error.trouble is ForgeTrouble.MISSING:
            return ToolError(
                f"host {self._host.name}: Ray needs the Python package httpx, which is not installed (extra ray)",
                hint="install it: pip install httpx",
            )
        certificate = "certificate" in error.message
        hint = "name the file of its authority in SSL_CERT_FILE" if certificate else _LOOK_AT
        return UnreachableError(f"host {self._host.name}: {error.message}", hint=hint.format(self._host.name))


def words_of(answer: Raw) -> str:
    """Return what an answer says, for people: of a traceback only its last line."""
    lines = [line for line in answer.body.decode("utf-8", "replace").splitlines() if line.strip(" .")]
    return one_line(lines[-1], 300) if lines else "it says nothing"


def quoted(name: str) -> str:
    """Return a name as one part of a path."""
    return quote(name, safe="")
