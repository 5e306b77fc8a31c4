"""Transitions and effects about drafts. The row and the file of a draft change in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.agents.drafts import Fate


@dataclass(frozen=True, slots=True)
class AddDraft:
    """Add a draft: its row, and its file."""

    name: str
    purpose: str
    path: str
    text: str
    keys: tuple[str, ...]
    """What led to it, so that it is made once."""
    why: str


@dataclass(frozen=True, slots=True)
class RefuseDraft:
    """Record that no draft is made for a reason, so that nothing asks again."""

    keys: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class MoveDraft:
    """Change the column `Promote?` of a draft; a discarded one loses its file."""

    name: str
    path: str
    to: Fate
    why: str
    where: str = ""
    """Where it is now: what follows the word in the cell."""

    @property
    def cell(self) -> str:
        """The text of the cell."""
        return f"{self.to}: {self.where}" if self.where else str(self.to)


@dataclass(frozen=True, slots=True)
class PromoteDraft:
    """Write a draft to where a person wants it, unless something else is there."""

    path: str
    to: Fate
    why: str


DraftMove = AddDraft | RefuseDraft | MoveDraft
