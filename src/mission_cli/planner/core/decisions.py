"""The decisions of the planner, as values, each with its reason.

Transitions change the mission file and are committed before any effect is carried out. Effects change the world and
can be repeated without harm; the next round observes their results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.notice import NO_ADVICE, Advice
from mission_cli.domain.status import MissionStatus
from mission_cli.planner.core.draft_moves import DraftMove
from mission_cli.planner.core.mail_moves import MailMove
from mission_cli.planner.core.moves.purchases import PurchaseMove
from mission_cli.planner.core.phase_moves import PhaseTransition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from mission_cli.domain.asking.told import Outcome
    from mission_cli.domain.deploys.rows import DeployRow
    from mission_cli.domain.events import EventKind
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.ids import FeatureNumber, RunId
    from mission_cli.domain.mission import Criterion, Result
    from mission_cli.domain.preview.rows import PreviewRow
    from mission_cli.domain.research.topics import FoundOut
    from mission_cli.domain.resources.rows import ResourceStatus
    from mission_cli.domain.runs import RunRecord
    from mission_cli.domain.skills.skill import Skill
    from mission_cli.domain.status import (
        FeatureStatus,
        HoldKind,
        MilestoneStatus,
        RecoveryStatus,
        RequestStatus,
        WaitStatus,
    )
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.effects import Effect, RunCheck


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


@dataclass(frozen=True, slots=True)
class MoveMission:
    """Change the status of the mission."""

    to: MissionStatus
    why: str
    gate: str = ""
    """The checkpoint that pauses it."""


@dataclass(frozen=True, slots=True)
class RecordValues:
    """Record the values that limit the mission as the last valid ones."""

    changes: tuple[tuple[str, str, str], ...]
    """(name, value before, value now); the value before is empty the first time."""
    by: str
    """Who set them in the file."""

    @property
    def changed(self) -> tuple[tuple[str, str, str], ...]:
        """The values that changed, without the status, which has its own events."""
        return tuple(c for c in self.changes if c[1] and c[0] != "status")

    @property
    def why(self) -> str:
        """Old and new values."""
        said = [f"{name}: {old} → {new}" for name, old, new in self.changed]
        return f"{self.by} changed {', '.join(said)}" if said else "the values in force are recorded"


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin an execution: the mission becomes active, and what an earlier execution finished is reset."""

    why: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person a question."""

    request: InputRequest
    why: str
    context: str = ""
    """Data about it, JSON, which is stored in the file that the request names."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Change the status of a request: expired or withdrawn."""

    number: int
    to: RequestStatus
    why: str


@dataclass(frozen=True, slots=True)
class Renumber:
    """Give a request its own number."""

    request: InputRequest
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class MoveGate:
    """Open or close a gate, or let it wait for a person."""

    name: str
    was: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class MoveWait:
    """Resolve or fail an external wait."""

    feature: FeatureNumber
    waiting_for: str
    was: str
    to: WaitStatus
    why: str
    data: str = ""
    """The files of the mission with what the event brought."""


@dataclass(frozen=True, slots=True)
class StartWait:
    """Record the time from which the timeout of an external wait counts."""

    feature: FeatureNumber
    waiting_for: str
    since: str
    why: str


@dataclass(frozen=True, slots=True)
class MoveResource:
    """Change the status of a resource."""

    name: str
    """As its row has it."""
    was: str
    to: ResourceStatus
    why: str


@dataclass(frozen=True, slots=True)
class CloseRecovery:
    """Close the open safety stops of a feature that was done or skipped."""

    feature: FeatureNumber
    to: RecoveryStatus
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """Add a row to the progress log, nothing else."""

    event: EventKind
    details: str
    about: tuple[str, ...] = ()
    """What later decisions recognize it by, see `domain.noted`."""
    notify: tuple[str, ...] = ()
    """Rules that are to be told, by name."""

    @property
    def why(self) -> str:
        """The details of the row."""
        return self.details


@dataclass(frozen=True, slots=True)
class ChangeScope:
    """Carry out what a person answered to a proposal about the scope. No cap changes."""

    request: int
    answer: str
    defer: tuple[FeatureNumber, ...]
    """Features that are skipped, and become a follow-up plan."""
    skip: tuple[int, ...]
    """Milestones of which nothing is done or left."""
    threshold: Decimal | None
    """The threshold from now on; None: as it is."""
    to: MissionStatus | None
    """None: the status stays."""
    why: str


@dataclass(frozen=True, slots=True)
class TakeAdvice:
    """Carry out what a judgment recommends. It has no place for a cap, a gate, a criterion or a verdict."""

    run: RunId
    """The judgment."""
    why: str
    again: FeatureNumber | None = None
    """A failed feature that is tried again."""
    note: str = ""
    """What its next worker reads, as the words of a model."""
    after: tuple[FeatureNumber, FeatureNumber] | None = None
    """The second feature waits for the first one."""
    skip: tuple[FeatureNumber, ...] = ()
    """Features that are skipped; only a person decides that."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Archive the mission: it is not shown, and nothing starts; nothing is deleted."""

    why: str
    pauses: bool
    """Whether its status becomes paused, too."""


@dataclass(frozen=True, slots=True)
class WritePull:
    """Write the row of a pull request: a new one, or what is known of it now."""

    row: PullRow
    event: EventKind
    why: str


@dataclass(frozen=True, slots=True)
class WritePreview:
    """Write the row of a preview: a new one, or what is known of it now."""

    row: PreviewRow
    event: EventKind
    why: str


@dataclass(frozen=True, slots=True)
class WriteDeploy:
    """Write the row of a deployment: a new one, or what is known of it now."""

    row: DeployRow
    event: EventKind
    why: str


@dataclass(frozen=True, slots=True)
class LinkIssue:
    """Name the issue of a feature in its Task ID cell, which is empty."""

    number: FeatureNumber
    task: str
    why: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Complete the mission, or one execution of a recurring one: retrospective, reconciliation, status."""

    why: str
    to: MissionStatus = MissionStatus.COMPLETED
    verdicts: tuple[tuple[RecordedVerdict, str], ...] = ()
    """The verdicts of the final validation, each with the end of the output."""
    learned: tuple[Skill, ...] = ()
    """The rows of `### Skill Learning`, which the engine adds when it records the end."""


Transition = (
    Dispatch
    | Settle
    | MoveFeature
    | MoveMilestone
    | MarkCriteria
    | AddFix
    | MarkHeldOut
    | MoveMission
    | RecordValues
    | Begin
    | Ask
    | MoveRequest
    | Renumber
    | MoveGate
    | MoveWait
    | StartWait
    | MoveResource
    | CloseRecovery
    | Note
    | ChangeScope
    | TakeAdvice
    | Archive
    | WritePull
    | WritePreview
    | WriteDeploy
    | LinkIssue
    | Finish
    | PhaseTransition
    | DraftMove
    | MailMove
    | PurchaseMove
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why something is held: `kind` is a step of the order of release, `unblock` is what helps."""

    subject: str
    """Empty for the mission, `1` for a milestone, `1.2` for a feature."""
    kind: HoldKind
    detail: str
    until: datetime | None = None
    unblock: Advice = NO_ADVICE
    """The command or event that helps."""
    person: bool = False
    """Only a person can help."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """All decisions of one round, and the holds with their reasons."""

    transitions: tuple[Transition, ...] = ()
    effects: tuple[Effect, ...] = ()
    holds: tuple[Hold, ...] = ()
    wake_at: datetime | None = None
    running: int = 0
    """Number of jobs that run and start a pulse when they end."""
    facts: tuple[str, ...] = ()
    judgments: tuple[RunCheck, ...] = ()
    """Checks without a verdict, started in this round or not; their results have to be looked up first."""
    hooks: Mapping[str, int] = field(default_factory=dict)
    """Hooks that matter now, by key, with the number of tries that each may have."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to record and nothing to do."""
        return not self.transitions and not self.effects
