"""The result of `why`: the one reason to look at first, what a person can do, and everything else that is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.app.results.outlook import Forecast
    from mission_cli.app.results.views import FlakyView
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.notice import Advice, Finding
    from mission_cli.domain.status import HoldKind
    from mission_cli.planner.core.decisions import Hold


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that does not move, and everything that holds it."""

    subject: str
    """`N.M` for a feature; empty for the mission."""
    holds: Sequence[Hold]
    """In the order in which they have to be resolved."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a person can do."""

    command: Advice
    does: str
    """What it does, in a few words; empty if the command says it."""


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """How an attempt at a feature ended."""

    attempt: int
    cause: str
    """Such as `wrong_output`."""
    detail: str
    output: Sequence[str]
    """The last lines that its worker printed, without secrets."""
    ran_on: str
    """The host on which it ran; empty: the machine that drives."""


@dataclass(frozen=True, slots=True)
class Signal:
    """The data of an event that a feature waited for."""

    feature: str
    """Its number, N.M."""
    event: str
    """Such as `webhook:deploy`."""
    data: str
    """A JSON text."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one thing does not advance."""

    subject: str
    """`N.M` for a feature, `N` for a milestone; empty for the mission."""
    title: str
    """Of the feature; empty for anything else."""
    kind: HoldKind | None
    """Null: nothing holds it, and the next pulse continues it."""
    detail: str
    until: datetime | None
    """When it ends by itself; null if unknown."""
    person: bool
    """Whether only a person can help."""
    waiting: int
    """Number of unfinished features that cannot start before it is over."""
    failed: EndedAttempt | None
    """The last attempt, if the reason is that it failed; else null."""
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Why:
    """What does not move, and why; an empty list means that everything is finished."""

    id: MissionId
    why: Sequence[Held]
    """Everything that is held, with all its holds."""
    reason: Reason | None
    """The reason to look at first; null if everything is finished."""
    also: Sequence[Reason]
    """The other reasons, without those that only wait for another one."""
    attempts: Sequence[EndedAttempt]
    """The attempts at the feature that was asked about, in order; empty for a mission or milestone."""
    finished: Sequence[str]
    """What is finished of what was asked about, in words."""
    pulse: Sequence[Finding]
    """That no pulse is scheduled on this machine, if something waits for one."""
    flaky: Sequence[FlakyView] = ()
    """Quarantined tests and criteria; they hold nothing."""
    forecast: Forecast | None = None
    """The forecast by which the mission will miss its deadline; null if it will not, or too little is known."""
    signals: Sequence[Signal] = ()
    """What `mission signal --data` stored for the unfinished features that were asked about."""
    routes: Sequence[str] = ()
    """Why features that were asked about get another tier than usual, or got it for their last attempt."""
    preview: str = ""
    """The URL of the preview; empty if none is ready."""
    deployments: tuple[str, ...] = ()
    """The newest deployment to each target, in words."""
