"""What missions leave on this machine: trees, job folders, refs; and whether each may be removed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.domain.ids import MissionId, RunId


class Kind(StrEnum):
    """The kind of a thing. They are removed in this order, so that nothing refers to something removed."""

    TREE = "tree"
    JOB = "job"
    WIP = "wip"
    TIP = "tip"
    BRANCH = "branch"
    PIN = "pin"
    CLAIM = "claim"
    MARK = "mark"
    SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that this program created."""

    kind: Kind
    name: str
    """A path, or the name of a ref."""
    mission: MissionId | None = None
    run: RunId | None = None
    """The attempt that it belongs to; None for things of a mission as a whole."""
    judged: bool = False
    """Whether a removal began and did not finish: it has nothing of value."""


class Storage(Protocol):
    """Finds what this program created, and removes it. The caller holds the lock of the loop."""

    def things(self) -> Sequence[Leftover]:
        """Return everything that exists, in the order of removal."""
        ...

    def obstacle(self, thing: Leftover, *, base: str, gone: Collection[Leftover]) -> str:
        """Return why it must stay, given that `gone` is removed; empty if it has nothing of value of its own.

        `base` is the branch that its mission lands on.
        """
        ...

    def remove(self, thing: Leftover) -> str:
        """Remove it if it is as `obstacle` saw it. Returns why it still exists, or the empty string.

        After a crash it can be called again.
        """
        ...

    def size(self, thing: Leftover) -> int:
        """Return its size on disk in bytes; 0 for a ref."""
        ...
