"""Other clones: what was decided is pushed and accepted before anything is done, and theirs is joined by meaning.

One clone drives a mission (`host`). Where two set it at once, the one that the remote accepted first has it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import (
    one_line,
    parse_stamp,
    stamp,
)
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import BlockedError, ConflictError, MissionError, ToolError
from mission_cli.domain.host import clone_id, same_host
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.record import (
    log_rows,
    message,
    mission_write,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mission_cli.domain.ids import MissionId, Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import World
    from mission_cli.ports.git.state import Stored

_MOST_PUSHES = 10
_MOST_LOOKS = 3
"""Looks at which a host's sign was the same, after which it is taken for dead."""
_ENDS = timedelta(seconds=1)


class Heard(StrEnum):
    """What came of asking the remote."""

    SAME = "same"
    """It has exactly what we have."""
    MOVED = "moved"
    """It has now, and our files have changed: decide again."""
    NOTHING = "nothing"
    """It could not be asked, or a person has to decide first: nothing may be started."""


def catch_up(world: World) -> Heard:
    """At the beginning of a tick: ask the remote when that is due, or when it does not have what we have."""
    if not world.share.remote:
        return Heard.SAME
    asked, now = world.runtime.asked(), world.clock.now()
    if asked.problem or _due(world, asked.at, now):
        return agree(world, ask=True)
    return confirm(world)


def confirm(world: World) -> Heard:
    """Ask the remote only when it does not have what we have."""
    if not world.share.remote or world.share.accepted() == world.state.head():
        return Heard.SAME
    return agree(world)


def agree(world: World, *, ask: bool = False) -> Heard:
    """Push what we have; what the remote has is joined by meaning first. Says in the runtime why it could not be."""
    if not world.share.remote:
        return Heard.SAME
    try:
        heard = _exchange(world, ask=ask)
    except MissionError as error:
        asked = world.runtime.asked()
        person = isinstance(error, BlockedError)
        world.runtime.note_asked(replace(asked, at=stamp(world.clock.now()), problem=_words(error), person=person))
        return Heard.NOTHING
    asked = world.runtime.asked()
    if asked.problem:
        world.runtime.note_asked(replace(asked, problem="", person=False))
    return heard


def leave_sign(world: World, missions: Iterable[Mission]) -> None:
    """Show others that this clone lives, as long as it drives a mission that is not over."""
    if not world.share.remote or not any(drives(world, m) and m.status not in FINISHED_MISSION for m in missions):
        return
    asked, now = world.runtime.asked(), world.clock.now()
    if asked.problem or not _due(world, asked.beaten, now):
        return
    try:
        world.share.beat()
    except MissionError as error:
        world.runtime.note_asked(replace(asked, problem=_words(error), person=False))
    else:
        world.runtime.note_asked(replace(asked, beaten=stamp(now)))


def next_look(world: World, missions: Iterable[Mission]) -> datetime | None:
    """When the remote is to be asked again; None when nothing is shared or every mission is over."""
    going = [m for m in missions if m.managed and m.status not in FINISHED_MISSION]
    if not world.share.remote or not going:
        return None
    asked = world.runtime.asked()
    signs = [asked.beaten] if any(drives(world, m) for m in going) else []
    times = [t for t in map(parse_stamp, [asked.at, *signs]) if t is not None]
    return min(times, default=world.clock.now()) + world.settings.remote_every


def problem(world: World) -> str:
    """Why nothing may be started because of the remote, or the empty string."""
    return world.runtime.asked().problem if world.share.remote else ""


def waits_for_person(world: World) -> bool:
    """Whether a person has to decide before the remote is heard again."""
    return bool(problem(world)) and world.runtime.asked().person


def is_silent(world: World, host: str) -> bool:
    """Whether a host has left no new sign over several looks of ours; its clock and ours are not compared."""
    if not world.share.remote:
        return False
    _, times = world.runtime.asked().signs.get(clone_id(host), ("", 0))
    return times >= _MOST_LOOKS


def drives(world: World, mission: Mission) -> bool:
    """Whether this clone is the one that drives a mission."""
    return mission.managed and same_host(mission.host, world.machine.me())


def insist(world: World) -> None:
    """Agree with the remote now. Raises ToolError where that cannot be."""
    before = problem(world)
    if agree(world, ask=True) is Heard.NOTHING:
        raise ToolError(f"nothing was started: {problem(world)}", hint="mission doctor tries the remote")
    if before:
        world.runtime.kick()  # what pulses held back because of it


def adopt(world: World, mission: Mission) -> None:
    """Bring over what the remote has of a mission's branches, for driving it here."""
    if world.share.remote:
        world.share.adopt(mission.id, driven=drives(world, mission))


def _words(error: MissionError) -> str:
    """What is wrong, without the login that a remote's address may hold."""
    words = f"{error.message} ({error.hint})" if error.hint else error.message
    return one_line(re.sub(r"(?<=://)[^/@\s]+@", "", words), 400)


def _due(world: World, last: str, now: datetime) -> bool:
    """Whether an interval is over; also when the clock was put back behind it."""
    at = parse_stamp(last)
    return at is None or not at - _ENDS <= now < at + world.settings.remote_every


def _exchange(world: World, *, ask: bool) -> Heard:
    moved = False
    for number in range(_MOST_PUSHES):
        if ask or number:
            moved |= _fetch(world, counted=ask and not number)
        head = world.state.head()
        if head is None:
            return Heard.SAME
        refused = _send_branches(world)
        if not refused and world.share.accepted() == head:
            return Heard.MOVED if moved else Heard.SAME
        if not refused and world.share.push(head):
            return Heard.MOVED if moved else Heard.SAME
        if refused and number:
            world.share.push(head)
            branch, remote = f"mission/{refused[0]}/work", world.share.remote
            hint = f"bring both together: git fetch {remote} {branch}, git switch {branch}, git merge FETCH_HEAD"
            raise BlockedError(f"{branch} here and at `{remote}` went different ways", hint=hint)
    raise ConflictError(f"`{world.share.remote}` moves faster than we can push", hint="the next pulse tries again")


def _fetch(world: World, *, counted: bool) -> bool:
    """Join what the remote has; True when our files changed. `counted`: a look at the signs of the hosts."""
    theirs = world.share.fetch()
    if counted:
        _count_signs(world)
    before = world.state.head()
    if theirs is None or theirs == before:
        return False
    words = f"Join the missions of {one_line(world.share.remote, 60)}\n\nMission-Event: state.joined\n"
    parted = world.state.common(theirs)
    taken = _taken(world, parted, theirs)
    after = world.state.join(theirs, message=words, taken=[stored for stored, _ in taken])
    if after == before:
        return False
    if after != theirs:
        for stored, host in taken:
            if not same_host(_host_at(world, stored, parted), world.machine.me()):
                _say_yielded(world, stored.id, host)
    return True


def _count_signs(world: World) -> None:
    asked = world.runtime.asked()
    signs = {}
    for host, sign in world.share.signs().items():
        last, times = asked.signs.get(host, ("", 0))
        signs[host] = (sign, times + 1 if sign == last else 1)
    world.runtime.note_asked(replace(asked, at=stamp(world.clock.now()), signs=signs))


def _send_branches(world: World) -> list[MissionId]:
    """Push what moved on branches of the missions that we drive; return those that the remote has otherwise."""
    unsent = world.share.unsent()
    if not unsent:
        return []
    snapshot = world.state.snapshot()
    ours = [m for m in unsent if m in snapshot.missions and drives(world, _mission(snapshot.missions[m]))]
    if not ours or world.share.push_branches(ours):
        return []
    return [mission for mission in ours if not world.share.push_branches([mission])]


def _taken(world: World, parted: Sha | None, theirs: Sha) -> list[tuple[Stored, str]]:
    """Missions that we take for ours, and of which the remote has accepted another driver, with that one.

    What counts is how it was where both sides parted, and not what was heard last: whoever dies, or has to wait for a
    person, between hearing and joining finds the same the next time.
    """
    found = []
    for stored in world.state.snapshot().missions.values():
        mission = _mission(stored)
        there = _host_at(world, stored, theirs) if drives(world, mission) else ""
        if there and not same_host(there, mission.host) and there != _host_at(world, stored, parted):
            found.append((stored, there))
    return found


def _say_yielded(world: World, mission: MissionId, host: str) -> None:
    stored = world.state.snapshot().missions.get(mission)
    if stored is not None:
        entry = Entry("mission.yielded", f"{host} was first to drive it")
        write = mission_write(stored, list(log_rows(load_placed(stored.text, stored.id), [entry], world.clock.now())))
        world.state.commit([write], message=message(mission, [entry]), expect=world.state.head())


def _host_at(world: World, stored: Stored, commit: Sha | None) -> str:
    text = world.state.text_at(stored, commit) if commit else ""
    return load_placed(text, stored.id).mission.host if text else ""


def _mission(stored: Stored) -> Mission:
    return load_placed(stored.text, stored.id).mission
