"""The machine as a whole: who we are on it, and whether it has room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mission_cli.domain.host import Person


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Whether jobs run inside of a sandbox here, and the words for people."""

    on: bool
    words: str
    problem: str = ""
    """Why nothing may run here: a sandbox is required and there is none."""


class Machine(Protocol):
    """What admission asks."""

    def me(self) -> str:
        """This machine and clone, `host:abcdef`."""
        ...

    def person(self) -> Person:
        """The person at the keyboard, as git knows them."""
        ...

    def free_slots(self) -> int:
        """Workers that may still be started here, over all missions of this user."""
        ...

    def sandbox(self) -> Sandbox:
        """Whether jobs run inside of a sandbox."""
        ...

    def shortage(self) -> str:
        """Why nothing may be started now (memory, disk), or empty."""
        ...

    def runner_problem(self, command: tuple[str, ...]) -> str:
        """Why a runner's command cannot be started here, or empty."""
        ...
