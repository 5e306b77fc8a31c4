"""How finished work relates to the base branch."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.branches.against import Against
from mission_cli.domain.status import LandMethod

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha


class LandState(StrEnum):
    """How the finished work relates to the base."""

    NOTHING = "nothing"
    LANDED = "landed"
    FORWARD = "forward"
    MERGE = "merge"
    CONFLICT = "conflict"


BASE_MERGED = "Merge the base into the work of the mission"
LANDED = "Mission-Landed"
"""Trailer of a commit that landed the work of a mission: the commit of the finished work that is in it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The message of a commit, and the name of its author."""

    message: str
    author: str = ""
    """Empty: the person's own name."""


@dataclass(frozen=True, slots=True)
class LandPlan:
    """How the work is to land: the method, and the words of the commit that it makes."""

    method: LandMethod = LandMethod.FORWARD
    words: Words = Words("Land the work of a mission\n")


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
class LandedCommit:
    """A commit that landing brings to the base."""

    commit: Sha
    subject: str
    author: str


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A file that landing changes. The counts are null for a binary file."""

    path: str
    added: int | None
    """Added lines."""
    removed: int | None
    """Removed lines."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a commit has that a base does not have."""

    commits: tuple[LandedCommit, ...] = ()
    """Those of the line of finished work, newest first; a merged attempt is one."""
    files: tuple[LandedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """Two commits merged: a commit, or the paths that conflict."""

    commit: Sha | None = None
    conflicts: tuple[str, ...] = ()

    @property
    def unrelated(self) -> bool:
        """Whether they have no history in common."""
        return self.commit is None and not self.conflicts
