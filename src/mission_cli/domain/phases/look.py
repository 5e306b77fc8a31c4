"""What the gate of the current phase shows to people, as the loop has observed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.ids import Sha

_SHORTEST = 7
"""The least digits of a commit id that a person may write."""


@dataclass(frozen=True, slots=True)
class Document:
    """A finding of the mission: its git blob id, and its text."""

    blob: str
    text: str
    problem: str = ""
    """Why it cannot be read, with its line; empty if it can, or if nobody needs to know now."""


@dataclass(frozen=True, slots=True)
class PhaseLook:
    """What an approval at the gate of the current phase is about; while work lands, what is about to land."""

    subject: str = ""
    """A commit of finished work, or the blob id of a document; empty if there is nothing to look at."""
    same: frozenset[str] = frozenset()
    """Other commits with the same change against the base, among those that approvals name."""
    start: Sha | None = None
    """Where the finished work left the base; None without phases."""
    documents: Mapping[str, Document] = field(default_factory=dict)
    """The findings that gates and workers of phases read, by path in the mission's folder `research/`."""

    def shows(self, commit: str) -> bool:
        """Whether a decision about `commit` is about what there is now."""
        if not self.subject or len(commit) < _SHORTEST:
            return self.subject == commit
        return self.subject.startswith(commit) or any(other.startswith(commit) for other in self.same)
