"""Which repository on which forge a git remote URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("github", "gitlab", "forgejo")
KNOWN: Mapping[str, str] = {"github.com": "github", "gitlab.com": "gitlab", "codeberg.org": "forgejo"}
"""Forges that everybody knows, by host."""
_ALIASES = {"ssh.github.com": "github.com", "www.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_API = {"github": "/api/v3", "gitlab": "/api/v4", "forgejo": "/api/v1"}
_CLOUD = ".ghe.com"
_SCP = pattern(r"(?:[^@/:\s]+@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^/:@\s\[\]]{2,}):(?!//)(?P<path>[^:]\S*)\Z")
_SCHEMES = frozenset({"https", "http", "ssh", "git", "git+ssh", "ssh+git"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WEB = frozenset({"https", "http"})
_PART = pattern(r"[A-Za-z0-9_.\-]+\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """One repository on a forge."""

    kind: str
    """One of `KINDS`."""
    host: str
    """In lower case, with a port if the forge's web address has one."""
    name: str
    """`owner/name`; on GitLab with all groups."""
    api: str
    """The base URL of the REST interface."""

    @property
    def graphql(self) -> str:
        """The URL of GitHub's GraphQL interface."""
        return f"{self.api.removesuffix('/v3')}/graphql"


def place_of(url: str, kind: str = "", base: str = "") -> Place | None:
    """Return the repository that a remote URL names; None for a local path, an unknown host or an odd path.

    `kind` and `base` tell what a host is that is not known: `github` and `https://git.example.org`. `base` may also be
    the base URL of the REST interface. A remote on another host than `base` is None.
    """
    found = _split(url.strip())
    if found is None:
        return None
    host, path, scheme = found
    parts = [unquote(part) for part in path.strip("/").removesuffix(".git").split("/")]
    if base:
        there = urlsplit(base if "://" in base else f"https://{base}")
        parts = _below(parts, _root(there.path, kind)) if host.partition(":")[0] == _name(there.hostname) else []
        host = _name(there.netloc.rpartition("@")[2])
        scheme = there.scheme
    kind = kind or KNOWN.get(host) or ("github" if host.endswith(_CLOUD) else "")
    enough = len(parts) >= 2 if kind == "gitlab" else len(parts) == 2  # noqa: PLR2004 - owner and name
    if kind not in KINDS or not enough or not all(map(_is_name, parts)):
        return None
    return Place(kind, host, "/".join(parts), _api(kind, host, scheme, base))


def _split(url: str) -> tuple[str, str, str] | None:
    """Return host, path and scheme of the web address; None if the URL names no host.

    The token goes to that address, so it is encrypted also for a remote that is not.
    """
    if "://" not in url:
        scp = _SCP.match(url)
        return (_name(scp["host"]), scp["path"].partition("?")[0], "https") if scp else None
    there = urlsplit(url)
    try:
        port = there.port
    except ValueError:
        return None
    if there.scheme.lower() not in _SCHEMES or not there.hostname:
        return None
    web = there.scheme.lower() in _WEB
    scheme = "http" if there.scheme.lower() == "http" and there.hostname in _LOOPBACK else "https"
    usual = {"https": 443, "http": 80}.get(there.scheme.lower())
    host = f"{there.hostname}:{port}" if web and port and port != usual else there.hostname
    return _name(host), there.path, scheme


def _name(host: str | None) -> str:
    name = (host or "").lower().rstrip(".")
    return _ALIASES.get(name, name)


def _is_name(part: str) -> bool:
    return bool(_PART.match(part)) and part.strip(".") != ""


def _root(path: str, kind: str) -> list[str]:
    """Return the folders below which a forge serves its repositories, from the path of its base URL."""
    return [part for part in path.rstrip("/").removesuffix(_API.get(kind, "")).split("/") if part]


def _below(parts: list[str], root: list[str]) -> list[str]:
    return parts[len(root) :] if parts[: len(root)] == root else parts


def _api(kind: str, host: str, scheme: str, base: str) -> str:
    if host == "github.com":
        return "https://api.github.com"
    if kind == "github" and host.endswith(_CLOUD):
        return f"https://{host if host.startswith('api.') else f'api.{host}'}"
    below = "".join(f"/{part}" for part in _root(urlsplit(base).path if "://" in base else "", kind))
    return f"{scheme}://{host}{below}{_API[kind]}"
