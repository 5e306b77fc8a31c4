"""Read an `http` criterion: a request in the item, the answer that passes after it and in the fields below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mission_cli._support.lazy_re import pattern
from mission_cli.document.criteria.expectations import FORMS, expectations
from mission_cli.document.criteria.fields import Reading, read_fields, short, wrong
from mission_cli.document.syntax.spans import spans
from mission_cli.domain.criteria.http import Expectation, HttpCheck
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FORM = 'write http: `GET http://localhost:$MISSION_PORT/health` 200 contains "ok"'
PORT = "MISSION_PORT"
VARIABLE = pattern(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_STATUS = pattern(r"(\d{3}(?:\s*-\s*\d{3})?|\dxx)(?=[\s,]|\Z)", re.IGNORECASE)
_OR = pattern(r"\s*(?:,|\bor\b)\s*(?=\d)", re.IGNORECASE)
_HEADER = pattern(r"([A-Za-z0-9!#$%&'*+.^_|~-]+)\s*:\s*(\S.*)")
_HIGHEST = 599


def read_http(rest: str, below: Sequence[str]) -> dict[str, Any]:
    """Return what an `http` criterion says: the text after its kind, and the lines of its fields."""
    head = _head(rest)
    if isinstance(head, dict):
        return head
    command, told = head
    reading = read_fields(CriterionKind.HTTP, below, told)
    if isinstance(reading, dict):
        return reading
    check = _check(command, reading)
    return check if isinstance(check, dict) else {"command": command, "http": check, **reading.told}


def _head(rest: str) -> tuple[str, list[tuple[str, str]]] | dict[str, Any]:
    """Return the request in the text after `http:`, and what follows it as fields; or what is wrong."""
    codes = spans(rest)
    if codes and codes[0].start == 0:
        request, behind = codes[0].code.strip(), rest[codes[0].end :].strip()
    else:
        words = rest.split(None, 2)
        size = 2 if words and words[0].upper() in METHODS else 1
        request, behind = " ".join(words[:size]), rest.split(None, size)[size] if len(words) > size else ""
    if not request or "`" in request + behind or "\n" in rest:
        return wrong("its request cannot be read", FORM)
    method, _, url = request.rpartition(" ")
    if (method and method.upper() not in METHODS) or not url:
        return wrong(f"`{short(request)}` is not a method and an address", FORM)
    end = _end_of_statuses(behind)
    told = [("status", " ".join(behind[:end].split()))] if end else []
    left = behind[end:].strip()
    told += [("expect", left)] if left else []
    return f"{(method or 'GET').upper()} {url.strip()}", told


def _check(command: str, reading: Reading) -> HttpCheck | dict[str, Any]:
    """Return the check of a request with its fields, or what is wrong."""
    method, _, url = command.partition(" ")
    bad = bad_address(url, reading)
    if bad:
        return bad
    status = reading.first("status")
    statuses = read_statuses(status)
    if not statuses:
        return wrong(f"`{short(status)}` is not a status" if status else "it expects no status", FORM)
    found = read_expectations(reading.all("expect"), "body")
    if isinstance(found, dict):
        return found
    headers = _headers(reading)
    names = unknown_variables(" ".join([url, *(value for _, value in headers)]), reading)
    if names:
        return wrong(f"${names[0]} is not a variable of this check", f"add env: or secret: {names[0]}=…")
    body, follow, trust = (reading.first(name) for name in ("body", "redirects", "tls"))
    bad = _bad_request(method, reading, headers)
    return bad or HttpCheck(method, url, statuses, found, headers, body, follow == "follow", trust)


def _headers(reading: Reading) -> tuple[tuple[str, str], ...]:
    read = (_HEADER.fullmatch(line) for line in reading.all("send"))
    return tuple((header[1], header[2]) for header in read if header is not None)


def _bad_request(method: str, reading: Reading, headers: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """Return what is wrong with the fields about sending; None if nothing is."""
    body, follow, trust = (reading.first(name) for name in ("body", "redirects", "tls"))
    lines = reading.all("send")
    if len(headers) < len(lines):
        odd = next(line for line in lines if not _HEADER.fullmatch(line))
        return wrong(f"`{short(odd)}` is not a header", "write send: Accept: text/html")
    if follow not in {"", "follow", "expected"}:
        return wrong(f"`{short(follow)}` says nothing about redirects", "write redirects: follow")
    if trust.startswith(("/", "~", "../")) or "/../" in trust:
        return wrong("its certificates are not in the repository", "write tls: FILE with a path in the tree, or none")
    if body and method in {"GET", "HEAD"}:
        return wrong(f"{method} has no body", "use POST, or remove `body:`")
    return None


def read_expectations(texts: Iterable[str], about: str) -> tuple[Expectation, ...] | dict[str, Any]:
    """Return what the texts expect, or what is wrong."""
    found: list[Expectation] = []
    for text in texts:
        read = expectations(text, about)
        if isinstance(read, str):
            return wrong(f"`{short(read)}` in it cannot be read", FORMS if about == "body" else 'write expect: "TEXT"')
        found += read
    return tuple(found)


def bad_address(url: str, reading: Reading) -> dict[str, Any] | None:
    """Return what is wrong with an address; None if nothing is."""
    serve = reading.conditions.serve
    if url.startswith("/") and not url.startswith("//"):
        return None if serve else wrong("a path alone needs a server", "add the field serve: COMMAND")
    try:
        parts = urlsplit(VARIABLE.sub("1", url))
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or re.search(r"\s", url) or port == 0:
        return wrong(f"`{short(url)}` is not an address that begins with http:// or https://", FORM)
    if parts.username or parts.password:
        return wrong(
            "its address contains a name or a password", "write secret: and send: Authorization: Bearer $TOKEN"
        )
    if not serve and PORT in url:
        return wrong(f"${PORT} is the port of a server that it does not start", "add the field serve: COMMAND")
    if serve and host not in LOOPBACK:
        return wrong(f"it starts a server, but asks {host}", "ask http://localhost:$MISSION_PORT")
    return None


def unknown_variables(text: str, reading: Reading) -> list[str]:
    """Return the `$NAME` in a text that the check does not have."""
    known = {PORT, *(name for name, _ in (*reading.conditions.env, *reading.conditions.secrets))}
    return [name for found in VARIABLE.finditer(text) if (name := found[1] or found[2]) not in known]


def read_statuses(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of `200`, `2xx`, `200-204` and `200 or 201`; nothing if a part of it is none of these."""
    if not text or _end_of_statuses(text) != len(text):
        return ()
    ranges = []
    for part in re.split(r"\s*(?:,|\bor\b)\s*", text, flags=re.IGNORECASE):
        if part.casefold().endswith("xx"):
            ranges.append((int(part[0]) * 100, int(part[0]) * 100 + 99))
        else:
            low, _, high = part.partition("-")
            ranges.append((int(low), int(high or low)))
    return tuple(ranges) if all(100 <= low <= high <= _HIGHEST for low, high in ranges) else ()  # noqa: PLR2004 - HTTP


def _end_of_statuses(text: str) -> int:
    at, end = 0, 0
    while found := _STATUS.match(text, at):
        end = found.end()
        more = _OR.match(text, end)
        if not more:
            break
        at = more.end()
    return end
