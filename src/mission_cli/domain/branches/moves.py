"""The moves of the state branch: where this program last put it, and what others moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.ids import Sha

MOST = 100
"""How many foreign moves are kept. Until a pulse judges them, each own commit on top of one adds one."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A move of the branch. None: the branch did not exist."""

    before: Sha | None
    after: Sha | None


@dataclass(frozen=True, slots=True)
class Moves:
    """The record about one branch; it is replaced as a whole before and after each own move."""

    tip: Sha | None
    """Where the branch was last put, or was when foreign moves were last judged."""
    others: tuple[Moved, ...] = ()
    """Foreign moves before that, not judged yet, oldest first."""
    about: Moved | None = None
    """The own move that is in progress, or was when its process died."""
    settles: bool = False
    """Whether that move judges the foreign ones."""

    def begun(self, head: Sha | None, new: Sha, *, settles: bool) -> Moves:
        """Return the record before an own move."""
        return replace(self, about=Moved(head, new), settles=settles)

    def ended(self, *, moved: bool) -> Moves:
        """Return the record after an own move; not `moved`: another process moved the branch first."""
        if self.about is None or not moved:
            return replace(self, about=None, settles=False)
        return Moves(self.about.after, () if self.settles else self.foreign(self.about.before))

    def found(self, head: Sha | None, contains: Callable[[Sha, Sha], bool]) -> Moves:
        """Return the record if the branch is at `head`: a process that died in an own move has made it or not.

        `contains` tells whether its first commit is its second one or an ancestor of it.
        """
        if self.about is None:
            return self
        new = self.about.after
        return self.ended(moved=bool(head and new and (head == new or contains(new, head))))

    def foreign(self, head: Sha | None) -> tuple[Moved, ...]:
        """Return the foreign moves if the branch is at `head`."""
        return (self.others if head == self.tip else (*self.others, Moved(self.tip, head)))[:MOST]
