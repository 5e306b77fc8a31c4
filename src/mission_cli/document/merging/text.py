"""What one merge goes by: git's own textual merge for words, and what a person should hear about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
S = TypeVar("S", bound=Any)


@dataclass(frozen=True, slots=True)
class TextMerged:
    """A text that two sides changed, with conflict markers where they touched each other."""

    text: str
    conflicts: int = 0


@dataclass(slots=True)
class Words:
    """Merges what people wrote, and collects how it went."""

    by_lines: Callable[[str, str, str], TextMerged]
    """Merges base, ours and theirs by lines, as git does."""
    recompute: bool = False
    """Both sides changed what the budget summary is computed from."""
    conflicts: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        """Keep a sentence for the person who merges."""
        if words not in self.notes:
            self.notes.append(words)

    def merge(self, base: str, ours: str, theirs: str) -> str:
        """Return three texts in one, by lines where both sides changed it."""
        agreed = agree(base, ours, theirs)
        if agreed is not None:
            return agreed
        merged = self.by_lines(base, ours, theirs)
        self.conflicts += merged.conflicts
        return merged.text


def agree(base: T, ours: T, theirs: T) -> T | None:
    """Return the one value that three say; None where both sides changed it in different ways."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else None


def agree_or_greatest(base: S, ours: S, theirs: S) -> S:
    """Return the one value that three say, else the greater one of the two."""
    agreed = agree(base, ours, theirs)
    return max(ours, theirs) if agreed is None else agreed
