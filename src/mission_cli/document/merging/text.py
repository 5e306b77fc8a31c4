"""The textual merge of one merge, and the notes and conflicts that it collects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
S = TypeVar("S", bound=Any)


@dataclass(frozen=True, slots=True)
class TextMerged:
    """The merge of a text that two sides changed, with conflict markers if they changed the same place."""

    text: str
    conflicts: int = 0


@dataclass(slots=True)
class Words:
    """Merges prose, and collects conflicts and notes."""

    by_lines: Callable[[str, str, str], TextMerged]
    """Merges base, ours and theirs by lines, as git does."""
    recompute: bool = False
    """Whether the budget summary has to be computed again, because both sides changed what it depends on."""
    conflicts: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        """Add a note for the person who merges."""
        if words not in self.notes:
            self.notes.append(words)

    def merge(self, base: str, ours: str, theirs: str) -> str:
        """Return the merge of three texts, line by line if both sides changed it."""
        agreed = agree(base, ours, theirs)
        if agreed is not None:
            return agreed
        merged = self.by_lines(base, ours, theirs)
        self.conflicts += merged.conflicts
        return merged.text


def agree(base: T, ours: T, theirs: T) -> T | None:
    """Return the merged value; None if both sides changed it differently."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else None


def agree_or_greatest(base: S, ours: S, theirs: S) -> S:
    """Return the merged value; the greater one if both sides changed it differently."""
    agreed = agree(base, ours, theirs)
    return max(ours, theirs) if agreed is None else agreed
