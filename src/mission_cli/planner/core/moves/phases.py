"""Transitions of phases, and of features that a phase sends back to their workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.phases.table import PhaseStatus


@dataclass(frozen=True, slots=True)
class MovePhase:
    """Change the status of a phase."""

    name: str
    was: str
    """The cell that it replaces."""
    to: PhaseStatus
    why: str
    gate: str = ""
    """The gate that waits for people now."""
    entered: str | None = None
    exited: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnToPhase:
    """Go back to an earlier phase: it and the phases after it are pending again."""

    source: str
    target: str
    reset: tuple[str, ...]
    """The phases that become pending, in the order of the table."""
    was: tuple[str, ...]
    """Their cells that it replaces."""
    why: str
    counts: bool = False
    """Whether it is one of the revisions of `source`, after which a person decides."""


@dataclass(frozen=True, slots=True)
class RetryFeature:
    """Try a feature again from its finished work, with a message for its worker."""

    number: FeatureNumber
    why: str
    message: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class AdoptPlan:
    """Add the milestones and features of approved requirements to the mission file."""

    blob: str
    """The git id of the document; it is adopted once."""
    text: str
    why: str


PhaseTransition = MovePhase | ReturnToPhase | RetryFeature | AdoptPlan
