"""What missions leave behind on this machine: trees, job folders, refs; each with what speaks against removing it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mission_cli.domain.ids import MissionId, RunId


class Kind(StrEnum):
    """What a thing is. They are removed in this order: nothing is left that speaks of something gone."""

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
    """One thing of ours."""

    kind: Kind
    name: str
    """A path, or the name of a ref."""
    mission: MissionId | None = None
    run: RunId | None = None
    """The attempt that it is of; None for what belongs to a mission as a whole."""
    judged: bool = False
    """Somebody began to remove it and died: it has nothing of worth."""


class Storage(Protocol):
    """Finds our things and removes them one by one. Whoever calls holds the lock of the loop."""

    def things(self) -> Sequence[Leftover]:
        """Everything that is there, in the order in which it is removed."""
        ...

    def obstacle(self, thing: Leftover, *, base: str, gone: Collection[Leftover]) -> str:
        """Why it must stay by what it holds, were `gone` not there any more; empty: nothing of worth is in it alone.

        `base` is the branch that its mission lands on.
        """
        ...

    def remove(self, thing: Leftover) -> str:
        """Remove it if it is as `obstacle` saw it. Returns why it is still there, or the empty string.

        Killed in between it can be called again.
        """
        ...

    def size(self, thing: Leftover) -> int:
        """Bytes that it takes on the disk; 0 for a ref."""
        ...
