"""Where a cluster is and how it knows us: settings, the configuration of kubectl, or the account of a pod."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.env_file import is_reference, resolved
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.hosts.host import Host

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PLUGINS = ("exec", "auth-provider")
_UNUSED = ("username", "password", "as", "as-groups", "as-uid", "as-user-extra")
"""Keys of a user that would change who asks; ignoring them would be wrong."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one cluster."""

    server: str
    namespace: str = "default"
    token: str = ""
    authority: bytes = b""
    """A certificate in PEM; empty: the authorities that this machine trusts."""
    certificate: bytes = b""
    """Of the client, in PEM."""
    key: bytes = b""
    server_name: str = ""
    """The name in the certificate of the server, if it is another one than that in its URL."""

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Access({self.server!r}, {self.namespace!r})"


def find_access(host: Host, environment: Mapping[str, str], account: Path = _ACCOUNT) -> Access:
    """Return the access of the settings, else of the configuration of kubectl, else of the pod around this program."""
    if host.address:
        return Access(host.address.rstrip("/"), host.namespace or "default", _token(host, environment))
    places = [Path(one) for one in environment.get("KUBECONFIG", "").split(os.pathsep) if one]
    places = places or [Path(environment.get("HOME", "~")).expanduser() / ".kube/config"]
    known = [place for place in places if place.is_file()]
    if known:
        return _configured(host, environment, known)
    server = environment.get("KUBERNETES_SERVICE_HOST", "")
    if server and account.is_dir():
        return _inside(host, environment, server, account)
    raise ToolError(
        f"host {host.name}: {places[0]} does not exist",
        hint=f"set `address` and `token` in [hosts.{host.name}], or write the file, as `kubectl` reads it",
    )


def _token(host: Host, environment: Mapping[str, str]) -> str:
    if not host.token:
        return ""
    hint = f"correct `token` in [hosts.{host.name}]: env:NAME or file:PATH"
    if not is_reference(host.token):
        raise ToolError(f"host {host.name}: `token` is not a reference to a token", hint=hint)
    try:
        found = resolved(host.token, environment)
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise ToolError(f"host {host.name}: the token in {host.token}: {why}", hint=hint) from error
    return _printable(host, found, host.token)


def _printable(host: Host, token: str, place: str) -> str:
    if not token or not token.isascii() or not token.isprintable():
        raise ToolError(f"host {host.name}: there is no token in {place}")
    return token


def _inside(host: Host, environment: Mapping[str, str], server: str, account: Path) -> Access:
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    shown = f"[{server}]" if ":" in server else server
    own = (account / "namespace").read_text("utf-8").strip() if (account / "namespace").is_file() else ""
    return Access(
        f"https://{shown}:{port}",
        host.namespace or own or "default",
        _token(host, environment) or _printable(host, (account / "token").read_text("utf-8").strip(), "the pod"),
        (account / "ca.crt").read_bytes(),
    )


def _configured(host: Host, environment: Mapping[str, str], places: list[Path]) -> Access:
    files = [_Config(host.name, place) for place in places]
    chosen = next((one.current for one in files if one.current), "")
    if not chosen:
        raise ToolError(
            f"host {host.name}: {places[0]} has no current context", hint="run `kubectl config use-context NAME`"
        )
    context = _first(files, "contexts", "context", chosen)
    cluster = _first(files, "clusters", "cluster", context.text("cluster"))
    user = _first(files, "users", "user", context.text("user"))
    _check(host, cluster, user)
    token = _token(host, environment) or user.text("token")
    if not token and (file := user.path("tokenFile")) is not None:
        token = _printable(host, file.read_text("utf-8").strip(), str(file))
    return Access(
        cluster.text("server").rstrip("/"),
        host.namespace or context.text("namespace") or "default",
        token,
        cluster.data("certificate-authority"),
        user.data("client-certificate"),
        user.data("client-key"),
        cluster.text("tls-server-name"),
    )


def _check(host: Host, cluster: _Part, user: _Part) -> None:
    place = cluster.config.place
    if not cluster.text("server").startswith(("https://", "http://")):
        raise cluster.wrong("has no server")
    if cluster.facts.get("insecure-skip-tls-verify"):
        hint = "name the authority of the cluster in `certificate-authority`"
        raise cluster.wrong("has `insecure-skip-tls-verify`, which is not accepted", hint)
    if cluster.text("proxy-url"):
        raise cluster.wrong("has `proxy-url`, which is not supported", "set HTTPS_PROXY instead")
    for name in _PLUGINS:
        if name in user.facts and not host.token:
            hint = f"make a service account with a token, and set `token` in [hosts.{host.name}]: env:NAME or file:PATH"
            raise user.wrong(f"logs in by a program (`{name}`), which a pulse cannot do unattended", hint)
    for name in _UNUSED:
        if name in user.facts:
            raise user.wrong(f"has `{name}`, which is not supported", f"use a token or a client certificate in {place}")


class _Config:
    """One file of kubectl."""

    def __init__(self, host: str, place: Path) -> None:
        import yaml

        self.host, self.place = host, place
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            said = yaml.load(place.read_bytes(), Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
        except OSError as error:
            raise ToolError(f"host {host}: {place} cannot be read: {error.strerror}") from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark is not None else ""
            raise ToolError(f"host {host}: {place}{line} is not valid YAML") from error
        self.facts: dict[str, Any] = said if isinstance(said, dict) else {}
        self.current = self.facts.get("current-context") or ""

    def part(self, kind: str, name: str, wanted: str) -> _Part | None:
        """Return an entry of a list; None if there is none of that name."""
        entries = self.facts.get(kind)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and entry.get("name") == wanted and isinstance(entry.get(name), dict):
                return _Part(self, f"{name} `{wanted}`", entry[name])
        return None


class _Part:
    """A context, a cluster or a user."""

    def __init__(self, config: _Config, name: str, facts: Mapping[str, Any]) -> None:
        self.config, self.name, self.facts = config, name, facts

    def text(self, name: str) -> str:
        """Return a text; empty if there is none."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else ""

    def path(self, name: str) -> Path | None:
        """Return a path, relative to its file."""
        return self.config.place.parent / self.text(name) if self.text(name) else None

    def data(self, name: str) -> bytes:
        """Return what is in the entry itself, or in a file that it names."""
        from base64 import b64decode

        try:
            if said := self.text(f"{name}-data"):
                return b64decode(said, validate=True)
            place = self.path(name)
            return place.read_bytes() if place is not None else b""
        except OSError as error:
            raise self.wrong(f"names {name} {error.filename}: {error.strerror}") from error
        except ValueError as error:
            raise self.wrong(f"has a `{name}-data` that is not base64") from error

    def wrong(self, words: str, hint: str = "") -> ToolError:
        """Return an error about this entry."""
        return ToolError(f"host {self.config.host}: {self.name} in {self.config.place} {words}", hint=hint)


def _first(files: list[_Config], kind: str, name: str, wanted: str) -> _Part:
    for one in files:
        if (found := one.part(kind, name, wanted)) is not None:
            return found
    raise ToolError(f"host {files[0].host}: {files[0].place} has no {name} `{wanted}`")
