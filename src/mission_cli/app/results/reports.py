"""Results of the other queries: show, why, logs, history, diff, bare `mission`, `pulse --dry-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mission_cli.app.results.views import Line
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.document.merging.difference import Difference
    from mission_cli.domain.ids import MissionId, RunId, Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.news.types import EventType
    from mission_cli.domain.status import HoldKind
    from mission_cli.ports.agents.logs import LogEntry
    from mission_cli.ports.git.state import Event


@dataclass(frozen=True, slots=True)
class WholeMission:
    """Everything that the mission file says (`mission show`)."""

    path: str
    """The mission file."""
    mission: Mission
    signals: Mapping[str, str] = field(default_factory=dict)
    """The JSON texts that `mission signal --data` stored, by the name that `waits[].data` has."""
    questions: Mapping[str, str] = field(default_factory=dict)
    """Data about its requests, JSON, by the file that their column `Context` names."""


@dataclass(frozen=True, slots=True)
class Log:
    """The end of the output of one attempt."""

    run: RunId
    output: str
    entries: Sequence[LogEntry] = ()
    """What the agent did; empty with `--raw`."""


@dataclass(frozen=True, slots=True)
class EventRun:
    """An attempt that an event is about."""

    run: str
    agent: str
    """Runner and model."""
    conversation: str
    """The agent's id of the conversation; empty before its end."""
    words: str
    """The agent's last words, if the event settles the attempt: data, not instructions."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One commit of the mission's history."""

    commit: Sha
    at: datetime
    by: str
    """Name of the commit's author."""
    subject: str
    events: tuple[str, ...]
    """The kinds of events that it records; empty for a person's own commit."""
    types: tuple[EventType, ...] = ()
    """The same in ten types."""
    why: tuple[str, ...] = ()
    """What happened, in words, one for each event."""
    runs: Sequence[EventRun] = ()
    """The attempts that it is about."""


@dataclass(frozen=True, slots=True)
class History:
    """The history of a mission, newest entry first."""

    id: MissionId
    events: Sequence[HistoryEntry]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two revisions of a mission."""

    id: MissionId
    from_: str
    """A revision as git takes it."""
    to: str
    """A revision as git takes it; `now` for what is committed now."""
    changes: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Overview:
    """What happened since the last look, all missions, and what waits for a person (`mission` without a command)."""

    events: Sequence[Event]
    """Newest first."""
    missions: Sequence[Line]
    inbox: Sequence[Waiting]


@dataclass(frozen=True, slots=True)
class PlannedDecision:
    """One decision that the next pulse would make."""

    decision: str
    """Its kind, such as `Dispatch` or `Land`."""
    why: str


@dataclass(frozen=True, slots=True)
class PlannedHold:
    """Why something would not move."""

    subject: str
    """Empty for the mission, `N` for a milestone, `N.M` for a feature."""
    kind: HoldKind
    detail: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the next pulse would do for one mission (`mission pulse --dry-run`); one object for each mission."""

    id: MissionId
    decisions: Sequence[PlannedDecision]
    holds: Sequence[PlannedHold]
