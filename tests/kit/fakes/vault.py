"""A vault in memory, with the same contract as the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import ToolError
from mission_cli.domain.resources.references import read_reference
from mission_cli.ports.outside.probes import Probed
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.resources.rows import Resource


class MemoryVault:
    """Knows values by their references."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        self.asked: list[str] = []

    def resolve(self, reference: str) -> str | Unresolved:
        """Return the value under a reference."""
        self.asked.append(reference)
        told = read_reference(reference)
        if told is None:
            return Unresolved("it is not a reference to a value")
        if str(told) not in self.values:
            return Unresolved(f"{told} leads to no value: it is not in memory")
        value = self.values[str(told)].removesuffix("\n")
        return value if value.strip() else Unresolved(f"{told} leads to an empty value")

    def store(self, name: str, value: str) -> str:
        """Keep a value."""
        told = read_reference(f"secret:{name}")
        if told is None or not value.strip() or "\0" in value:
            raise ToolError(f"{name} cannot be stored")
        self.values[str(told)] = value
        return str(told)


class VaultProbes:
    """Finds resources by their references alone."""

    def __init__(self, vault: MemoryVault) -> None:
        self._vault = vault

    def can_tell(self, one: Resource) -> bool:
        """Whether it has a reference."""
        return bool(one.reference)

    def look(self, one: Resource) -> Probed:
        """Read its value."""
        found = self._vault.resolve(one.reference)
        return Probed(there=False, words=found.words) if isinstance(found, Unresolved) else Probed(there=True)
