"""Judge an `http` criterion: send the request, and compare the answer with the expectations."""

from __future__ import annotations

import ssl
import time
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import show_bytes
from mission_cli.adapters.judges.expected import unmet
from mission_cli.adapters.judges.findings import FAILED, Judged, failed, shown
from mission_cli.document.criteria.http import LOOPBACK, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.domain.criteria.http import HttpCheck

LONGEST = 5 << 20
"""Size limit of an answer, in bytes."""
SECONDS = 30.0
"""Time limit of a request with its redirects."""
_HOPS = 10
_PAUSE = 0.1
_NOT_YET = frozenset({502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a server."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    """With names in lower case."""
    body: str


def judge_in_time(check: HttpCheck, values: Mapping[str, str], *, ready_until: float, alive: Callable[[], None]) -> str:
    """Return a report if the answer passes, after a while if the check allows that. Raises Judged otherwise."""
    until = time.monotonic() + check.wait_s
    while True:
        try:
            return judge_http(check, values, ready_until=ready_until, alive=alive)
        except Judged:
            if time.monotonic() >= until:
                raise
        time.sleep(_PAUSE)  # poll: what was deployed elsewhere may need a while until it answers


def judge_http(
    check: HttpCheck,
    values: Mapping[str, str],
    *,
    ready_until: float,
    alive: Callable[[], None],
    seconds: float = SECONDS,
) -> str:
    """Return a report if the answer passes. Raises Judged otherwise.

    `values` replace `$NAME`. Until `ready_until` (monotonic), the request is repeated if the server does not answer.
    `alive` raises Judged if the server has ended. `seconds` limits a request with its redirects.
    """
    filled = fill(check, values)
    answer = _ask_until(filled, ready_until, alive, seconds)
    lines = [f"{check.method} {shown(answer.url)}: {answer.status} {shown(answer.reason)}".rstrip()]
    wrong = []
    if not any(low <= answer.status <= high for low, high in check.statuses):
        to = answer.headers.get("location", "")
        hint = f" to {shown(to)}; `redirects: follow` follows it" if answer.status in _REDIRECTS else ""
        wrong.append(f"expected {status_words(check.statuses)}, found {answer.status}{hint}")
    wrong += filter(None, (unmet(one, body=answer.body, headers=answer.headers) for one in filled.expectations))
    if wrong:
        raise Judged(FAILED, "\nfailed: ".join([*lines, *wrong]))
    return "\n".join([*lines, *(f"as expected: {one.words}" for one in check.expectations)])


def fill(check: HttpCheck, values: Mapping[str, str]) -> HttpCheck:
    """Return the check with its variables replaced by their values."""

    def told(text: str) -> str:
        return VARIABLE.sub(lambda found: values.get(found[1] or found[2], found[0]), text)

    url = f"http://localhost:$MISSION_PORT{check.url}" if check.url.startswith("/") else check.url
    headers = tuple((name, told(value)) for name, value in check.headers)
    return replace(check, url=told(url), headers=headers, body=told(check.body))


def status_words(ranges: tuple[tuple[int, int], ...]) -> str:
    """Return ranges of statuses as text, such as `200 or 300-399`."""
    return " or ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def _ask_until(check: HttpCheck, until: float, alive: Callable[[], None], seconds: float) -> Answer:
    import httpx

    while True:
        early = time.monotonic() < until
        try:
            answer = _ask(check, seconds)
        except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError) as error:
            alive()
            never_sent = isinstance(error, httpx.ConnectError) and not isinstance(_cause(error), ssl.SSLError)
            if not early or not (never_sent or (check.method in {"GET", "HEAD"} and not _is_tls(error))):
                raise failed(_why(check, error, seconds)) from error
        except httpx.HTTPError as error:
            raise failed(_why(check, error, seconds)) from error
        else:
            expected = any(low <= answer.status <= high for low, high in check.statuses)
            if expected or not early or answer.status not in _NOT_YET or check.method != "GET":
                return answer
        alive()
        time.sleep(_PAUSE)  # poll: a server may listen before it can answer


def _ask(check: HttpCheck, seconds: float) -> Answer:
    """Send the request, and follow redirects on the same host if the check says so."""
    import httpx

    until = time.monotonic() + seconds
    local = urlsplit(check.url).hostname in LOOPBACK
    method, url, body = check.method, check.url, check.body
    with httpx.Client(
        verify=_trust(check.trust), trust_env=not local, timeout=seconds, follow_redirects=False
    ) as client:
        for _ in range(_HOPS):
            request = client.build_request(method, url, content=body or None, headers=_headers(check, body))
            response = client.send(request, stream=True)
            try:
                answer = _read(response, until)
            finally:
                response.close()
            to = answer.headers.get("location", "")
            if not check.follow or answer.status not in _REDIRECTS or not to:
                return answer
            after = response.url.join(to)
            if after.scheme not in {"http", "https"} or after.host != response.url.host:
                raise failed(f"{shown(url)} redirects to another place, {shown(str(after))}, which is not followed")
            if answer.status not in _KEEPS_METHOD and method != "HEAD":
                method, body = "GET", ""
            url = str(after)
    raise failed(f"{shown(check.url)} redirects more than {_HOPS} times")


def _headers(check: HttpCheck, body: str) -> dict[str, str]:
    told = {"Accept-Encoding": "identity", "User-Agent": "mission"}
    if body.lstrip().startswith(("{", "[")):
        told["Content-Type"] = "application/json"
    names = {name.casefold() for name, _ in check.headers}
    return {**{name: value for name, value in told.items() if name.casefold() not in names}, **dict(check.headers)}


def _read(response: Any, until: float) -> Answer:
    """Read an answer. Raises Judged if it is too large or too slow."""
    parts, size = [], 0
    for part in response.iter_raw():
        parts.append(part)
        size += len(part)
        if size > LONGEST:
            raise failed(f"the answer of {shown(str(response.url))} is larger than {show_bytes(LONGEST)}")
        if time.monotonic() > until:
            raise failed(f"the answer of {shown(str(response.url))} is not complete in time ({size} bytes)")
    headers = {name.casefold(): value for name, value in response.headers.items()}
    body = _unpacked(b"".join(parts), headers.get("content-encoding", ""), str(response.url))
    encoding = response.charset_encoding or "utf-8"
    try:
        text = body.decode(encoding, "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    return Answer(str(response.url), response.status_code, response.reason_phrase, headers, text)


def _unpacked(body: bytes, encoding: str, url: str) -> bytes:
    kind = encoding.strip().casefold()
    if kind in {"", "identity"} or not body:
        return body
    if kind not in _PACKED:
        raise failed(f"the answer of {shown(url)} is packed with {shown(encoding)}, which was not asked for")
    reader = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        text = reader.decompress(body, LONGEST)
    except zlib.error as error:
        raise failed(f"the answer of {shown(url)} cannot be unpacked: {error}") from error
    if reader.unconsumed_tail:
        raise failed(f"the answer of {shown(url)} is larger than {show_bytes(LONGEST)}")
    return text


def _trust(trust: str) -> ssl.SSLContext | bool:
    if trust == "none":
        return False
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if trust:
        try:
            context.load_verify_locations(trust)
        except (OSError, ssl.SSLError) as error:
            raise failed(f"the certificates in `{shown(trust)}` cannot be read: {error}") from error
    return context


def _cause(error: BaseException) -> BaseException | None:
    cause = error.__cause__ or error.__context__
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _is_tls(error: BaseException) -> bool:
    return isinstance(_cause(error), ssl.SSLError)


def _why(check: HttpCheck, error: Exception, seconds: float) -> str:
    import httpx

    url = shown(check.url)
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate of {url} is not valid: {shown(cause.verify_message)}"
    if isinstance(error, httpx.TimeoutException):
        return f"{url} did not answer within {seconds:g} s"
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return f"{url} is not an address: {shown(str(error))}"
    return f"{url} cannot be reached: {shown(str(error)) or type(error).__name__}"
