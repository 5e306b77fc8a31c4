"""What a pulse reports: missions, errors, and what is left for the next pulse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.observing.observe import Slots

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.case import Case
    from mission_cli.planner.core.effects import Effect
    from mission_cli.ports.git.state import Settled
    from mission_cli.ports.runtime import Look, Trouble


@dataclass(slots=True)
class Report:
    """What a pulse did: lines for people, the last case of each mission, and what went wrong."""

    lines: list[str] = field(default_factory=list)
    cases: dict[MissionId, Case] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    elsewhere: bool = False
    """Another pulse is running and got a wake-up request."""
    looks: dict[MissionId, dict[str, Look]] = field(default_factory=dict)
    """The state of the branches of each mission right before they were read."""
    failed: set[tuple[MissionId, Effect]] = field(default_factory=set)
    """Effects that failed; they are not tried again in this pulse."""
    asked: set[tuple[MissionId, Effect]] = field(default_factory=set)
    """Effects that were carried out. One that changed nothing is repeated by the next pulse, not by this one."""
    stopped: bool = False
    """STOP is set; what was decided before may not have been carried out."""
    remote_unreachable: bool = False
    """The remote could not be used in this pulse; it is not tried again, and nothing starts."""
    slots: Slots = field(default_factory=Slots)
    settled: dict[MissionId, Settled] = field(default_factory=dict)
    """Finished missions; those that were finished before and have not changed have no case."""
    news_at: datetime | None = None
    """When a notification is to be sent next."""
    handed_over: bool = False
    """Some missions were not served: the next pulse continues with them."""

    def status(self, mission: MissionId) -> MissionStatus | None:
        """Return the status of a mission at the end; None if it was not served."""
        case = self.cases.get(mission)
        if case is not None:
            return case.mission.status
        return self.settled[mission].status if mission in self.settled else None

    @property
    def unasked(self) -> bool:
        """Whether the executor could not tell the state of a job; no file reports when it can again."""
        return any(case.unasked for case in self.cases.values())

    @property
    def waits_for_person(self) -> bool:
        """Whether a served mission needs a person to continue."""
        return any(
            case.mission.status in {MissionStatus.ACTIVE, MissionStatus.PAUSED}
            and any(h.person for h in case.plan.holds)
            for case in self.cases.values()
        )
