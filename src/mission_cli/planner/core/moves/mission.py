"""Transitions of a mission as a whole, and rows of its progress log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.status import MissionStatus

if TYPE_CHECKING:
    from decimal import Decimal

    from mission_cli.domain.events import EventKind
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.ids import FeatureNumber, RunId
    from mission_cli.domain.skills.skill import Skill


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
class Finish:
    """Complete the mission, or one execution of a recurring one: retrospective, reconciliation, status."""

    why: str
    to: MissionStatus = MissionStatus.COMPLETED
    verdicts: tuple[tuple[RecordedVerdict, str], ...] = ()
    """The verdicts of the final validation, each with the end of the output."""
    learned: tuple[Skill, ...] = ()
    """The rows of `### Skill Learning`, which the engine adds when it records the end."""
