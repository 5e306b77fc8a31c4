"""Look whether a resource is there, by its type and its reference."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.proc.run import run
from mission_cli.adapters.secrets.screen import SHORTEST_SECRET
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import advise
from mission_cli.domain.resources.rows import ResourceType
from mission_cli.ports.outside.probes import Probed
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mission_cli.domain.resources.rows import Resource
    from mission_cli.ports.secrets import Vault

_SECONDS = 5.0
_HOST = pattern(
    r"(?:[a-z]+://)?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::(?P<port>[0-9]{1,5}))?/?"
)
_PROGRAM = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
_PORTS = {"http": 80, "https": 443, "ssh": 22, "postgres": 5432, "postgresql": 5432, "mysql": 3306, "redis": 6379}
_ASK = """
import socket, sys
host, port = sys.argv[1:]
try:
    if port:
        socket.create_connection((host, int(port)), timeout=4).close()
    else:
        socket.getaddrinfo(host, None)
except OSError as error:
    sys.exit(error.strerror or str(error) or type(error).__name__)
"""


class LocalProbes:
    """Looks from this machine."""

    def __init__(self, vault: Vault, environment: Mapping[str, str]) -> None:
        self._vault, self._environment = vault, environment

    def can_tell(self, one: Resource) -> bool:
        """Whether it has a reference, or is of a type that is found by its name."""
        if one.reference:
            return True
        if one.kind is ResourceType.TOOL:
            return _PROGRAM.fullmatch(_bare(one)) is not None
        host = _host(one)
        return host is not None and (one.kind is ResourceType.DOMAIN or bool(host[1]))

    def look(self, one: Resource) -> Probed:
        """Read its value, or find it by its name."""
        if one.reference:
            found = self._vault.resolve(one.reference)
            if isinstance(found, str) and len(found) < SHORTEST_SECRET:
                return Probed(there=False, words=f"{one.reference} has fewer than {SHORTEST_SECRET} characters")
            return (
                Probed(there=False, words=found.words, remedy=found.remedy) if isinstance(found, Unresolved) else _THERE
            )
        if not self.can_tell(one):
            return Probed(there=False, words="nothing shows whether it is available: a person has to say so")
        if one.kind is ResourceType.TOOL:
            return self._tool(_bare(one))
        host, port = _host(one) or ("", "")
        return self._answers(host, "" if one.kind is ResourceType.DOMAIN else port)

    def _tool(self, name: str) -> Probed:
        if shutil.which(name, path=self._environment.get("PATH", "")):
            return _THERE
        return Probed(there=False, words=f"`{name}` is not on PATH", remedy=advise(f"install {name}"))

    def _answers(self, host: str, port: str) -> Probed:
        """Ask in a process of its own, which can be ended: names may take minutes to resolve."""
        where = f"{host}:{port}" if port else host
        try:
            done = run(
                [sys.executable, "-I", "-c", _ASK, host.strip("[]"), port],
                cwd="/",
                env=self._environment,
                timeout=_SECONDS,
            )
        except ToolError:
            return Probed(there=False, words=f"{where} does not answer")
        if done.code == 0:
            return _THERE
        words = one_line(done.err.decode("utf-8", "replace").strip(), 100)
        return Probed(there=False, words=f"{where} {'does not answer' if port else 'does not resolve'}: {words}")


_THERE = Probed(there=True)


def _bare(one: Resource) -> str:
    return one.name.strip("`* ")


def _host(one: Resource) -> tuple[str, str] | None:
    """Return host and port in the name of a resource; None if it is none. The port may follow from the scheme."""
    name = _bare(one)
    found: Any = _HOST.fullmatch(name)
    if found is None or one.kind not in {ResourceType.DOMAIN, ResourceType.SERVER, ResourceType.SERVICE}:
        return None
    scheme = name.partition("://")[0] if "://" in name else ""
    port = found["port"] or str(_PORTS.get(scheme, ""))
    return found["host"], port
