"""Schedule and deadline: begin an execution, decide whether another one follows, pause at the deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp, show_duration, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted, last_of
from mission_cli.domain.notice import do
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.domain.timing.schedule import next_due
from mission_cli.planner.core.moves.mission import Begin, Finish, Note
from mission_cli.planner.core.transitions import move_mission

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.draft import Draft

RECURRING = EventKind.MISSION_RECURRING
"""Event of the progress log from which on a recurring mission waits for its schedule."""
_ENDS_A_WAIT = frozenset(
    {EventKind.MISSION_STARTED, EventKind.MISSION_ACTIVE, EventKind.MISSION_CANCELLED, EventKind.MISSION_COMPLETED}
)
_TAKEN_UP = frozenset({EventKind.MISSION_STARTED, EventKind.MISSION_ACTIVE, EventKind.MISSION_RESUMED})


def due_at(mission: Mission, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when the next execution is due; None if the schedule has no next time.

    A recurring mission counts from the row `RECURRING`, not from `now`, so that one execution makes up for all that
    were missed while the machine was off.
    """
    since = (waits_since(mission) if mission.status is MissionStatus.RECURRING else None) or now
    return next_due(mission.schedule, since, zone)


def waits_since(mission: Mission) -> datetime | None:
    """Return since when a recurring mission waits; None if that is not recorded yet."""
    last = last_of(mission, {RECURRING, *_ENDS_A_WAIT})
    return last[1] if last is not None and last[0] is RECURRING else None


def schedule(draft: Draft) -> None:
    """Begin an execution when it is due; complete a recurring mission if the next one is due after its end."""
    mission, due = draft.mission, draft.observation.starts_at
    recurring = mission.status is MissionStatus.RECURRING
    if due is None or mission.status is None or recurring is not mission.recurs:
        words, unblock = f"its schedule `{mission.schedule}` is not a valid time", do("start", mission.id)
        if due is not None:
            is_for = MissionStatus.RECURRING if mission.recurs else MissionStatus.SCHEDULED
            words = f"it is {mission.raw_status}, but its schedule `{mission.schedule}` needs the status {is_for}"
            unblock = do("edit", mission.id)
        draft.hold("", HoldKind.MISSION, words, unblock=unblock, person=True)
    elif recurring and _is_last(draft, due):
        move_mission(mission.status, MissionStatus.COMPLETED)
        draft.transitions.append(Finish(_none_follows(mission)))
    elif recurring and waits_since(mission) is None:
        draft.transitions.append(Note(RECURRING, f"it waits for `{mission.schedule}`"))
    elif due > draft.observation.now:
        draft.hold("", HoldKind.MISSION, f"it starts at {draft.observation.local(due)}", until=due)
    elif draft.has_come("", f"{draft.observation.local(due)} has come", due - draft.observation.now):
        move_mission(mission.status, MissionStatus.ACTIVE)
        draft.transitions.append(Begin(f"{draft.observation.local(due)} has come"))


def ended(draft: Draft, why: str) -> Finish:
    """Return the end of a successful execution: another one follows, or the mission is completed."""
    mission, due = draft.mission, draft.observation.starts_at
    if not mission.recurs or due is None or _is_last(draft, due):
        move_mission(MissionStatus.ACTIVE, MissionStatus.COMPLETED)
        return Finish(f"{why}; {_none_follows(mission)}" if mission.recurs and due else why)
    move_mission(MissionStatus.ACTIVE, MissionStatus.RECURRING)
    return Finish(f"{why}; the next execution is due at {draft.observation.local(due)}", MissionStatus.RECURRING)


def deadline(draft: Draft) -> None:
    """Warn before the deadline; pause at it, once: a person who starts or resumes the mission after it has decided."""
    mission, over = draft.mission, draft.observation.deadline
    if over is None or mission.status is not MissionStatus.ACTIVE:
        return
    taken_up = last_of(mission, _TAKEN_UP)
    if taken_up is not None and taken_up[1] >= over:
        return
    come = draft.has_come("", f"the deadline {mission.deadline} has come", over - draft.observation.now)
    _warn(draft, over, come=come)
    if come:
        choices = f"continue ({do('resume', mission.id)}), or stop ({do('cancel', mission.id)})"
        draft.pause(f"its deadline {mission.deadline} has passed: {choices}")


def until(draft: Draft) -> None:
    """Pause at the time that a person has set, once; attempts that run end as usual."""
    mission, over = draft.mission, draft.observation.pause_at
    if over is None or mission.status is not MissionStatus.ACTIVE:
        return
    taken_up = last_of(mission, _TAKEN_UP)
    if taken_up is not None and taken_up[1] >= over:
        return
    when = draft.observation.local(over)
    if draft.has_come("", f"{when} has come", over - draft.observation.now):
        draft.pause(f"it was to run until {when}: continue ({do('resume', mission.id)})")


def _warn(draft: Draft, over: datetime, *, come: bool) -> None:
    """Warn when a part of the time between start and deadline has passed; of several at once, name the last."""
    mission, now = draft.mission, draft.observation.now
    began = parse_stamp(mission.started) if mission.started else None
    if began is None or began >= over:
        return
    passed: list[int] = []
    for pct in draft.policy.deadline_pct:
        if is_noted(mission, EventKind.DEADLINE_WARNING, _about(over, pct)):
            continue
        due = began + (over - began) * pct / 100
        what = f"{pct}% of the time until the deadline has passed"
        if not (come if due >= over else draft.has_come("", what, due - now)):
            break
        passed.append(pct)
    if passed:
        left = f"{show_duration(over - now)} left of {show_duration(over - began)}" if over > now else "no time is left"
        words = f"{passed[-1]}% of the time until its deadline {mission.deadline} has passed: {left}"
        draft.transitions.append(Note(EventKind.DEADLINE_WARNING, words, tuple(_about(over, pct) for pct in passed)))


def _about(over: datetime, pct: int) -> str:
    return f"{stamp(over)} {pct}"


def _is_last(draft: Draft, due: datetime) -> bool:
    return draft.observation.last_due is not None and due > draft.observation.last_due


def _none_follows(mission: Mission) -> str:
    return f"its schedule `{mission.schedule}` has no time before its end, {mission.end_date}"
