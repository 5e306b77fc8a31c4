"""The decisions of the planner, as values, each with its reason.

Transitions change the mission file and are committed before any effect is carried out. Effects change the world and
can be repeated without harm; the next round observes their results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.notice import NO_ADVICE, Advice
from mission_cli.planner.core.moves.drafts import DraftMove
from mission_cli.planner.core.moves.features import CloseRecovery, Dispatch, MoveFeature, Settle
from mission_cli.planner.core.moves.mails import MailMove
from mission_cli.planner.core.moves.milestones import AddFix, MarkCriteria, MarkHeldOut, MoveMilestone
from mission_cli.planner.core.moves.mission import (
    Archive,
    Begin,
    ChangeScope,
    Finish,
    MoveMission,
    Note,
    RecordValues,
    TakeAdvice,
)
from mission_cli.planner.core.moves.outside import LinkIssue, WriteDeploy, WritePreview, WritePull
from mission_cli.planner.core.moves.phases import PhaseTransition
from mission_cli.planner.core.moves.purchases import PurchaseMove
from mission_cli.planner.core.moves.waiting import (
    Ask,
    MoveGate,
    MoveRequest,
    MoveResource,
    MoveWait,
    Renumber,
    StartWait,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.status import HoldKind
    from mission_cli.planner.core.effects import Effect, RunCheck


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
