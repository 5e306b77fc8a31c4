"""What agents get of this program: slash commands, and its tools, which their settings name."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


class FileState(StrEnum):
    """Who wrote a command file last."""

    MISSING = "missing"
    CURRENT = "current"
    OLDER = "older"
    """Written by another version of this program."""
    PERSONS = "changed"


@dataclass(frozen=True, slots=True)
class CommandFile:
    """One command file of one agent, or the place in its settings that names the server of our tools."""

    agent: str
    name: str
    path: str
    state: FileState
    shared: bool = False
    """Whether it belongs to a project."""


TOOLS = "tools"
"""The name of the latter."""


class SlashCommands(Protocol):
    """Reads and writes command files, of a person or of a project."""

    def agents(self) -> Sequence[str]:
        """Return the agents that have slash commands, or use tools."""
        ...

    def files(self, agents: Sequence[str], project: str = "") -> Sequence[CommandFile]:
        """Return the files of these agents for a person, or for a project. Raises ToolError if one cannot be read."""
        ...

    def missing_package(self) -> str:
        """Return why the server of our tools cannot start here; empty if it can."""
        ...

    def write(self, file: CommandFile) -> None:
        """Write the command; through a link, its target. Raises ToolError."""
        ...

    def remove(self, file: CommandFile) -> None:
        """Remove the command. Raises ToolError."""
        ...
