"""`mission run`: run pulses until a mission is finished or needs a person."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.surfaces.cli.shell import Identity, Shell, Until, command
from mission_cli.surfaces.plain import clean, complaints

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.pulses.follow import Ending, Follower
    from mission_cli.domain.ids import MissionId
    from mission_cli.ports.git.state import Event
    from mission_cli.wiring.opened import Opened

_NO_NEWS = frozenset({EventKind.CRITERIA_JUDGED})


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "run", help="Run pulses until the mission is finished or needs a person.")(run)


def run(
    shell: Shell,
    mission: Identity = "",
    detached: Annotated[
        bool,
        typer.Option("--detach", help="Return at once; a process in the background runs the pulses of all missions."),
    ] = False,
    until: Until = "",
) -> int:
    """Run pulses until the mission is finished or needs a person; with a live view on a terminal."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands.set_value import set_value
    from mission_cli.app.commands.start_checks import moment_ahead
    from mission_cli.app.pulses.follow import Follower, refuse_nothing_to_do
    from mission_cli.engine.guards.state_guard import (  # a worker may have deleted the branch of the mission files
        secured,
    )

    opened = shell.open()
    shell.stopped = opened.context.runtime.stopped
    found = resolve(secured(opened.context, {}, []), mission).need_whole()
    identity = found.id
    if until:
        when = moment_ahead(opened.context, until)
        shell.note(set_value(opened.context, identity, "pause_at", when).words)
    if detached:
        refuse_nothing_to_do(found)
        opened.context.runtime.request_pulse()
        detach(shell, identity)
        return 0
    follower = Follower(opened.context, identity)
    with opened.context.runtime.following():
        ending = _live(shell, opened, follower, identity) if shell.interactive else _lines(shell, opened, follower)
    if not shell.interactive:
        _last_word(shell, opened, identity)
    if ending == "finished" and not shell.as_json:
        shell.note(f"next: {do('report', identity)}")
    return _exit_code(ending) if ending is not None else 0


def detach(shell: Shell, mission: MissionId) -> None:
    """Let a process in the background run the pulses of all missions of this user."""
    from mission_cli.app.results.machine import DetachedRun
    from mission_cli.wiring.assemble import schedule

    found = schedule().detached_pulses.start()
    words = (
        f"pulses run in the background (process {found.pid}) until there is nothing more to do or this machine stops"
    )
    more = f"follow: mission status {mission} --watch; end: mission cron remove"
    shell.say(f"{words}\n{more}", DetachedRun(mission, found.pid, found.since))


def _lines(shell: Shell, opened: Opened, follower: Follower) -> Ending:
    """Print what is new after each pulse."""
    if not shell.as_json:
        shell.head()
    while True:
        last = follower.round()
        for line in [] if shell.as_json or shell.quiet else _news(last.news):
            shell.out.print(line)
        for line in complaints(last.report, debug=shell.debug) if last.new_errors else ():
            shell.err.print(line)
        if last.ending is not None:
            return last.ending
        follower.wait(last, lambda: _idle(opened))


def _live(shell: Shell, opened: Opened, follower: Follower, identity: MissionId) -> Ending | None:
    """Show the mission on the whole terminal; None if the person left before it ended."""
    from mission_cli.app.commands import features
    from mission_cli.surfaces.views.live import Screen

    def pause() -> None:
        features.pause(opened.context, identity)

    with Screen(shell.out, opened.context, identity, again=f"mission run {identity}", pause=pause) as screen:
        while True:
            last = follower.round()
            for line in _news(last.news):
                screen.print(line)
            for line in complaints(last.report) if last.new_errors else ():
                screen.print(line)
            screen.refresh()
            if last.ending is not None:
                return last.ending
            follower.wait(last, lambda: _idle(opened), screen.tick)
    return None  # the person left the view: the state of the mission does not matter


def _news(events: Sequence[Event]) -> Iterator[str]:
    """Yield one line per reason."""
    for event in events:
        for name, why in zip_longest(event.events, event.why or (event.subject,), fillvalue=""):
            if name not in _NO_NEWS:
                yield clean(f"{event.at.astimezone():%H:%M:%S} {why}")


def _idle(opened: Opened) -> bool:
    from mission_cli import __version__
    from mission_cli.fastpath import is_worth_waiting

    return is_worth_waiting(str(opened.checkout.runtime), __version__)


def _exit_code(ending: Ending) -> int:
    return {"finished": 0, "unsuccessful": 1, "needs_person": 3}[ending]


def _last_word(shell: Shell, opened: Opened, identity: MissionId) -> None:
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.status import status_of
    from mission_cli.surfaces.views.page import status_lines

    snapshot = opened.context.state.snapshot()
    view = status_of(opened.context, snapshot, resolve(snapshot, identity))
    shell.draw(lambda size: status_lines(view, size), view)
