"""One row of `## Phases`, and which of the rows is the current one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta


class PhaseStatus(StrEnum):
    """The status of a phase, as its Status cell stores it."""

    PENDING = "pending"
    ACTIVE = "active"
    WAITING = "waiting"
    """Its worker is done, and its gate waits for people."""
    DONE = "done"
    FAILED = "failed"
    """A person has to decide: it cannot go back, or it went back too often."""
    SKIPPED = "skipped"


PHASE = "phase "
"""What the name of a phase follows where something is about it."""
OVER = frozenset({PhaseStatus.DONE, PhaseStatus.SKIPPED})
"""With such a status the next phase is the current one."""


class WorkerKind(StrEnum):
    """What finishes a phase: the first word of its Worker cell."""

    MILESTONE = "milestone"
    """One milestone, whose number follows."""
    MILESTONES = "milestones"
    """Every milestone that no other phase names."""
    TESTS = "tests"
    REVIEWS = "reviews"
    PREVIEW = "preview"
    LANDING = "landing"
    RUN = "run"
    """A command that has to succeed on the finished work."""
    NONE = ""
    """Nothing: the row is a gate, or a mark."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of the table. `kind` and `status` are None for words that are not known."""

    name: str
    label: str = ""
    """The cell with the name, as it is written."""
    worker: str = ""
    """The cell as it is written."""
    kind: WorkerKind | None = WorkerKind.NONE
    milestone: int = 0
    """The number in `milestone N`."""
    command: str = ""
    """The command of `run`."""
    timeout: timedelta | None = None
    gate: str = ""
    on_reject: str = ""
    """The phase to go back to if its gate is rejected or its worker fails."""
    status: PhaseStatus | None = PhaseStatus.PENDING
    raw_status: str = ""
    entered: str = ""
    exited: str = ""
    result: str = ""
    line: int = 0

    @property
    def over(self) -> bool:
        """Whether it is done or skipped."""
        return self.status in OVER

    @property
    def active(self) -> bool:
        """Whether its worker works."""
        return self.status is PhaseStatus.ACTIVE

    @property
    def owner(self) -> str:
        """What checks, reviews and questions of its worker are about."""
        return f"{PHASE}{self.name}"

    @property
    def has_milestones(self) -> bool:
        """Whether features are worked on in it."""
        return self.kind in {WorkerKind.MILESTONE, WorkerKind.MILESTONES}


def current(phases: Sequence[Phase]) -> Phase | None:
    """Return the first phase that is neither done nor skipped; None if there is none."""
    return next((phase for phase in phases if not phase.over), None)


def named(phases: Sequence[Phase], name: str) -> Phase | None:
    """Return the phase with a name, ignoring case, or None."""
    return next((phase for phase in phases if phase.name.casefold() == name.strip().casefold()), None)


def with_gate(phases: Sequence[Phase], gate: str) -> Phase | None:
    """Return the phase that has a gate, ignoring case: the current one if it has it, or else the first; or None."""
    wanted = gate.strip().casefold()
    found = [phase for phase in phases if phase.gate and phase.gate.casefold() == wanted]
    return next((phase for phase in found if phase is current(phases)), found[0] if found else None)


def landing_phase(phases: Sequence[Phase]) -> Phase | None:
    """Return the first phase in which the finished work lands and that is not over."""
    return next((p for p in phases if p.kind is WorkerKind.LANDING and p.status not in OVER), None)


def progress(phases: Sequence[Phase]) -> int:
    """Return how many percent of the phases are over."""
    return 100 * sum(phase.over for phase in phases) // len(phases) if phases else 0
