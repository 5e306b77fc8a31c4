"""`mission run`: run pulses until a mission is finished or needs a person."""

from __future__ import annotations

import time
from itertools import zip_longest
from typing import TYPE_CHECKING

from mission_cli.domain.events import EventKind
from mission_cli.domain.status import FINISHED_MISSION, MissionStatus
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.plain import clean, complaints

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.case import Case
    from mission_cli.engine.report import Report
    from mission_cli.wiring.assemble import Opened

_NO_NEWS = frozenset({EventKind.CRITERIA_JUDGED})
_LOOK_SECONDS = 0.1
_AFTER_TROUBLE_SECONDS = 2.0
_SAME_ERROR = 4
"""`run` ends after this number of consecutive pulses with the same error."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "run", help="Run pulses until the mission is finished or needs a person.")(run)


def run(shell: Shell, mission: Identity = "") -> int:
    """Run pulses until the mission is finished or needs a person; with a live view on a terminal."""
    from mission_cli.app.addressing import resolve
    from mission_cli.engine.guards.state_guard import (  # a worker may have deleted the branch of the mission files
        secured,
    )

    opened = shell.open(vouched=True)
    shell.stopped = opened.context.runtime.stopped
    identity = resolve(secured(opened.context, {}, []), mission).mission.id
    if shell.interactive:
        return _run_live(shell, opened, identity)
    from mission_cli.engine.loop import pulse

    news, errors = _News(opened), _Errors(identity)
    if not shell.as_json:
        shell.head()
    while True:
        report = pulse(opened.context)
        for line in [] if shell.as_json or shell.quiet else news.lines():
            shell.out.print(line)
        repeats = errors.repeats(report)
        for line in complaints(report, debug=shell.debug) if errors.new else ():
            shell.err.print(line)
        code = 3 if repeats else _over(report, identity)
        if code is not None:
            _last_word(shell, opened, identity)
            return code
        _wait(opened, report)


class _News:
    """Read what pulses and people have committed to the state since the last call."""

    def __init__(self, opened: Opened) -> None:
        self._state = opened.context.state
        self._seen = self._state.snapshot().head

    def lines(self) -> list[str]:
        """Return one line per reason, oldest first."""
        events = self._state.history(since=self._seen)
        if events:
            self._seen = events[0].commit
        return [
            clean(f"{event.at.astimezone():%H:%M:%S} {why}")
            for event in reversed(events)
            for name, why in zip_longest(event.events, event.why or (event.subject,), fillvalue="")
            if name not in _NO_NEWS
        ]


class _Errors:
    """Count repetitions of errors that concern one mission; an error that keeps coming back needs a person."""

    def __init__(self, mission: MissionId) -> None:
        self._mission = mission
        self._last: tuple[str, ...] = ()
        self._times = 0
        self.new = True
        """Whether the errors of the last pulse differ from those of the pulse before."""

    def repeats(self, report: Report) -> bool:
        """Record the errors of a pulse; True if they have repeated so often that `run` should end."""
        if report.elsewhere:
            self.new = False
            return False
        said = tuple(sorted({f"{t.mission}: {t.message}" for t in report.troubles}))
        self.new = said != self._last
        concerned = any(t.mission in {"", self._mission} for t in report.troubles)
        self._times = 0 if not concerned else 1 if self.new else self._times + 1
        self._last = said
        case = report.cases.get(self._mission)
        works = case is not None and bool(case.open_jobs)
        return self._times >= _SAME_ERROR and not works


def _over(report: Report, identity: MissionId) -> int | None:
    """Return the exit status of `run` if there is nothing to wait for, else None."""
    if report.elsewhere:
        return None
    status = report.status(identity)
    if status in FINISHED_MISSION or status is MissionStatus.RECURRING:
        return 1 if status in {MissionStatus.FAILED, MissionStatus.CANCELLED} else 0
    if report.stopped:
        return 3
    case = report.cases.get(identity)
    if case is None:
        return None
    if case.open_jobs or not case.plan.empty or any(h.until for h in case.plan.holds):
        return None
    return 3 if _needs_person(case) else None


def _needs_person(case: Case) -> bool:
    return case.mission.status is not MissionStatus.ACTIVE or any(h.person for h in case.plan.holds)


def _wait(opened: Opened, report: Report, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait until the fast path finds something to do; `meanwhile` is called ten times a second."""
    from mission_cli import __version__
    from mission_cli.fastpath import is_worth_waiting

    if (
        report.troubles
        or report.bugs
        or report.elsewhere
        or report.failed
        or report.remote_unreachable
        or report.unasked
    ):
        time.sleep(_AFTER_TROUBLE_SECONDS)  # no file shows when the trouble is over: try again
        return
    runtime = str(opened.checkout.runtime)
    while is_worth_waiting(runtime, __version__):
        time.sleep(_LOOK_SECONDS)  # a check is only a few stat calls, so polling is cheap
        meanwhile()


def _last_word(shell: Shell, opened: Opened, identity: MissionId) -> None:
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.status import status_of
    from mission_cli.surfaces.views.status import status_view

    snapshot = opened.context.state.snapshot()
    view = status_of(opened.context, snapshot, resolve(snapshot, identity))
    shell.show(status_view(view), view)


def _run_live(shell: Shell, opened: Opened, identity: MissionId) -> int:
    from mission_cli.engine.loop import pulse
    from mission_cli.surfaces.views.live import Screen

    news, errors = _News(opened), _Errors(identity)
    with Screen(shell.out, opened.context, identity) as screen:
        while True:
            report = pulse(opened.context)
            for line in news.lines():
                screen.print(line)
            repeats = errors.repeats(report)
            for line in complaints(report) if errors.new else ():
                screen.print(line)
            code = 3 if repeats else _over(report, identity)
            screen.refresh()
            if code is not None:
                return code
            _wait(opened, report, screen.tick)
