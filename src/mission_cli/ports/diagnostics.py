"""What `mission doctor` looks with, beside the ports of the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.host import Person
    from mission_cli.ports.clock import Clock
    from mission_cli.ports.schedule import Schedule


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The user's environment file."""

    path: str
    there: bool
    open_to_others: bool = False
    commented: tuple[str, ...] = ()
    """Names with a comment behind their value, which is a part of it."""


class Instruments(Protocol):
    """Looks at the machine; changes nothing that stays."""

    clock: Clock
    schedule: Schedule
    pulse: tuple[str, ...]
    """The command that a schedule of this installation starts."""

    def git(self) -> str:
        """Version and place of git. Raises ToolError when it is missing or too old."""
        ...

    def identity(self) -> Person | None:
        """Who commits of this person are by, where git was told; else None."""
        ...

    def program(self, command: Sequence[str]) -> str:
        """Absolute path of a command's program, or empty."""
        ...

    def version(self, command: Sequence[str]) -> str:
        """What the program says to `--version`. Raises ToolError."""
        ...

    def push_claim(self, remote: str) -> None:
        """Make a claim on the remote and take it away again. Raises ToolError with git's own words."""
        ...

    def scheduler_obstacle(self, kind: str) -> str:
        """Why cron or systemd would not start anything here, or empty."""
        ...

    def lingers(self) -> bool:
        """Whether systemd starts things for this user while nobody is logged in."""
        ...

    def missing(self, paths: Sequence[str]) -> list[str]:
        """Those paths that are not there."""
        ...

    def lost_repositories(self) -> list[str]:
        """Known repositories that are not there any more."""
        ...

    def key_file(self) -> KeyFile:
        """The user's environment file. Raises DocumentError when it cannot be understood."""
        ...
