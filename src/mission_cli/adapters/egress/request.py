"""Read the head of a request strictly, and decide whether it is forwarded. No input or output happens here.

What two servers could read in two ways is refused: the proxy and the host must agree on where a request ends and which
path it names.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.egress.gate import has_dots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.egress.gate import Gate

LONGEST_BODY = 64 << 20
_LINE = pattern(rb"(?P<method>[A-Z]{3,16}) (?P<target>[!-~]{1,8192}) HTTP/1\.(?P<minor>[01])")
_FIELD = pattern(rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[\x20-\x7e\x80-\xff\t]*)")
_SIZE = pattern(rb"[0-9]{1,18}")
_STRAY = pattern(r"%(?![0-9A-Fa-f]{2})")
_UNSAFE = pattern(r"%(?:[01][0-9A-Fa-f]|7[Ff]|5[Cc])|[\\<>\"{}|^`#]")
_NOT_PASSED_ON = frozenset(
    {
        "accept-encoding", "alt-used", "connection", "expect", "forwarded", "host", "http2-settings", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade", "via", "x-http-method", "x-http-method-override", "x-method-override", "x-original-url",
        "x-real-ip", "x-rewrite-url",
    }
)  # fmt: skip
"""Headers for this connection only, and those by which a host may take another path, method or sender for granted."""
_NOT_PASSED_BACK = frozenset(
    {
        "alt-svc", "connection", "content-encoding", "keep-alive", "proxy-authenticate", "proxy-authentication-info",
        "proxy-connection", "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_HEADERS = 100


class Refusal(Exception):  # noqa: N818 - an answer, not an error
    """A request that is not forwarded: the status of the answer, and why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass(frozen=True, slots=True)
class Door:
    """A gate with its secret path and its key."""

    name: str
    gate: Gate
    token: str
    value: str


@dataclass(frozen=True, slots=True)
class Forward:
    """A request that is forwarded."""

    door: Door
    method: str
    target: str
    headers: Sequence[tuple[bytes, bytes]]
    has_body: bool


def read_head(head: bytes, doors: Sequence[Door], own: Sequence[str]) -> Forward:
    """Return what to forward; `own` are the names of the proxy itself, for `Host`. Raises Refusal.

    `head` ends with an empty line.
    """
    method, target, fields = _fields(head)
    _has_one_end(fields)
    if method in {"CONNECT", "TRACE"} or not target.startswith("/"):
        raise Refusal(400, "only a path of this proxy can be asked for")
    hosts = [value.decode("latin-1").casefold() for name, value in fields if name == "host"]
    if len(hosts) != 1 or hosts[0] not in own:
        raise Refusal(421, "the `Host` header does not name this proxy")
    if any(name == "upgrade" and value.strip().lower() != b"h2c" for name, value in fields):
        raise Refusal(501, "a connection cannot be upgraded")
    door, rest = _door(target, doors)
    _is_plain(rest)
    if method not in door.gate.methods:
        raise Refusal(405, f"{door.name} allows {', '.join(door.gate.methods)}")
    has_body = any(name in {"content-length", "transfer-encoding"} for name, _ in fields)
    return Forward(door, method, f"{door.gate.path}{rest}", _passed_on(fields, door), has_body)


def passed_back(raw: Sequence[tuple[bytes, bytes]], door: Door, own: str, *, length: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer for the worker; `own` is the address of the proxy, for redirects to the host.

    `length`: the body has the length that the host said.
    """
    named = _named_by_connection(raw)
    kept = []
    for name, value in raw:
        low = name.decode("latin-1").casefold()
        if low in _NOT_PASSED_BACK or low in named or (low == "content-length" and not length):
            continue
        kept.append((name, _moved(value, door, own) if low in {"location", "content-location"} else value))
    return [*kept, (b"Connection", b"close")]


def _moved(value: bytes, door: Door, own: str) -> bytes:
    """Return the target of a redirect: through the proxy if it stays at the host, as it is otherwise."""
    gate, said = door.gate, value.decode("latin-1")
    bare = f"{gate.scheme}://{gate.authority}"
    rest = said.removeprefix(bare) if said.startswith(bare) else said if said.startswith("/") else None
    if rest is None or rest.startswith("//") or not (rest.startswith("/") or not rest):
        return value
    if gate.path and not (rest + "/").startswith((gate.path + "/", gate.path + "?")):
        return value
    return f"{own}/{door.token}{rest.removeprefix(gate.path)}".encode("latin-1")


def _fields(head: bytes) -> tuple[str, str, list[tuple[str, bytes]]]:
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    said = _LINE.fullmatch(first)
    if said is None:
        raise Refusal(400, "the request line cannot be read")
    if said["minor"] != b"1":
        raise Refusal(505, "HTTP/1.1 is needed")
    found = [_FIELD.fullmatch(line) for line in lines]
    if len(found) > _HEADERS or not all(found):
        raise Refusal(431 if len(found) > _HEADERS else 400, "the headers cannot be read")
    fields = [(one["name"].decode().casefold(), one["value"].rstrip(b" \t")) for one in found if one]
    return said["method"].decode(), said["target"].decode(), fields


def _has_one_end(fields: Sequence[tuple[str, bytes]]) -> None:
    """Raise Refusal if two servers could see the end of the request at different places."""
    sizes = [value for name, value in fields if name.replace("_", "-") == "content-length"]
    codings = [value.lower() for name, value in fields if name.replace("_", "-") == "transfer-encoding"]
    names = [name for name, _ in fields]
    if any("_" in name and name.replace("_", "-") in {"content-length", "transfer-encoding"} for name in names):
        raise Refusal(400, "the length of the body is ambiguous")
    if len(sizes) + len(codings) > 1 or any(coding != b"chunked" for coding in codings):
        raise Refusal(400, "the length of the body is ambiguous")
    if any(not _SIZE.fullmatch(size) for size in sizes):
        raise Refusal(400, "the length of the body is not a number")
    if any(int(size) > LONGEST_BODY for size in sizes):
        raise Refusal(413, f"the body is larger than {LONGEST_BODY >> 20} MiB")


def _door(target: str, doors: Sequence[Door]) -> tuple[Door, str]:
    token, slash, rest = target.removeprefix("/").partition("/")
    token, mark, query = token.partition("?") if not slash else (token, "", "")
    found = [door for door in doors if compare_digest(door.token.encode(), token.encode())]
    if not found:
        raise Refusal(404, "there is nothing here")
    return found[0], f"{slash}{rest}{mark}{query}" or "/"


def _is_plain(rest: str) -> None:
    """Raise Refusal unless every server reads the same path."""
    path = rest.partition("?")[0]
    if path.startswith("//") or _STRAY.search(rest) or _UNSAFE.search(rest) or has_dots(path):
        raise Refusal(400, "the path can be read in several ways")


def _named_by_connection(fields: Sequence[tuple[bytes, bytes]]) -> frozenset[str]:
    """Return the headers that a server names as being for its connection only."""
    said = (value.decode("latin-1") for name, value in fields if name.lower() == b"connection")
    return frozenset(word.strip().casefold() for value in said for word in value.split(","))


def _passed_on(fields: Sequence[tuple[str, bytes]], door: Door) -> list[tuple[bytes, bytes]]:
    """Return the headers for the host: the worker's own without what the proxy says itself, then the key."""
    own = door.gate.header.casefold().replace("_", "-")
    kept = [
        (name.encode(), value)
        for name, value in fields
        if name not in _NOT_PASSED_ON
        and name.replace("_", "-") != own
        and not name.replace("_", "-").startswith("x-forwarded-")
    ]
    return [
        (b"host", door.gate.authority.encode()),
        *kept,
        (b"accept-encoding", b"identity"),
        (door.gate.header.encode(), door.gate.filled(door.value).encode()),
    ]
