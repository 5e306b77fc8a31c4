"""How finished work relates to the base branch."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.branches.against import Against

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha


class LandState(StrEnum):
    """How the finished work relates to the base."""

    NOTHING = "nothing"
    LANDED = "landed"
    FORWARD = "forward"
    MERGE = "merge"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Landing:
    """What landing would do now. `obstacle` names a person's file or git operation that is in the way."""

    state: LandState = LandState.NOTHING
    commit: Sha | None = None
    tree: str = ""
    obstacle: str = ""
    conflicts: tuple[str, ...] = ()
    """Paths; none with CONFLICT means that base and work have no history in common."""
    against: Against = field(default_factory=Against)
    """The same merge with the test files of the base."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two commits merged: a commit, or the paths that conflict."""

    commit: Sha | None = None
    conflicts: tuple[str, ...] = ()

    @property
    def unrelated(self) -> bool:
        """Whether they have no history in common."""
        return self.commit is None and not self.conflicts
