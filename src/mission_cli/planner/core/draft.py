"""The decisions of a round while they are made: mission, observation, policy, and what is decided so far."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.ids import FeatureNumber, feature_order
from mission_cli.domain.notice import NO_ADVICE, Advice
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.planner.core.decisions import Decisions, Hold, Transition
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.mission import MoveMission, TakeAdvice
from mission_cli.planner.core.transitions import move_mission

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.effects import Effect, RunCheck
    from mission_cli.planner.core.observation import Observation
    from mission_cli.planner.core.policy import Policy

LOOK_AGAIN = timedelta(seconds=10)
"""How long to wait for slots, memory or disk space that other missions or programs may free."""


@dataclass(slots=True)
class Draft:
    """Filled by the functions of `decide` in order; later ones see what earlier ones decided."""

    mission: Mission
    observation: Observation
    policy: Policy
    transitions: list[Transition] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    halted: str = ""
    """Why nothing may be dispatched in this round; the first reason stays."""
    running: int = 0
    checking: int = 0
    """Checks that run, or wait for a slot of this machine."""
    judgments: dict[str, RunCheck] = field(default_factory=dict)
    """Checks without a verdict, by key, started in this round or not."""
    hooks: dict[str, int] = field(default_factory=dict)
    """See `Decisions.hooks`."""
    alone: bool = False
    """A check has to run alone: no other is started before it has ended."""
    wakes: list[datetime] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)
    """What the end of the mission waits for although its work has landed."""

    def hold(
        self,
        subject: str,
        kind: HoldKind,
        detail: str,
        *,
        until: datetime | None = None,
        unblock: Advice = NO_ADVICE,
        person: bool = False,
    ) -> None:
        """Record why something is held; a future `until` becomes a wake-up time."""
        self.holds.append(Hold(subject, kind, detail, until, unblock, person))
        if until is not None and until > self.observation.now:
            self.wakes.append(until)

    def not_yet(self, left: timedelta) -> datetime | None:
        """Return when to check an irreversible action again that is due in `left`; None if two pulses agree it is due.

        `left` is negative when the time has passed.
        """
        if left > timedelta(0):
            return self.observation.now + left
        apart = self.observation.apart
        return (
            None
            if apart is not None and left + apart <= timedelta(0)
            else self.observation.now + self.policy.agree_after
        )

    def has_come(self, subject: str, what: str, left: timedelta) -> bool:
        """Whether an irreversible action that is due in `left` may happen now; if not, schedule the next check."""
        again = self.not_yet(left)
        if again is None:
            return True
        if left > timedelta(0):
            self.wakes.append(again)
        else:
            self.hold(subject, HoldKind.CLOCK, f"{what}: a second pulse has to confirm the time", until=again)
        return False

    def halt(self, reason: str) -> None:
        """Dispatch nothing in this round."""
        self.halted = self.halted or reason

    def pause(self, reason: str, *, gate: str = "") -> None:
        """Pause the mission, once, and dispatch nothing in this round."""
        self.halt(reason)
        if self.mission.status is MissionStatus.ACTIVE and not any(
            isinstance(m, MoveMission) for m in self.transitions
        ):
            self.transitions.append(MoveMission(move_mission(self.mission.status, MissionStatus.PAUSED), reason, gate))

    def records_of(self, number: FeatureNumber) -> list[RunRecord]:
        """Return the attempts at a feature in order of their numbers."""
        return sorted((r for r in self.observation.records if r.feature == number), key=lambda r: r.attempt)

    def open_records(self) -> list[RunRecord]:
        """Return the attempts that are not settled, in order."""
        return sorted(
            (r for r in self.observation.records if r.open), key=lambda r: (feature_order(r.feature), r.attempt)
        )

    @property
    def settling(self) -> frozenset[str]:
        """Runs that are settled in this round."""
        return frozenset(m.record.run for m in self.transitions if isinstance(m, Settle))

    @property
    def takes_advice(self) -> bool:
        """Whether the plan changes in this round because a judgment recommends it."""
        return any(isinstance(m, TakeAdvice) for m in self.transitions)

    def plan(self) -> Decisions:
        """Return the finished decisions."""
        return Decisions(
            tuple(self.transitions),
            tuple(self.effects),
            tuple(self.holds),
            min(self.wakes, default=None),
            self.running,
            judgments=tuple(self.judgments.values()),
            hooks=self.hooks,
        )
