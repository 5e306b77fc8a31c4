"""The machine as a whole: who we are on it, and whether it has room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.host import Person
    from mission_cli.domain.status import JobKind


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way, and what to do about it."""

    words: str
    remedy: str
    program: bool = False
    """A program is not found."""


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

    def free_slots(self, kind: JobKind) -> int:
        """Jobs of a kind, `worker` or `check`, that may still be started here, over all missions of this user."""
        ...

    def sandbox(self) -> Sandbox:
        """Whether jobs run inside of a sandbox."""
        ...

    def not_in_checkout(self, names: Sequence[str]) -> Sequence[str]:
        """Those of `[tree] copy` that stand for nothing in the person's checkout."""
        ...

    def shortage(self) -> str:
        """Why nothing may be started now (memory, disk), or empty."""
        ...

    def runner_obstacle(
        self, command: Sequence[str], keys: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> Obstacle | None:
        """Why a runner cannot work: its program, or a key that its settings refer to; in our environment or another."""
        ...
