"""What is known of the moves of the state branch: where this program put it last, and the moves that others made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.records import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.ids import Sha

MOST = 100
"""Foreign moves that are kept: there is one for each commit of ours on top of one, until a pulse looks."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A move of the branch. None: the branch was not there."""

    before: Sha | None
    after: Sha | None


@dataclass(frozen=True, slots=True)
class Moves:
    """The note about one branch; it is replaced as a whole before and after each move of ours."""

    tip: Sha | None
    """Where the branch was put last, or was when somebody's moves were judged."""
    others: tuple[Moved, ...] = ()
    """Moves of others before that, not judged yet, oldest first."""
    about: Moved | None = None
    """The move of ours that is being made, or whose process died."""
    settles: bool = False
    """With that move those of others are judged."""

    def begun(self, head: Sha | None, new: Sha, *, settles: bool) -> Moves:
        """The note before a move of ours."""
        return replace(self, about=Moved(head, new), settles=settles)

    def ended(self, *, moved: bool) -> Moves:
        """The note after it; not `moved`: somebody else was faster."""
        if self.about is None or not moved:
            return replace(self, about=None, settles=False)
        return Moves(self.about.after, () if self.settles else self.foreign(self.about.before))

    def found(self, head: Sha | None, contains: Callable[[Sha, Sha], bool]) -> Moves:
        """The note where the branch is found at `head`: what died in a move of ours has made it or not.

        `contains` says whether its first commit is, or came before, its second.
        """
        if self.about is None:
            return self
        new = self.about.after
        return self.ended(moved=bool(head and new and (head == new or contains(new, head))))

    def foreign(self, head: Sha | None) -> tuple[Moved, ...]:
        """The moves of others, where the branch is found at `head`."""
        return (self.others if head == self.tip else (*self.others, Moved(self.tip, head)))[:MOST]
