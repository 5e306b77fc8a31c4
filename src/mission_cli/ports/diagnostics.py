"""What `mission doctor` uses besides the ports of the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.host import Person
    from mission_cli.ports.agents.installed import AgentFinder
    from mission_cli.ports.clock import Clock
    from mission_cli.ports.schedule import Schedule


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The user's key file."""

    path: str
    there: bool
    open_to_others: bool = False
    commented: tuple[str, ...] = ()
    """Names whose values end with a comment, which is a part of the value."""


class Instruments(Protocol):
    """Examines the machine without lasting changes."""

    clock: Clock
    schedule: Schedule
    agents: AgentFinder
    pulse: tuple[str, ...]
    """The command that schedules of this installation start."""

    def git(self) -> str:
        """Return version and path of git. Raises ToolError if it is missing or too old."""
        ...

    def identity(self) -> Person | None:
        """Return the author of this person's commits, if configured in git; else None."""
        ...

    def program(self, command: Sequence[str]) -> str:
        """Return the absolute path of a command's program, or the empty string."""
        ...

    def version(self, command: Sequence[str]) -> str:
        """Return the output of the program for `--version`. Raises ToolError."""
        ...

    def output(self, command: Sequence[str], given: Mapping[str, str]) -> str:
        """Return what a command prints, with these variables added. Raises ToolError if it fails."""
        ...

    def push_claim(self, remote: str) -> None:
        """Push a claim to the remote and delete it again. Raises ToolError with git's own message."""
        ...

    def scheduler_obstacle(self, kind: str) -> str:
        """Return why cron or systemd would not start anything here, or the empty string."""
        ...

    def lingers(self) -> bool:
        """Whether systemd starts jobs of this user while they are not logged in."""
        ...

    def missing(self, paths: Sequence[str]) -> list[str]:
        """Return the paths that do not exist."""
        ...

    def lost_repositories(self) -> list[str]:
        """Return known repositories that no longer exist."""
        ...

    def key_file(self) -> KeyFile:
        """Return the user's key file. Raises DocumentError if it cannot be parsed."""
        ...
