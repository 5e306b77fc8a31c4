"""Transitions of milestones, of the results of criteria, and of fix features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.criteria.criterion import Criterion, Result
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.status import MilestoneStatus


@dataclass(frozen=True, slots=True)
class MoveMilestone:
    """Change the status of a milestone."""

    number: int
    to: MilestoneStatus
    why: str
    rounds: int | None = None
    started_at: str | None = None
    passed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """The check box and the results of one criterion."""

    criterion: Criterion
    ticked: bool
    result: Result | None
    baseline: Result | None
    check: str = ""
    """Key and try of the check that has just judged it; empty if none has, or nothing that it left is stored."""


@dataclass(frozen=True, slots=True)
class MarkCriteria:
    """Write verdicts next to the criteria of a milestone (`1`) or feature (`1.2`)."""

    owner: str
    marks: tuple[Mark, ...]
    why: str
    stage: str = ""
    """What the verdicts are for, in the evidence file of a milestone; empty: they are in a run record."""
    verdicts: tuple[tuple[RecordedVerdict, str], ...] = ()
    """The verdicts of that file, each with the end of the output."""


@dataclass(frozen=True, slots=True)
class AddFix:
    """Add a fix feature for a failed criterion."""

    milestone: int
    number: FeatureNumber
    title: str
    signature: str
    evidence: str
    criterion: Criterion | None
    """None: it is held out, or a pull request is to be fixed; any change with which the tests pass is accepted."""
    why: str
    data: str = ""
    """What strangers said about it, which is quoted."""


@dataclass(frozen=True, slots=True)
class MarkHeldOut:
    """Write the verdicts of a held-out criterion into its row."""

    number: int
    results: str
    why: str
