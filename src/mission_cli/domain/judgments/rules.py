"""What a mission allows its orchestrator to ask a model for, and what it may cost."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from mission_cli._support.dataclass import dataclass

ADVISER = "orchestrator"
"""The sender of what a worker reads as the advice of a model."""


class JudgmentKind(StrEnum):
    """What a judgment is asked for."""

    DIAGNOSE = "diagnose"
    """Why a milestone failed its validation."""
    REPLAN = "replan"
    """What the rest of the mission could be."""
    REDUCE = "reduce"
    """Whether a feature that failed is retried, simplified or skipped."""
    SERIALIZE = "serialize"
    """In which order two features that conflicted are built."""
    UNNECESSARY = "unnecessary"
    """Whether the rest of a milestone is needed."""
    DRAFT_AGENT = "draft_agent"
    DRAFT_SCRIPT = "draft_script"
    NARRATIVE = "narrative"

    @classmethod
    def of(cls, text: str) -> JudgmentKind | None:
        """Return the kind of this name, or None."""
        return next((kind for kind in cls if kind == text), None)


class Judging(StrEnum):
    """What becomes of a judgment about the plan."""

    OFF = "off"
    PROPOSE = "propose"
    ACT = "act"

    @classmethod
    def of(cls, text: str) -> Judging:
        """Return what a text says; OFF for one that is not known."""
        return next((one for one in cls if one == text), cls.OFF)


_DRAFTS = frozenset({JudgmentKind.DRAFT_AGENT, JudgmentKind.DRAFT_SCRIPT})


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """What the orchestrator of one mission may do. By default it asks no model."""

    judgments: Judging = Judging.OFF
    drafts: bool = False
    narrative: bool = False
    budget_pct: Decimal = Decimal(5)
    """The most that all judgments together may reserve, in percent of each cap."""

    @property
    def asks(self) -> bool:
        """Whether it asks a model for anything."""
        return self.judgments is not Judging.OFF or self.drafts or self.narrative

    def key_of(self, kind: JudgmentKind) -> str:
        """Return the key of the front matter that allows a kind of judgment."""
        key = "drafts" if kind in _DRAFTS else "narrative" if kind is JudgmentKind.NARRATIVE else "judgments"
        return f"orchestrator.{key}"

    def allows(self, kind: JudgmentKind) -> bool:
        """Whether a kind of judgment may be asked for."""
        if kind in _DRAFTS:
            return self.drafts
        return self.narrative if kind is JudgmentKind.NARRATIVE else self.judgments is not Judging.OFF
