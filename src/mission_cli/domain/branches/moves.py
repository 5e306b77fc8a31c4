"""What is known of the moves of the state branch: where this program put it last, and the moves that others made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.ids import Sha

MOST = 100
"""Foreign moves that are kept. Until a pulse judges them, each own commit on top of a foreign one adds one."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A move of the branch. None: the branch was not there."""

    before: Sha | None
    after: Sha | None


@dataclass(frozen=True, slots=True)
class Moves:
    """The note about one branch; it is replaced as a whole before and after each own move."""

    tip: Sha | None
    """Where the branch was put last, or was when foreign moves were last judged."""
    others: tuple[Moved, ...] = ()
    """Moves of others before that, not judged yet, oldest first."""
    about: Moved | None = None
    """The own move that is in progress, or whose process died."""
    settles: bool = False
    """With that move those of others are judged."""

    def begun(self, head: Sha | None, new: Sha, *, settles: bool) -> Moves:
        """Return the note before an own move."""
        return replace(self, about=Moved(head, new), settles=settles)

    def ended(self, *, moved: bool) -> Moves:
        """Return the note after it; not `moved`: another process moved the branch first."""
        if self.about is None or not moved:
            return replace(self, about=None, settles=False)
        return Moves(self.about.after, () if self.settles else self.foreign(self.about.before))

    def found(self, head: Sha | None, contains: Callable[[Sha, Sha], bool]) -> Moves:
        """The note where the branch is found at `head`: a process that died in an own move has made it or not.

        `contains` says whether its first commit is, or came before, its second.
        """
        if self.about is None:
            return self
        new = self.about.after
        return self.ended(moved=bool(head and new and (head == new or contains(new, head))))

    def foreign(self, head: Sha | None) -> tuple[Moved, ...]:
        """The moves of others, where the branch is found at `head`."""
        return (self.others if head == self.tip else (*self.others, Moved(self.tip, head)))[:MOST]
