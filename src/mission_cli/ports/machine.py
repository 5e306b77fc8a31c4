"""The machine: who uses it, and whether it has room for jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.host import Person
    from mission_cli.domain.notice import Advice
    from mission_cli.domain.status import JobKind


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A problem, and what to do about it."""

    words: str
    remedy: Advice
    program: bool = False
    """Whether a program was not found."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Whether jobs run in a sandbox here, with text for people."""

    on: bool
    words: str
    problem: str = ""
    """Why nothing may run here: a sandbox is required and there is none."""


class Machine(Protocol):
    """What the engine needs to know of the machine before it starts something."""

    def me(self) -> str:
        """Return the id of this machine and clone, `host:abcdef`."""
        ...

    def person(self) -> Person:
        """Return the person at the keyboard, as configured in git."""
        ...

    def free_slots(self, kind: JobKind) -> int:
        """Return how many jobs of a kind, `worker` or `check`, may still start here, over all missions of this user."""
        ...

    def sandbox(self) -> Sandbox:
        """Return whether jobs run in a sandbox."""
        ...

    def not_in_checkout(self, names: Sequence[str]) -> Sequence[str]:
        """Return the entries of `[tree] copy` that match nothing in the person's checkout."""
        ...

    def shortage(self) -> str:
        """Return why nothing may start now (memory, disk), or the empty string."""
        ...

    def runner_obstacle(
        self, command: Sequence[str], keys: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> Obstacle | None:
        """Return why a runner cannot work, in this environment or a given one: its program, or a key that it needs."""
        ...
