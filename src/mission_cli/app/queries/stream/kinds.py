"""The events of missions: their kinds, and the keys of each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from decimal import Decimal

    from mission_cli.ports.agents.logs import LogEntry


class Kind(StrEnum):
    """What an event is about. All but LOG can be read again from the journal."""

    STATUS_CHANGED = "status_changed"
    PHASE_CHANGED = "phase_changed"
    MILESTONE_CHANGED = "milestone_changed"
    FEATURE_CHANGED = "feature_changed"
    ATTEMPT_CHANGED = "attempt_changed"
    SPEND_CHANGED = "spend_changed"
    REQUEST_CHANGED = "request_changed"
    APPROVAL_REQUIRED = "approval_required"
    APPROVAL_RESOLVED = "approval_resolved"
    DECISION = "decision"
    """A person has approved or rejected something."""
    ERROR = "error"
    JOURNAL = "journal"
    """A commit about a mission: what `mission history` shows. Every commit has one, after its other events."""
    LOG = "log"
    """What a running attempt prints. It is in no commit and cannot be read again here."""


REPLAYABLE = tuple(kind for kind in Kind if kind is not Kind.LOG)


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The status of a mission."""

    mission_id: str
    status: str
    """As in `mission status`; empty: the mission is not here any more."""
    previous_status: str
    """Empty: it is new."""
    current_phase: str
    """Empty without phases, and after the last one."""


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """Another phase is the current one."""

    mission_id: str
    current_phase: str
    """Empty without phases, and after the last one."""
    previous_phase: str
    """Empty: there was none."""
    progress: int
    """How many percent of the phases are over."""


@dataclass(frozen=True, slots=True)
class MilestoneChanged:
    """The status of a milestone."""

    mission_id: str
    milestone: int
    name: str
    status: str
    """Empty: it was removed."""
    previous_status: str
    """Empty: it is new."""


@dataclass(frozen=True, slots=True)
class FeatureChanged:
    """The status of a feature."""

    mission_id: str
    feature: str
    """`N.M`"""
    title: str
    status: str
    """Empty: it was removed."""
    previous_status: str
    """Empty: it is new."""


@dataclass(frozen=True, slots=True)
class AttemptChanged:
    """An attempt at a feature, a review, a judgment or a planning round begins or is settled."""

    mission_id: str
    run: str
    """`MISSION/N.M-aK`"""
    feature: str
    """`N.M`, `review`, `judge` or `plan`"""
    attempt: int
    status: str
    """intended or settled"""
    cause: str
    """Why it ended; empty before."""
    detail: str
    """The cause in words."""
    agent: str
    """The runner."""
    model: str
    usd: Decimal | None
    """What it cost; null if unknown, and before its end."""


@dataclass(frozen=True, slots=True)
class SpendChanged:
    """The sums of the spend log."""

    mission_id: str
    usd: Decimal
    hours: Decimal
    tokens: Decimal
    unknown: int
    """Rows whose cost is unknown."""


@dataclass(frozen=True, slots=True)
class RequestChanged:
    """A question to a person was asked, answered, withdrawn, or has expired."""

    mission_id: str
    request: int
    feature: str
    """Empty: it is about the whole mission."""
    question: str
    urgency: str
    status: str
    """open, expired, answered or withdrawn; empty: it was removed."""
    previous_status: str
    """Empty: it is new."""
    answer: str


@dataclass(frozen=True, slots=True)
class ApprovalRequired:
    """A gate waits for people."""

    mission_id: str
    gate: str
    phase: str
    """The phase that the gate belongs to; empty for a gate of features."""


@dataclass(frozen=True, slots=True)
class ApprovalResolved:
    """A gate does not wait for people any more."""

    mission_id: str
    gate: str
    phase: str
    decision: str
    """approved, rejected, or the new status of the gate or phase."""
    by: str
    """Who decided last; empty if no person did."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of the approvals: a decision of one person. A gate may need several."""

    mission_id: str
    gate: str
    decision: str
    by: str
    comment: str
    commit: str
    """What it is about; empty if the row does not say it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something failed, or cannot go on."""

    mission_id: str
    error: str
    phase: str
    """The current phase; empty without phases."""
    part: str
    """The feature `N.M`, the milestone `N`, or the name of a phase or gate; empty: the mission."""


@dataclass(frozen=True, slots=True)
class Journaled:
    """One commit about a mission."""

    mission_id: str
    subject: str
    events: tuple[str, ...]
    """The events that the commit names; empty for an edit of a person."""
    by: str
    """Its author."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What a running attempt has printed, as `mission logs` shows it."""

    mission_id: str
    run: str
    """`MISSION/N.M-aK`"""
    entries: tuple[LogEntry, ...]
    left_out: int
    """How many entries before these are only in `mission logs`."""
    ended: bool
    """Whether these are the last ones."""


Data = (
    StatusChanged
    | PhaseChanged
    | MilestoneChanged
    | FeatureChanged
    | AttemptChanged
    | SpendChanged
    | RequestChanged
    | ApprovalRequired
    | ApprovalResolved
    | Decision
    | Failure
    | Journaled
)

KINDS: dict[type, Kind] = {
    StatusChanged: Kind.STATUS_CHANGED,
    PhaseChanged: Kind.PHASE_CHANGED,
    MilestoneChanged: Kind.MILESTONE_CHANGED,
    FeatureChanged: Kind.FEATURE_CHANGED,
    AttemptChanged: Kind.ATTEMPT_CHANGED,
    SpendChanged: Kind.SPEND_CHANGED,
    RequestChanged: Kind.REQUEST_CHANGED,
    ApprovalRequired: Kind.APPROVAL_REQUIRED,
    ApprovalResolved: Kind.APPROVAL_RESOLVED,
    Decision: Kind.DECISION,
    Failure: Kind.ERROR,
    Journaled: Kind.JOURNAL,
}
