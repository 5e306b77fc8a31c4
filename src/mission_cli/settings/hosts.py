"""Settings of hosts: machines and clusters on which attempts run. A repository cannot name any."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import did_you_mean
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.hosts.host import HERE, LABEL, Host, HostKind, Needed, why_no_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

MOST_WORKERS = 10_000
MOST_MEMORY_MB = 16 * 1024 * 1024
_WEB = pattern(r"https?://[^\s/@:]+(:[0-9]{1,5})?(/[^\s@]*)?")
_PLAIN = pattern(r"[^\s\x00-\x1f\x7f-\x9f-][^\x00-\x1f\x7f-\x9f]*")
_REFERENCE = pattern(r"(env|file):\S[^\x00-\x1f\x7f-\x9f]*")
_PASSWORD = pattern(r"[^:/]*://[^/@\s:]*:[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class HostSettings:
    """One `[hosts.NAME]` table: a machine or a cluster on which attempts run."""

    kind: str = "ssh"
    """`ssh`, `ray`, `slurm` or `kubernetes`: how attempts are started there"""
    address: str = ""
    """as `ssh` takes it; for ray and kubernetes a URL; empty with slurm: this machine"""
    exchange: str = ""
    """git repository that both sides reach; empty with ssh and slurm: one on the host"""
    root: str = ""
    """folder there for everything that is kept; empty: `~/.cache/mission`"""
    python: str = "python3"
    """Python 3.11 or newer that runs the supervisor there"""
    workers: int = 1
    """attempts that may run there at once, over all missions of a repository"""
    labels: tuple[str, ...] = ()
    """what it offers, such as `gpu`, for `[on:gpu]` in mission files"""
    runners: tuple[str, ...] = ()
    """runners that work there; empty: all"""
    cpus: Decimal | None = None
    """CPUs that are reserved for each attempt; empty: what is usual there"""
    memory_mb: int = 0
    """megabytes that are reserved for each attempt; 0: what is usual there"""
    gpus: Decimal | None = None
    """GPUs that are reserved for each attempt; empty: none"""
    image: str = ""
    """kubernetes: container image in which attempts run"""
    namespace: str = ""
    """kubernetes: namespace; empty: `default`"""
    account: str = ""
    """kubernetes: service account; slurm: account that pays"""
    queue: str = ""
    """slurm: partition; empty: the usual one"""
    token: str = ""
    """`env:NAME` or `file:PATH`: token for the address; empty: none"""


def hosts_of(tables: Mapping[str, HostSettings]) -> dict[str, Host]:
    """Return the hosts by name."""
    return {name: host_of(name, told) for name, told in tables.items()}


def host_of(name: str, told: HostSettings) -> Host:
    """Return a table that `check_hosts` accepts as a host."""
    return Host(
        name=name,
        kind=HostKind(told.kind),
        address=told.address,
        exchange=told.exchange,
        root=told.root,
        python=told.python,
        workers=told.workers,
        labels=told.labels,
        runners=told.runners,
        needed=Needed(float(told.cpus or 0), told.memory_mb, float(told.gpus or 0)),
        image=told.image,
        namespace=told.namespace,
        account=told.account,
        queue=told.queue,
        token=told.token,
    )


def check_hosts(tables: Mapping[str, HostSettings], where: str = "", text: str = "") -> None:
    """Raise UsageError for a host that cannot be used; DocumentError with the line if `where` and `text` are given."""
    for name, told in tables.items():
        found = _wrong(name, told)
        if found is not None:
            key, words, hint = found
            if where:
                raise DocumentError(words, where=_place(where, text, name, key), hint=hint)
            raise UsageError(words, hint=hint)


def _wrong(name: str, told: HostSettings) -> tuple[str, str, str] | None:
    """Return the key, what is wrong with it, and a hint; None for a host that can be used."""
    if why := why_no_name(name):
        return "", f"`hosts.{name}` {why}", "use lower-case letters, digits and `-`, such as [hosts.big-box]"
    if told.kind not in set(HostKind):
        known = [str(kind) for kind in HostKind]
        hint = did_you_mean(told.kind, known, f"use one of {', '.join(known)}")
        return "kind", f"the setting `hosts.{name}.kind` is {told.kind!r}", hint
    found = _wrong_address(told) or _wrong_amount(told) or _wrong_text(told)
    if found is None:
        return None
    key, words, hint = found
    return key, f"the setting `hosts.{name}.{key}` {words}", hint


def _wrong_address(told: HostSettings) -> tuple[str, str, str] | None:
    kind = HostKind(told.kind)
    if kind is HostKind.SSH and not told.address:
        return "address", "is empty", 'write address = "me@machine", as `ssh` takes it'
    if kind is HostKind.RAY and not _WEB.fullmatch(told.address):
        return "address", f"is {told.address!r}", 'write the URL of the dashboard: "http://HOST:8265"'
    if kind is HostKind.KUBERNETES and told.address and not _WEB.fullmatch(told.address):
        return "address", f"is {told.address!r}", 'write the URL of the API: "https://HOST:6443"'
    if kind is HostKind.KUBERNETES and not told.image:
        return "image", "is empty", "name a container image with git, Python 3.11 and your agents"
    if kind in {HostKind.RAY, HostKind.KUBERNETES} and not told.exchange:
        hint = 'write exchange = "ssh://me@server/exchange.git": an empty git repository that both sides reach'
        return "exchange", "is empty", hint
    if "::" in told.exchange.partition("/")[0]:
        return "exchange", "names a git transport that runs a command", "write a path, or an https:// or ssh:// URL"
    if _PASSWORD.match(told.exchange):
        hint = "use ssh, or a credential helper of git: a settings file is not a place for a password"
        return "exchange", "contains a password", hint
    return None


def _wrong_amount(told: HostSettings) -> tuple[str, str, str] | None:
    if not 1 <= told.workers <= MOST_WORKERS:
        hint = f"use a number from 1 to {MOST_WORKERS}; `drain` keeps new attempts away from a host"
        return "workers", f"is {told.workers}", hint
    if not 0 <= told.memory_mb <= MOST_MEMORY_MB:
        return "memory_mb", f"is {told.memory_mb}", f"use a number from 0 to {MOST_MEMORY_MB}"
    for key in ("cpus", "gpus"):
        amount = getattr(told, key)
        if amount is not None and amount > MOST_WORKERS:
            return key, f"is {amount}", f"use at most {MOST_WORKERS}"
    return None


def _wrong_text(told: HostSettings) -> tuple[str, str, str] | None:
    for label in told.labels:
        if not LABEL.fullmatch(label) or label == HERE:
            return "labels", f"has {label!r}", "use lower-case letters, digits, `.`, `_` and `-`; not `local`"
    if told.token and not _REFERENCE.fullmatch(told.token):
        hint = 'write "env:NAME" or "file:PATH": a settings file is not a place for a token'
        return "token", "is not a reference", hint
    if not told.python:
        return "python", "is empty", 'write "python3", or a path'
    for key in ("address", "exchange", "root", "python", "image", "namespace", "account", "queue"):
        value = getattr(told, key)
        if value and not _PLAIN.fullmatch(value):
            hint = "it must not begin with `-` or a space, or contain control characters"
            return key, f"is {value!r}", hint
    if told.root and not told.root.startswith(("/", "~/")):
        return "root", f"is {told.root!r}", 'write a whole path, or one that begins with "~/"'
    return None


def _place(where: str, text: str, name: str, key: str) -> str:
    """Return the file with the line of a key of a host, or of the head of its table."""
    found, inside = where, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            inside = _is_head(line, name)
            found = f"{where}:{number}" if inside and found == where else found
        elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return f"{where}:{number}"
    return found


def _is_head(line: str, name: str) -> bool:
    return bool(re.match(rf"\s*\[\s*hosts\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]", line))


def with_host(text: str, name: str, told: HostSettings) -> str:
    """Return a settings text with a table for a new host at its end. The rest stays as it is."""
    usual, known = HostSettings(), told.__match_args__
    values = {key: value for key in known if (value := getattr(told, key)) != getattr(usual, key)}
    lines = [f"[hosts.{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    return before + "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return str(value) if hasattr(value, "as_tuple") else json.dumps(value, ensure_ascii=False)


def without_host(text: str, name: str) -> str | None:
    """Return a settings text without the table of a host; None if it has none that stands by itself.

    Comments directly above the next table belong to that one, and stay.
    """
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if _is_head(line, name)), None)
    if start is None:
        return None
    end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    while start + 1 < end < len(lines) and lines[end - 1].lstrip()[:1] in {"#", ""}:
        end -= 1
    before, after = "".join(lines[:start]).rstrip("\n"), "".join(lines[end:]).lstrip("\n")
    return f"{before}\n\n{after}" if before and after else f"{before}\n" if before else after
