"""A gate: the one host that a proxy forwards to, and the header with the key that it adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

FORM = "write `proxy https://HOST[/PATH] HEADER: TEXT {}`, where {} is the value, such as `Authorization: Bearer {}`"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SHORTEST_VALUE = 8
"""A shorter value, in characters, would also occur in other words, so it could not be hidden in an answer."""
_PORTS = {"https": 443, "http": 80}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_FORM = pattern(
    r"proxy\s+(?:(?P<methods>[A-Z]+(?:\s*,\s*[A-Z]+)*)\s+)?(?P<url>\S+)\s+(?P<header>[^:\s]+):\s*(?P<text>.+)"
)
_HOST = pattern(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
_PATH = pattern(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?")
_NAME = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = pattern(r"[\x20-\x7e]+")
_PACKED = pattern(r"base64\((?P<text>[^()]*)\)")
_RESERVED = frozenset(
    {
        "connection", "content-encoding", "content-length", "content-type", "date", "expect", "forwarded", "host",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via",
    }
)  # fmt: skip
"""Headers that say where a request goes or where it ends."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a proxy forwards: requests to one host, with one more header."""

    scheme: str
    host: str
    port: int
    path: str
    """The beginning of every path; empty: any path."""
    header: str
    template: str
    """The value of the header, with `{}` in place of the key."""
    methods: tuple[str, ...] = METHODS

    @property
    def authority(self) -> str:
        """Return host and port, as the `Host` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """Return where requests go, for people."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine."""
        return self.host in _LOOPBACK

    def filled(self, value: str) -> str:
        """Return the value of the header with the key in it."""
        said = _PACKED.sub(lambda found: _packed(found["text"].replace("{}", value)), self.template)
        return said if _PACKED.search(self.template) else said.replace("{}", value)

    def credentials(self, value: str) -> tuple[str, ...]:
        """Return the texts from which the key can be read: itself, and what the template makes of it."""
        packed = (_packed(found["text"].replace("{}", value)) for found in _PACKED.finditer(self.template))
        return (value, *packed)


def reads_as_gate(text: str) -> bool:
    """Whether a delivery is meant to be a gate."""
    return text.split(maxsplit=1)[:1] == ["proxy"]


def split_delivery(text: str) -> tuple[str, str]:
    """Return the reference and the delivery in a text such as `env:KEY proxy https://api.example.com X-Api-Key: {}`."""
    reference, _, rest = text.partition(" proxy ")
    return reference.strip(), f"proxy {rest}" if rest else ""


def read_gate(text: str) -> Gate:
    """Read a delivery such as `proxy GET,POST https://api.example.com/v1 Authorization: Bearer {}`.

    Raises DocumentError with what is wrong. It quotes nothing that may be a key in the wrong place.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise DocumentError("the delivery is not a proxy for one host", hint=FORM)
    scheme, host, port, path = _address(found["url"])
    header, template = found["header"], found["text"].strip()
    if not _NAME.fullmatch(header) or header.casefold() in _RESERVED or header.casefold().startswith("proxy-"):
        raise DocumentError("the delivery names a header that cannot carry a key", hint=FORM)
    if template.count("{}") != 1 or not _VALUE.fullmatch(template):
        raise DocumentError("the delivery does not have {} exactly once", hint=FORM)
    if "base64(" in template and not any("{}" in found["text"] for found in _PACKED.finditer(template)):
        raise DocumentError("base64(…) is not closed, or does not contain {}", hint="write `Basic base64(user:{})`")
    return Gate(scheme, host, port, path, header, template, _methods(found["methods"] or ""))


def unfit(value: str) -> str:
    """Return why a key cannot be sent in a header; empty if it can."""
    if len(value) < SHORTEST_VALUE:
        return f"it has fewer than {SHORTEST_VALUE} characters, so it could not be hidden in an answer"
    return "" if _VALUE.fullmatch(value) else "it has characters that a header cannot carry"


def _address(url: str) -> tuple[str, str, int, str]:
    from urllib.parse import urlsplit  # here, because every pulse imports this module

    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DocumentError("the delivery does not name the address of one host", hint=FORM) from error
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or port == 0:
        raise DocumentError("the delivery does not name the address of one host", hint=FORM)
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise DocumentError("the delivery would carry the key without encryption", hint="write https://…")
    if "@" in parts.netloc or "?" in url or "#" in url or not _PATH.fullmatch(parts.path):
        raise DocumentError("the delivery names more than a host and a path", hint=FORM)
    path = parts.path.rstrip("/")
    if has_dots(path):
        raise DocumentError("the delivery has a path with `.` or `..`", hint=FORM)
    return parts.scheme, host, port or _PORTS[parts.scheme], path


def has_dots(path: str) -> bool:
    """Whether a server could read a step up or a step in place in a path, however often it decodes it."""
    from urllib.parse import unquote

    before = ""
    while before != path:
        if any(part in {".", ".."} for part in path.replace("\\", "/").replace(";", "/").split("/")):
            return True
        before, path = path, unquote(path)
    return False


def _methods(text: str) -> tuple[str, ...]:
    named: Sequence[str] = [word.strip() for word in text.split(",") if word.strip()]
    wrong = next((word for word in named if word not in METHODS), None)
    if wrong is not None:
        raise DocumentError("the delivery names a method that is not forwarded", hint=f"write {', '.join(METHODS)}")
    return tuple(named) or METHODS


def _packed(text: str) -> str:
    from base64 import b64encode

    return b64encode(text.encode()).decode()
