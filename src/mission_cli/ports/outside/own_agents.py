"""A person's own agents and scripts: those that they promoted out of their missions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.ports.agents.agent import GivenAgent


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file that a promotion writes."""

    path: str
    """Where it is on this machine."""
    state: str
    """`missing`, `same` or `other`: what is there now."""


class OwnAgents(Protocol):
    """The folder of the person, and the folders of their coding agents. Never overwrites."""

    def texts(self) -> Mapping[str, str]:
        """Return the texts of the person's own, by path such as `agents/reader.md`; large ones are left out."""
        ...

    def look(self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]) -> Sequence[OwnFile]:
        """Return the files of a promotion: the person's own, and one for each coding agent that has such files.

        `native`: the draft as an agent; None for a script. `agents`: the names of the coding agents.
        """
        ...

    def put(self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]) -> None:
        """Write those that are missing. Raises ToolError if that fails."""
        ...


class NoOwnAgents:
    """A person without any, who gets none."""

    def texts(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def look(self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]) -> Sequence[OwnFile]:
        """Return nothing."""
        del path, text, native, agents
        return ()

    def put(self, path: str, text: str, native: GivenAgent | None, agents: Sequence[str]) -> None:
        """Write nothing."""
