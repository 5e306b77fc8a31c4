"""What the planner decides, as values. Each names its reason.

Those under *Moves* change the mission file and are committed before anything is done. Those under *Acts*
change the world, can be repeated without harm, and what came of them is seen in the next round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.status import MissionStatus

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.ids import FeatureNumber, RunId, Sha
    from mission_cli.domain.mission import Criterion, InputRequest, Result
    from mission_cli.domain.runs import RunRecord
    from mission_cli.domain.status import FeatureStatus, MilestoneStatus


# Moves


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Intend attempt `record` at a feature; the act is to submit it."""

    record: RunRecord
    worker: str
    why: str


@dataclass(frozen=True, slots=True)
class Settle:
    """End an attempt: its record, the feature's status, the bill, and the recovery log in one commit."""

    record: RunRecord
    to: FeatureStatus | None
    """None: the feature's status is a person's and stays."""
    why: str
    opens_recovery: bool = False
    findings: tuple[str, ...] = ()
    """Files of its tree that go to the mission's folder `research/`."""
    next_route: str = ""


@dataclass(frozen=True, slots=True)
class MoveFeature:
    """A feature goes to another status."""

    number: FeatureNumber
    to: FeatureStatus
    why: str


@dataclass(frozen=True, slots=True)
class MoveMilestone:
    """A milestone goes to another status."""

    number: int
    to: MilestoneStatus
    why: str
    rounds: int | None = None
    started_at: str | None = None
    passed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Box and results of one criterion."""

    criterion: Criterion
    ticked: bool
    result: Result | None
    baseline: Result | None


@dataclass(frozen=True, slots=True)
class MarkCriteria:
    """Write verdicts behind the criteria of a milestone (`1`) or feature (`1.2`)."""

    owner: str
    marks: tuple[Mark, ...]
    why: str


@dataclass(frozen=True, slots=True)
class AddFix:
    """A fix feature for a failed criterion."""

    milestone: int
    number: FeatureNumber
    title: str
    signature: str
    evidence: str
    criterion: Criterion
    why: str


@dataclass(frozen=True, slots=True)
class MoveMission:
    """The mission goes to another status."""

    to: MissionStatus
    why: str


@dataclass(frozen=True, slots=True)
class RecordValues:
    """Record the values that bound the mission as the last good ones."""

    changes: tuple[tuple[str, str, str], ...]
    """(name, value before, value now); the value before is empty the first time."""
    by: str
    """Who set them in the file."""

    @property
    def changed(self) -> tuple[tuple[str, str, str], ...]:
        """Those that had another value before, the status left out: it has events of its own."""
        return tuple(c for c in self.changes if c[1] and c[0] != "status")

    @property
    def why(self) -> str:
        """Old and new values."""
        said = [f"{name}: {old} → {new}" for name, old, new in self.changed]
        return f"{self.by} changed {', '.join(said)}" if said else "the values in force are recorded"


@dataclass(frozen=True, slots=True)
class Begin:
    """A new execution: active, and where it was run through before everything is to be done again."""

    why: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a person."""

    request: InputRequest
    why: str


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """A request expires."""

    number: int
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class Renumber:
    """A request gets a number of its own."""

    request: InputRequest
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class MoveGate:
    """A gate opens, closes, or starts to wait."""

    name: str
    was: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class MoveWait:
    """An external wait is over or has failed."""

    feature: FeatureNumber
    waiting_for: str
    was: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class StartWait:
    """An external wait gets the moment from which its timeout is reckoned."""

    feature: FeatureNumber
    waiting_for: str
    since: str
    why: str


@dataclass(frozen=True, slots=True)
class CloseRecovery:
    """The open safety stops of a feature are over: it was done or skipped."""

    feature: FeatureNumber
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """A row in the progress log, nothing more."""

    event: str
    details: str

    @property
    def why(self) -> str:
        """The details say it."""
        return self.details


@dataclass(frozen=True, slots=True)
class Finish:
    """The mission is completed: retrospective, reconciliation, status. Or one execution of a recurring one is."""

    why: str
    to: MissionStatus = MissionStatus.COMPLETED


# Acts


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand an intended attempt to the executor, again if need be."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class Recover:
    """A supervisor died: end what it left, save the work, write the exit file."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a running attempt and keep its work."""

    run: RunId
    why: str


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Judge one criterion on one commit."""

    key: str
    attempt: int
    criterion: Criterion
    commit: Sha
    why: str


@dataclass(frozen=True, slots=True)
class Integrate:
    """Move `work` from `expect` to the candidate of an attempt."""

    run: RunId
    candidate: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class MakeWork:
    """Create the branch of finished features at the base."""

    base: Sha
    why: str


@dataclass(frozen=True, slots=True)
class MoveWork:
    """Move `work` to the commit that has the base merged in."""

    to: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class PutBaseBack:
    """Move the base to where it was before a worker moved it."""

    to: Sha
    expect: Sha
    why: str


@dataclass(frozen=True, slots=True)
class Land:
    """Fast-forward the base to a commit that was judged."""

    commit: Sha
    expect: Sha
    why: str


Transition = (
    Dispatch
    | Settle
    | MoveFeature
    | MoveMilestone
    | MarkCriteria
    | AddFix
    | MoveMission
    | RecordValues
    | Begin
    | Ask
    | MoveRequest
    | Renumber
    | MoveGate
    | MoveWait
    | StartWait
    | CloseRecovery
    | Note
    | Finish
)
Effect = Submit | Recover | Cancel | RunCheck | Integrate | MakeWork | MoveWork | PutBaseBack | Land


@dataclass(frozen=True, slots=True)
class Hold:
    """Why something does not move: `kind` from the order of release, and what would move it."""

    subject: str
    """Empty for the mission, `1` for a milestone, `1.2` for a feature."""
    kind: str
    detail: str
    until: datetime | None = None
    unblock: str = ""
    """The command or event that helps."""
    person: bool = False
    """Only a person can help."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """All decisions of one round, and the reasons for what was left alone."""

    transitions: tuple[Transition, ...] = ()
    effects: tuple[Effect, ...] = ()
    holds: tuple[Hold, ...] = ()
    wake_at: datetime | None = None
    running: int = 0
    """Jobs that will report by themselves when they end."""
    facts: tuple[str, ...] = ()
    judgements: tuple[RunCheck, ...] = ()
    """Checks without a verdict, started in this round or not: what is known about them has to be looked up first."""

    @property
    def empty(self) -> bool:
        """Nothing to write and nothing to do."""
        return not self.transitions and not self.effects
