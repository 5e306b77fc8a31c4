"""Synchronization with other clones: push decisions before they are carried out, merge theirs field by field.

One clone drives a mission (`host`). If two clones set it at once, the one that the remote accepts first keeps it.
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
from mission_cli.domain.branches.refs import work_branch
from mission_cli.domain.errors import BlockedError, ConflictError, MissionError, ToolError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import clone_id, same_host
from mission_cli.domain.notice import advise, do
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
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored

_MOST_PUSHES = 10
_MOST_LOOKS = 3
"""After this many fetches with the same heartbeat a host counts as silent."""
_ENDS = timedelta(seconds=1)


class SyncResult(StrEnum):
    """The result of a synchronization."""

    SAME = "same"
    """The remote has exactly what this clone has."""
    MOVED = "moved"
    """The same, but files of this clone have changed: decide again."""
    UNREACHABLE = "unreachable"
    """The remote could not be reached, or a person has to decide first: nothing may start."""


def sync_if_due(ctx: Context) -> SyncResult:
    """At the beginning of a pulse: synchronize if that is due, or if the remote lacks commits of this clone."""
    if not ctx.share.remote:
        return SyncResult.SAME
    asked, now = ctx.runtime.asked(), ctx.clock.now()
    if asked.problem or _due(ctx, asked.at, now):
        return sync(ctx, ask=True)
    return sync_if_behind(ctx)


def sync_if_behind(ctx: Context) -> SyncResult:
    """Synchronize only if the remote lacks commits of this clone."""
    if not ctx.share.remote or ctx.share.accepted() == ctx.state.head():
        return SyncResult.SAME
    return sync(ctx)


def sync(ctx: Context, *, ask: bool = False) -> SyncResult:
    """Merge what the remote has, and push. If that fails, the reason is stored in the runtime data."""
    if not ctx.share.remote:
        return SyncResult.SAME
    try:
        heard = _exchange(ctx, ask=ask)
    except MissionError as error:
        asked = ctx.runtime.asked()
        person = isinstance(error, BlockedError)
        ctx.runtime.note_asked(replace(asked, at=stamp(ctx.clock.now()), problem=_words(error), person=person))
        return SyncResult.UNREACHABLE
    asked = ctx.runtime.asked()
    if asked.problem:
        ctx.runtime.note_asked(replace(asked, problem="", person=False))
    return heard


def send_heartbeat(ctx: Context, missions: Iterable[Mission]) -> None:
    """Renew the heartbeat while this clone drives an unfinished mission."""
    if not ctx.share.remote or not any(drives(ctx, m) and m.status not in FINISHED_MISSION for m in missions):
        return
    asked, now = ctx.runtime.asked(), ctx.clock.now()
    if asked.problem or not _due(ctx, asked.beaten, now):
        return
    try:
        ctx.share.beat()
    except MissionError as error:
        ctx.runtime.note_asked(replace(asked, problem=_words(error), person=False))
    else:
        ctx.runtime.note_asked(replace(asked, beaten=stamp(now)))


def next_look(ctx: Context, missions: Iterable[Mission]) -> datetime | None:
    """Return when to fetch again; None if nothing is shared or every mission is finished."""
    going = [m for m in missions if m.managed and m.status not in FINISHED_MISSION]
    if not ctx.share.remote or not going:
        return None
    asked = ctx.runtime.asked()
    signs = [asked.beaten] if any(drives(ctx, m) for m in going) else []
    times = [t for t in map(parse_stamp, [asked.at, *signs]) if t is not None]
    return min(times, default=ctx.clock.now()) + ctx.settings.remote_every


def remote_problem(ctx: Context) -> str:
    """Return why nothing may start because of the remote, or the empty string."""
    return ctx.runtime.asked().problem if ctx.share.remote else ""


def waits_for_person(ctx: Context) -> bool:
    """Whether a person has to decide before the remote can be used again."""
    return bool(remote_problem(ctx)) and ctx.runtime.asked().person


def is_silent(ctx: Context, host: str) -> bool:
    """Whether a host's heartbeat was the same in several fetches; its clock is not compared with ours."""
    if not ctx.share.remote:
        return False
    _, times = ctx.runtime.asked().signs.get(clone_id(host), ("", 0))
    return times >= _MOST_LOOKS


def drives(ctx: Context, mission: Mission) -> bool:
    """Whether this clone drives a mission."""
    return mission.managed and same_host(mission.host, ctx.machine.me())


def require_sync(ctx: Context) -> None:
    """Synchronize now. Raises ToolError if that fails."""
    before = remote_problem(ctx)
    if sync(ctx, ask=True) is SyncResult.UNREACHABLE:
        raise ToolError(f"nothing was started: {remote_problem(ctx)}", hint=advise(do("doctor"), " checks the remote"))
    if before:
        ctx.runtime.request_pulse()  # pulses held work back because of it


def adopt(ctx: Context, mission: Mission) -> None:
    """Fetch the branches of a mission from the remote, in order to drive it here."""
    if ctx.share.remote:
        ctx.share.adopt(mission.id, driven=drives(ctx, mission))


def _words(error: MissionError) -> str:
    """Return what is wrong, without the login that a remote's address may contain."""
    words = f"{error.message} ({error.hint})" if error.hint else error.message
    return one_line(re.sub(r"(?<=://)[^/@\s]+@", "", words), 400)


def _due(ctx: Context, last: str, now: datetime) -> bool:
    """Whether an interval is over, also if the clock was set back to a time before it."""
    at = parse_stamp(last)
    return at is None or not at - _ENDS <= now < at + ctx.settings.remote_every


def _exchange(ctx: Context, *, ask: bool) -> SyncResult:
    moved = False
    for number in range(_MOST_PUSHES):
        if ask or number:
            moved |= _fetch(ctx, counted=ask and not number)
        head = ctx.state.head()
        if head is None:
            return SyncResult.SAME
        refused = _send_branches(ctx)
        if not refused and ctx.share.accepted() == head:
            return SyncResult.MOVED if moved else SyncResult.SAME
        if not refused and ctx.share.push(head):
            return SyncResult.MOVED if moved else SyncResult.SAME
        if refused and number:
            ctx.share.push(head)
            branch, remote = work_branch(refused[0]), ctx.share.remote
            hint = f"merge them: git fetch {remote} {branch}, git switch {branch}, git merge FETCH_HEAD"
            raise BlockedError(f"{branch} here and at `{remote}` have diverged", hint=hint)
    words = f"`{ctx.share.remote}` changes faster than this clone can push"
    raise ConflictError(words, hint="the next pulse tries again")


def _fetch(ctx: Context, *, counted: bool) -> bool:
    """Merge what the remote has; True if local files changed. `counted`: count unchanged heartbeats."""
    theirs = ctx.share.fetch()
    if counted:
        _count_signs(ctx)
    before = ctx.state.head()
    if theirs is None or theirs == before:
        return False
    words = f"Merge the missions of {one_line(ctx.share.remote, 60)}\n\nMission-Event: {EventKind.STATE_JOINED}\n"
    parted = ctx.state.common(theirs)
    taken = _taken(ctx, parted, theirs)
    after = ctx.state.join(theirs, message=words, taken=[stored for stored, _ in taken])
    if after == before:
        return False
    if after != theirs:
        for stored, host in taken:
            if not same_host(_host_at(ctx, stored, parted), ctx.machine.me()):
                _say_yielded(ctx, stored.id, host)
    return True


def _count_signs(ctx: Context) -> None:
    asked = ctx.runtime.asked()
    signs = {}
    for host, sign in ctx.share.signs().items():
        last, times = asked.signs.get(host, ("", 0))
        signs[host] = (sign, times + 1 if sign == last else 1)
    ctx.runtime.note_asked(replace(asked, at=stamp(ctx.clock.now()), signs=signs))


def _send_branches(ctx: Context) -> list[MissionId]:
    """Push the changed branches of missions that this clone drives; return the missions that the remote refuses."""
    unsent = ctx.share.unsent()
    if not unsent:
        return []
    snapshot = ctx.state.snapshot()
    ours = [m for m in unsent if m in snapshot.missions and drives(ctx, _mission(snapshot.missions[m]))]
    if not ours or ctx.share.push_branches(ours):
        return []
    return [mission for mission in ours if not ctx.share.push_branches([mission])]


def _taken(ctx: Context, parted: Sha | None, theirs: Sha) -> list[tuple[Stored, str]]:
    """Return local missions for which the remote has accepted another driver, each with that driver.

    They are compared with the last common commit, not with what was last fetched: a clone that dies or waits for a
    person between fetching and merging finds the same the next time.
    """
    found = []
    for stored in ctx.state.snapshot().missions.values():
        mission = _mission(stored)
        there = _host_at(ctx, stored, theirs) if drives(ctx, mission) else ""
        if there and not same_host(there, mission.host) and there != _host_at(ctx, stored, parted):
            found.append((stored, there))
    return found


def _say_yielded(ctx: Context, mission: MissionId, host: str) -> None:
    stored = ctx.state.snapshot().missions.get(mission)
    if stored is not None:
        entry = Entry(EventKind.MISSION_YIELDED, f"{host} became its driver first")
        write = mission_write(stored, list(log_rows(load_placed(stored.text, stored.id), [entry], ctx.clock.now())))
        ctx.state.commit([write], message=message(mission, [entry]), expect=ctx.state.head())


def _host_at(ctx: Context, stored: Stored, commit: Sha | None) -> str:
    text = ctx.state.text_at(stored, commit) if commit else ""
    return load_placed(text, stored.id).mission.host if text else ""


def _mission(stored: Stored) -> Mission:
    return load_placed(stored.text, stored.id).mission
