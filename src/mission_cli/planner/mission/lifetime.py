"""Missions without a person: look at them regularly, tell people when one had no activity, archive it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import parse_duration, parse_stamp, show_duration, stamp
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.domain.timing.lifetimes import lifetime_of
from mission_cli.planner.core.moves.mission import Archive, Note

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.draft import Draft

_MORTAL = frozenset({MissionStatus.DRAFT, MissionStatus.PLANNING, MissionStatus.ACTIVE, MissionStatus.PAUSED})
_LEAST_CADENCE = timedelta(minutes=1)


def lives(mission: Mission) -> timedelta | None:
    """Return how long a mission lives without engagement; None if it is never archived by the clock."""
    mortal = mission.status in _MORTAL and not mission.recurs and not mission.archived
    return lifetime_of(mission.kind, mission.lifetime) if mortal else None


def cadence(draft: Draft) -> None:
    """Look at an active mission at least as often as it asks for, also if nothing is reported to have changed."""
    every = parse_duration(draft.mission.check_every) if draft.mission.check_every else None
    if every is not None and draft.mission.status is MissionStatus.ACTIVE:
        draft.wakes.append(draft.observation.now + max(every, _LEAST_CADENCE))


def lifetime(draft: Draft) -> None:
    """Say once that a mission had no activity for its lifetime; archive it after a grace period.

    Whatever a person does with it begins a new lifetime. Nothing is archived while an attempt is open.
    """
    length, engaged = lives(draft.mission), draft.observation.engaged
    if length is None or engaged is None:
        return
    told = parse_stamp(draft.mission.noted.get(f"{EventKind.MISSION_STALE} {stamp(engaged)}", ""))
    if told is None:
        _tell(draft, engaged, length)
        return
    over = told + draft.policy.stale_grace
    words = f"there was no activity for {show_duration(draft.observation.now - engaged)}"
    unblock = still_wanted(draft.mission)
    if not draft.has_come("", "the grace period is over", over - draft.observation.now):
        until = f"{words}: it will be archived at {draft.observation.local(over)}"
        draft.hold("", HoldKind.STALE, until, unblock=unblock, person=True)
    elif draft.open_records():
        draft.halt("it is archived when its attempts have ended")
        draft.hold("", HoldKind.STALE, f"{words}: it is archived when its attempts end", unblock=unblock, person=True)
    else:
        draft.halt("it is archived")
        draft.transitions.append(Archive(words, pauses=draft.mission.status is MissionStatus.ACTIVE))


def archived(draft: Draft) -> bool:
    """Hold a mission that is archived, and say so; True if nothing else is to be decided about it."""
    mission = draft.mission
    if not mission.archived:
        return False
    draft.halt("it is archived")
    back = do("archive", mission.id, "--restore")
    by_hand = mission.status is MissionStatus.ACTIVE  # the program pauses what it archives
    words = f"it is archived since {mission.archived}" + (", and its status is active" if by_hand else "")
    draft.hold("", HoldKind.STALE, words, unblock=back, person=by_hand)
    return not draft.open_records()


def still_wanted(mission: Mission) -> Advice:
    """Return what a person can do to keep a mission: anything counts."""
    return advise(do("note", mission.id, "still wanted"), ", or ", do("archive", mission.id))


def _tell(draft: Draft, engaged: datetime, length: timedelta) -> None:
    now = draft.observation.now
    if draft.has_come("", "its lifetime is over", engaged + length - now):
        over = draft.observation.local(now + draft.policy.stale_grace)
        words = f"there was no activity for {show_duration(now - engaged)}: it is archived after {over}"
        draft.transitions.append(Note(EventKind.MISSION_STALE, words, about=(stamp(engaged),)))
