"""What an ended attempt left in git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.branches.against import Against

if TYPE_CHECKING:
    from mission_cli.domain.ids import Sha


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an ended attempt left in git, as this program read it."""

    tip: Sha | None
    """Head of the attempt's branch; None if there is none."""
    commits: int = 0
    changed: tuple[str, ...] = ()
    substantial: bool = False
    """Whether the diff has more than white space and empty files."""
    tests_changed: int = 0
    protected: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Branches of its tree, other than its own, that it committed to."""
    conflicts: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    """The paths in which it conflicts with earlier candidates of the queue, but not with finished work."""
    unrelated: bool = False
    """Whether its commits have no history in common with `work`."""
    candidate: Sha | None = None
    """The attempt merged on `work`; None on a conflict or without commits."""
    findings: tuple[str, ...] = ()
    """Files that it left in the mission's folder `research/`; they are neither among `changed` nor in the candidate."""
    judged: Sha | None = None
    """The candidate with the findings: what criteria are run on. None: the candidate itself."""
    tree: str = ""
    """Tree of the candidate without mission folders, and of the findings: what criteria are judged on."""
    completes: tuple[str, ...] = ()
    """Numbers of the features that its commits complete, by the trailer `Completes-feature`."""
    integrated: bool = False
    """Whether its commits are on `work` already."""
    work: Sha | None = None
    """The head of `work` that the candidate was built on."""
    work_tree: str = ""
    """Tree of that head if it is `work` with earlier candidates of the queue merged on it; else empty."""
    trouble: str = ""
    """Why its branch could not be fetched, or empty."""
    secrets: tuple[str, ...] = ()
    """`path:line (kind)` of each secret that its commits add."""
    unfit: tuple[str, ...] = ()
    """What a clone of its commits would lack or could not check out, as text."""
    against: Against = field(default_factory=Against)
    """The candidate with the test files of the base, and what was found in the comparison."""
