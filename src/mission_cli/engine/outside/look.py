"""Ask calendars and the forge for what open waits name, when that is due; remember the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.domain.errors import ForgeError, ForgeTrouble, MissionError
from mission_cli.domain.forge.facts import PullState
from mission_cli.domain.outside.facts import Numbered, Occasion
from mission_cli.domain.status import MissionStatus
from mission_cli.domain.timing.polling import Poll, answered, failed, is_due
from mission_cli.domain.timing.waiting import calendar_wait, pull_number
from mission_cli.ports.git.state import assets_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import Wait
    from mission_cli.domain.timing.waiting import CalendarWait
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot

_ASSETS = "assets/"
_NONE = "there is no pull request with that number"


@dataclass(frozen=True, slots=True)
class World:
    """What is known for the waits of a mission."""

    occasions: Mapping[str, Occasion] = field(default_factory=dict)
    numbered: Mapping[str, Numbered] = field(default_factory=dict)
    again: datetime | None = None
    """When something outside is asked next."""


def look_outside(
    ctx: Context, snapshot: Snapshot, mission: Mission, now: datetime, base: Sha | None, *, ask: bool
) -> World:
    """Return what is known of calendars and of pull requests by number; with `ask` they are asked if that is due."""
    open_ones = [wait for wait in mission.waits if wait.open]
    calendars = {w.waiting_for: (w, told) for w in open_ones if (told := calendar_wait(w.waiting_for)) is not None}
    numbers = {w.waiting_for: number for w in open_ones if (number := pull_number(w.waiting_for)) is not None}
    if not calendars and not numbers:
        return World()
    may_ask = ask and mission.status is MissionStatus.ACTIVE
    desk = _Desk(ctx, mission, now, may_ask=may_ask)
    occasions = {
        name: _occasion(ctx, snapshot, mission, desk, base, wait, told) for name, (wait, told) in calendars.items()
    }
    numbered = {name: _numbered(desk, name, number) for name, number in numbers.items()}
    desk.keep([*calendars, *numbers])
    return World(occasions, numbered, desk.again)


class _Desk:
    """Asks what is due, once, and remembers the answers."""

    def __init__(self, ctx: Context, mission: Mission, now: datetime, *, may_ask: bool) -> None:
        self.ctx, self.now = ctx, now
        self._mission, self._may_ask = mission, may_ask
        self._before = ctx.runtime.outside(mission.id)
        self._polls = dict(self._before.polls)
        self.again: datetime | None = None

    def asked(self, name: str, ask: Callable[[], str]) -> Poll:
        """Return what is known under a name, after asking if that is due."""
        poll = self._polls.get(name, Poll())
        if self._may_ask and is_due(poll, self.now):
            try:
                poll = answered(poll, ask(), self.now)
            except MissionError as error:
                poll = failed(
                    poll, one_line(f"{error.message}: {error.hint}" if error.hint else error.message), self.now
                )
            self._polls[name] = poll
        again = parse_stamp(poll.again)
        if again is not None:
            self.again = again if self.again is None else min(self.again, again)
        return poll

    def keep(self, names: Sequence[str]) -> None:
        """Remember what is still waited for."""
        polls = {name: poll for name, poll in self._polls.items() if name in names or ":" not in name}
        if self._may_ask and polls != self._before.polls:
            self.ctx.runtime.note_outside(
                self._mission.id, replace(self.ctx.runtime.outside(self._mission.id), polls=polls)
            )


def _occasion(
    ctx: Context,
    snapshot: Snapshot,
    mission: Mission,
    desk: _Desk,
    base: Sha | None,
    wait: Wait,
    told: CalendarWait,
) -> Occasion:
    """Return when a wait for a calendar is over. A file is read each time, an address is asked when that is due."""
    since = parse_stamp(wait.since) or desk.now

    def moment(text: str) -> str:
        found = ctx.calendars.moment(text, told, since, ctx.clock.zone)
        return stamp(found) if found is not None else ""

    if told.is_address:
        poll = desk.asked(wait.waiting_for, lambda: moment(ctx.calendars.fetch(told.source)))
        return Occasion(parse_stamp(poll.value), poll.trouble)
    text = _file(ctx, snapshot, mission, base, told.source)
    if text is None:
        return Occasion(trouble=f"there is no file {told.source}")
    try:
        return Occasion(parse_stamp(moment(text)))
    except MissionError as error:
        return Occasion(trouble=f"{error.message}: {error.hint}")


def _file(ctx: Context, snapshot: Snapshot, mission: Mission, base: Sha | None, path: str) -> str | None:
    """Return a file of the mission (`assets/…`), else of the base branch; None if there is none."""
    stored = snapshot.missions.get(mission.id)
    if path.startswith(_ASSETS) and stored is not None and snapshot.head is not None and assets_folder(stored):
        found = ctx.state.assets(stored, snapshot.head).get(path.removeprefix(_ASSETS))
        if found is not None:
            return found
    return ctx.code.read(base, [path]).get(path) if base is not None else None


def _numbered(desk: _Desk, name: str, number: int) -> Numbered:
    """Return what the forge says of a pull request."""

    def ask() -> str:
        try:
            found = desk.ctx.forge.connect().find(number)
        except ForgeError as error:
            if error.trouble is not ForgeTrouble.NOT_FOUND:
                raise
            return ""
        return str(found.state)

    poll = desk.asked(name, ask)
    known = PullState(poll.value) if poll.value in set(PullState) else None
    return Numbered(known, poll.trouble or ("" if known is not None or not poll.changed else _NONE))
