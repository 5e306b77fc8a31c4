"""A request for a plan, the setup of the model that answers it, and the rounds of its answers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.shown import quantity_of
from mission_cli._support.text import counted, show_duration, span_of
from mission_cli.domain.budget.ledger import spent
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.ids import PLANNING, MissionId, run_id
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from mission_cli.document.plans.answer import ReadAnswer
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.budget.ledger import Totals
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.interview.scope import Said
    from mission_cli.domain.mission import Limits
    from mission_cli.domain.runs.record import RunRecord


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a person wants planned, and the caps of the future mission; None or 0 means no such cap."""

    goal: str
    base: str
    mode: str = "full"
    kind: str = ""
    deadline: str = ""
    tier: str = ""
    """Tier of the model that writes the plan; empty: the default of `model_routing.orchestrator`."""
    runner: str = ""
    """Empty: the default runner of this machine."""
    max_usd: Decimal | None = None
    max_hours: Decimal | None = None
    max_tokens: int = 0
    said: Sequence[Said] = ()
    """What the person has said in an interview."""
    asks: int = 0
    """How many questions the model may ask with its plan."""


@dataclass(frozen=True, slots=True)
class PlanningSetup:
    """Everything that is decided before the model is asked."""

    wish: PlanRequest
    runner: str
    model: str
    commit: Sha
    prompt: str
    limits: Limits
    name: str
    """A unique name, used for the jobs, the tree and the stored answers of this planning."""


class ProbeOutcome(StrEnum):
    """What a probe found."""

    HOLDS = "holds"
    FAILS = "fails"
    UNCLEAR = "unclear"
    """It did not run to its end, or did not say it."""

    @property
    def words(self) -> str:
        """What is said of the assumption."""
        told = {ProbeOutcome.HOLDS: "holds", ProbeOutcome.FAILS: "does not hold"}
        return told.get(self, "is still unclear")


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found out about an assumption; without one, nothing was checked."""

    assumption: str = ""
    outcome: ProbeOutcome = ProbeOutcome.UNCLEAR
    words: str = ""
    """What the agent or the command said."""


@dataclass(frozen=True, slots=True)
class PlanningRound:
    """One answer of the model: its run record, its text, the plan read from it, and the file that stores it."""

    record: RunRecord
    answer: str = ""
    read: ReadAnswer | None = None
    """None if the job failed."""
    kept: str = ""
    answered: bool = False
    """The job ended with exit status 0, so that the model can be asked to correct its answer."""
    subagents: bool = False

    @property
    def plan(self) -> Plan | None:
        """The plan, or None if the answer has errors."""
        return self.read.plan if self.read is not None else None


@dataclass(slots=True)
class Planned:
    """The result of the planning. Without a plan, `refused` may tell why there was no further round."""

    desk: PlanningSetup
    rounds: list[PlanningRound] = field(default_factory=list)
    refused: str = ""
    spare: ReadAnswer | None = None
    """A usable plan that the model was asked to correct: it counts if the corrected answer is not a plan."""

    @property
    def read(self) -> ReadAnswer | None:
        """The answer that counts; None without one."""
        last = self.rounds[-1].read if self.rounds else None
        return self.spare if self.spare is not None and (last is None or last.plan is None) else last

    @property
    def plan(self) -> Plan | None:
        """The plan of the answer that counts, or None."""
        return self.read.plan if self.read is not None else None

    @property
    def stopped(self) -> bool:
        """Whether a person interrupted it."""
        return bool(self.rounds) and self.rounds[-1].record.cause is Cause.STOPPED

    @property
    def sums(self) -> Totals:
        """The cost of all rounds."""
        return spent(row for r in self.rounds for row in spends_of(r.record))

    @property
    def cost(self) -> str:
        """The cost of all rounds, in words."""
        sums = self.sums
        unknown = f" and {counted(sums.unknown, 'unknown cost')}" if sums.unknown else ""
        money, used = (quantity_of(c, sums.of(c)) for c in ("usd", "tokens"))
        return f"{money}{unknown} and {used}, in {show_duration(span_of(float(sums.hours) * 3600))}"

    def records(self, mission: MissionId) -> list[RunRecord]:
        """Return the run records, under the id of the mission that was made from the plan."""
        return [replace(r.record, run=run_id(mission, PLANNING, n)) for n, r in enumerate(self.rounds, 1)]
