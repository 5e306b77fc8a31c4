"""`mission run`: ticks until a mission is finished or needs a person."""

from __future__ import annotations

import time
from itertools import zip_longest
from typing import TYPE_CHECKING

from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.plain import clean, complaints

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.loop import Report
    from mission_cli.engine.observe import Case
    from mission_cli.wiring import Opened

_NO_NEWS = frozenset({"criteria.judged"})
_LOOK_SECONDS = 0.1
_AFTER_TROUBLE_SECONDS = 2.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "run", help="Ticks until the mission is finished or needs a person.")(run)


def run(shell: Shell, mission: Identity = "") -> int:
    """Tick until the mission is finished or needs a person; a live view on a terminal, lines elsewhere."""
    from mission_cli.engine.names import resolve

    opened = shell.open(vouched=True)
    identity = resolve(opened.world.state.snapshot(), mission).mission.id
    if shell.interactive:
        return _run_live(shell, opened, identity)
    from mission_cli.engine.loop import pulse

    news = _News(opened)
    while True:
        report = pulse(opened.world)
        for line in [] if shell.as_json or shell.quiet else news.lines():
            shell.out.print(line)
        for line in complaints(report, debug=shell.debug):
            shell.err.print(line)
        code = _over(opened, report, identity)
        if code is not None:
            _last_word(shell, opened, identity)
            return code
        _wait(opened, report)


class _News:
    """What was written into the state since the last call, by whichever pulse or person."""

    def __init__(self, opened: Opened) -> None:
        self._state = opened.world.state
        self._seen = self._state.snapshot().head

    def lines(self) -> list[str]:
        """One line per reason, oldest first."""
        events = self._state.history(since=self._seen)
        if events:
            self._seen = events[0].commit
        return [
            clean(f"{event.at.astimezone():%H:%M:%S} {why}")
            for event in reversed(events)
            for name, why in zip_longest(event.events, event.why or (event.subject,), fillvalue="")
            if name not in _NO_NEWS
        ]


def _over(opened: Opened, report: Report, identity: MissionId) -> int | None:
    """The exit status of `run` when there is nothing to wait for, else None."""
    if report.elsewhere:
        return None
    status = report.status(identity)
    if status in FINISHED_MISSION or status is MissionStatus.RECURRING:
        return 1 if status in {MissionStatus.FAILED, MissionStatus.CANCELLED} else 0
    case = report.cases.get(identity)
    if case is None:
        return None
    if case.open_jobs or not case.plan.empty or any(h.until for h in case.plan.holds):
        return None
    if opened.world.runtime.stopped():
        return 3
    return 3 if _needs_person(case) else None


def _needs_person(case: Case) -> bool:
    return case.mission.status is not MissionStatus.ACTIVE or any(h.person for h in case.plan.holds)


def _wait(opened: Opened, report: Report, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Return when the fast path says that there is something to do; `meanwhile` is called ten times a second."""
    from mission_cli import __version__
    from mission_cli.idle import is_idle

    if report.troubles or report.bugs or report.elsewhere or report.failed or report.unheard or report.unasked:
        time.sleep(_AFTER_TROUBLE_SECONDS)  # nothing tells when a trouble is over: it is tried again
        return
    runtime = str(opened.checkout.runtime)
    while is_idle(runtime, __version__):
        time.sleep(_LOOK_SECONDS)  # the look is a handful of stats; it needs no notification of the system's
        meanwhile()


def _last_word(shell: Shell, opened: Opened, identity: MissionId) -> None:
    from mission_cli.engine.names import resolve
    from mission_cli.engine.queries import status_of
    from mission_cli.surfaces.views.status import status_view

    snapshot = opened.world.state.snapshot()
    view = status_of(opened.world, snapshot, resolve(snapshot, identity))
    shell.show(status_view(view), view)


def _run_live(shell: Shell, opened: Opened, identity: MissionId) -> int:
    from mission_cli.engine.loop import pulse
    from mission_cli.surfaces.views.live import Screen

    news = _News(opened)
    with Screen(shell.out, opened.world, identity) as screen:
        while True:
            report = pulse(opened.world)
            for line in news.lines():
                screen.print(line)
            code = _over(opened, report, identity)
            screen.refresh()
            if code is not None:
                return code
            _wait(opened, report, screen.tick)
