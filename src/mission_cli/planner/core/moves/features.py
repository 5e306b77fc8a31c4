"""Transitions of features and their attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.asking.told import Outcome
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.research.topics import FoundOut
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.status import FeatureStatus, RecoveryStatus


# Transitions


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Record the intent of an attempt at a feature; it is submitted after that is committed."""

    record: RunRecord
    worker: str
    why: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Settle an attempt: its record, the feature's status, its cost and the Recovery Log, in one commit."""

    record: RunRecord
    to: FeatureStatus | None
    """None: the feature's status stays as a person has set it."""
    why: str
    opens_recovery: bool = False
    findings: tuple[str, ...] = ()
    """Files of its tree that are stored in the mission's folder `research/`."""
    next_route: str = ""
    outcomes: tuple[Outcome, ...] = ()
    """What its worker named as results; rows of `## Outcomes`."""
    found_out: FoundOut | None = None
    """What it found out about its topic; the row of `## Research`."""


@dataclass(frozen=True, slots=True)
class MoveFeature:
    """Change the status of a feature."""

    number: FeatureNumber
    to: FeatureStatus
    why: str


@dataclass(frozen=True, slots=True)
class CloseRecovery:
    """Close the open safety stops of a feature that was done or skipped."""

    feature: FeatureNumber
    to: RecoveryStatus
    why: str
