"""The result of `mission context`: what a new conversation needs to know about a mission, within a limit of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from mission_cli.app.results.mission_report import ReportedDecision, ReportedTopic
    from mission_cli.app.results.views import Money
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.news.types import EventType
    from mission_cli.domain.notice import Advice
    from mission_cli.domain.tables import Message


@dataclass(frozen=True, slots=True)
class BriefMilestone:
    """One milestone in one line."""

    number: int
    name: str
    status: str
    done: int
    """Planned features that are done."""
    planned: int
    """Features that count: neither skipped nor added as a fix."""


@dataclass(frozen=True, slots=True)
class BriefFeature:
    """One feature in one line."""

    number: str
    title: str
    status: str
    """The status, or what it waits for, as `shown_as` of `mission status`."""


@dataclass(frozen=True, slots=True)
class BriefCriterion:
    """One criterion of a feature that is under way."""

    text: str
    verdict: str
    """passed, failed …; empty before it was judged."""


@dataclass(frozen=True, slots=True)
class CurrentFeature:
    """A feature that is under way, or the next one if none is."""

    number: str
    title: str
    status: str
    description: str
    criteria: Sequence[BriefCriterion]
    attempts: int
    running_for: str
    """How long its worker has been running; empty if none runs."""
    last: str
    """How its last attempt ended, in words; empty before the first end."""


@dataclass(frozen=True, slots=True)
class BriefWait:
    """Something that the mission waits for."""

    subject: str
    """`N.M` for a feature, `N` for a milestone; empty for the mission."""
    what: str
    who: str
    """Who ends it: `a person`, `the clock`, or `the program`."""
    until: datetime | None
    """When it ends by itself; null if unknown."""
    command: Advice
    """The command or event that helps; empty if none is needed."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A request to a person that is open."""

    number: int
    about: str
    """A feature (`1.2`), a milestone (`1`) or `final`."""
    prompt: str
    options: Sequence[str]
    """Labels, or labels with descriptions (`sqlite: one file`). Empty: any text is an answer."""
    urgency: str
    asked: str
    expires: str
    command: Advice
    """The command that answers it."""


@dataclass(frozen=True, slots=True)
class BriefPull:
    """A pull request that is not merged."""

    subject: str
    """A feature (`1.2`), a milestone (`1`), `mission`, or `todo`."""
    number: int
    """0: it is not open yet."""
    url: str
    state: str
    reason: str
    """Why it is not merged; empty if the next pulse continues."""
    command: Advice
    """The command or event that helps."""


@dataclass(frozen=True, slots=True)
class BriefEvent:
    """One commit of the mission's history."""

    at: datetime
    by: str
    what: str
    types: Sequence[EventType] = ()
    """What it is, in ten types such as `user_message`."""


@dataclass(frozen=True, slots=True)
class BriefWords:
    """The last words of an agent."""

    at: str
    run: str
    agent: str
    """Runner and model."""
    words: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What did not fit, and the command that shows it."""

    what: str
    command: Advice


@dataclass(frozen=True, slots=True)
class Briefing:
    """A compact account of a mission for a new conversation. Lists that are cut keep the most important rows."""

    id: MissionId
    title: str
    status: str
    shown_as: str
    """The status, or for an active mission what it does, as in `mission status`."""
    goal: str
    success_criteria: Sequence[str]
    done: int
    """Planned features that are done."""
    planned: int
    """Features that count: neither skipped nor added as a fix."""
    milestones: Sequence[BriefMilestone]
    features: Sequence[BriefFeature]
    current: Sequence[CurrentFeature]
    waits: Sequence[BriefWait]
    questions: Sequence[OpenQuestion]
    """The urgent ones first."""
    pulls: Sequence[BriefPull]
    budget: Mapping[str, Money]
    """By category: usd, hours, tokens."""
    started: str
    deadline: str
    elapsed: timedelta | None
    """From its start to its end, or until now; null before its start."""
    left: timedelta | None
    """How long the rest will take at the pace so far; null if unknown."""
    events: Sequence[BriefEvent]
    """Newest first."""
    decisions: Sequence[ReportedDecision]
    """From the Decision Log, newest first."""
    messages: Sequence[Message]
    """From people to workers, newest first."""
    words: Sequence[BriefWords]
    """The last words of agents, newest first."""
    max_tokens: int
    """The limit; a token is estimated as 4 characters."""
    left_out: Sequence[LeftOut] = ()
    """What did not fit."""
    research: Sequence[ReportedTopic] = ()
    """What is known about topics."""
