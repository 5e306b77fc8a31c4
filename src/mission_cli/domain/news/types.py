"""The ten types of events of an assistant's journal, and which kinds of events belong to each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli.domain.events import EventKind
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class EventType(StrEnum):
    """What an event is to a reader of the journal."""

    CREATED = "created"
    TASK_ADDED = "task_added"
    TASK_COMPLETED = "task_completed"
    STATUS_CHANGED = "status_changed"
    """Also everything that is none of the others."""
    USER_MESSAGE = "user_message"
    """A person said or decided something."""
    AGENT_MESSAGE = "agent_message"
    """An agent ended with its last words."""
    EXTERNAL_EVENT = "external_event"
    RESUMED = "resumed"
    BLOCKED = "blocked"
    """Something waits from now on."""
    COMPLETED = "completed"


TYPES: Mapping[EventType, frozenset[EventKind]] = {
    EventType.CREATED: frozenset({EventKind.MISSION_CREATED, EventKind.MISSION_IMPORTED}),
    EventType.TASK_ADDED: frozenset({EventKind.FEATURE_ADDED, EventKind.MILESTONE_ADDED, EventKind.PLAN_ADOPTED}),
    EventType.TASK_COMPLETED: frozenset({EventKind.FEATURE_DONE, EventKind.MILESTONE_PASSED, EventKind.PHASE_DONE}),
    EventType.USER_MESSAGE: frozenset(
        {
            EventKind.FEATURE_TOLD,
            EventKind.MISSION_NOTED,
            EventKind.REQUEST_ANSWERED,
            EventKind.GATE_APPROVED,
            EventKind.GATE_REJECTED,
            EventKind.LANDING_APPROVED,
        }
    ),
    EventType.AGENT_MESSAGE: frozenset(
        {
            EventKind.ATTEMPT_SETTLED,
            EventKind.REVIEW_SETTLED,
            EventKind.JUDGMENT_SETTLED,
            EventKind.MESSAGE_AGENT,
            EventKind.PROGRESS_REPORTED,
        }
    ),
    EventType.EXTERNAL_EVENT: frozenset(
        {
            EventKind.EVENT_EXTERNAL,
            EventKind.WAIT_RESOLVED,
            EventKind.WAIT_FAILED,
            EventKind.PULL_OPENED,
            EventKind.PULL_MERGED,
            EventKind.PULL_CLOSED,
            EventKind.PULL_TAKEN,
            EventKind.PULL_RETURNED,
            EventKind.ISSUE_OPENED,
            EventKind.ISSUE_REFUSED,
        }
    ),
    EventType.RESUMED: frozenset({EventKind.MISSION_RESUMED, EventKind.MISSION_RESTORED, EventKind.MISSION_TAKEN_OVER}),
    EventType.BLOCKED: frozenset(
        {
            EventKind.MISSION_PAUSED,
            EventKind.MISSION_ARCHIVED,
            EventKind.MISSION_STALE,
            EventKind.MILESTONE_BLOCKED,
            EventKind.REQUEST_ASKED,
            EventKind.GATE_WAITING,
            EventKind.APPROVAL_REQUIRED,
            EventKind.WAIT_STARTED,
        }
    ),
    EventType.COMPLETED: frozenset({EventKind.MISSION_COMPLETED}),
}
_OF = {kind: name for name, kinds in TYPES.items() for kind in kinds}


def types_of(events: Iterable[str], causes: Iterable[Cause | None] = ()) -> tuple[EventType, ...]:
    """Return the types of what one commit records, each once; `causes`: how the attempts that it settles ended.

    A person's own commit records no event: it changes the status of something.
    """
    kinds = (EventKind(event) for event in events if event in set(EventKind))
    found = [_OF.get(kind, EventType.STATUS_CHANGED) for kind in kinds]
    found += [EventType.TASK_COMPLETED for cause in causes if cause is Cause.DONE]
    return tuple(dict.fromkeys(found or [EventType.STATUS_CHANGED]))
