"""Run pulses until a mission is over or needs a person, and report what is new after each."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import do
from mission_cli.domain.status import FINISHED_MISSION, STARTED_MISSION, MissionStatus
from mission_cli.engine.loop import look, pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.engine.report import Report
    from mission_cli.ports.git.state import Event, StateStore

_LOOK_SECONDS = 0.1
_AFTER_TROUBLE_SECONDS = 2.0
_ATTEND_SECONDS = 20.0
_SAME_ERROR = 4
"""A mission needs a person after this number of consecutive pulses with the same error."""


class Ending(StrEnum):
    """Why there is nothing to wait for."""

    FINISHED = "finished"
    """The mission has ended, or waits for the next time that it recurs."""
    UNSUCCESSFUL = "unsuccessful"
    """It failed or was cancelled."""
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True, slots=True)
class Round:
    """One pulse."""

    report: Report
    news: Sequence[Event]
    """What pulses and people have committed since the round before, oldest first."""
    new_errors: bool
    """Whether the errors differ from those of the round before."""
    ending: Ending | None
    """None: go on."""


class Follower:
    """Runs pulses for all missions of a repository, and follows one of them."""

    def __init__(self, ctx: Context, mission: MissionId) -> None:
        self._ctx, self._mission = ctx, mission
        self._news = _News(ctx.state)
        self._errors = _Errors(mission)
        self._attended = 0.0

    def round(self) -> Round:
        """Run one pulse."""
        self._attend()
        report = pulse(self._ctx)
        news = self._news.events()
        repeated = self._errors.repeated(report)
        ending = Ending.NEEDS_PERSON if repeated else ending_of(report, self._mission)
        return Round(report, news, self._errors.new, ending)

    def wait(self, last: Round, idle: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until the repository is no longer `idle`, or a pulse of another process has found the end.

        `meanwhile` is called ten times a second.
        """
        if _may_change_unseen(last.report):
            time.sleep(_AFTER_TROUBLE_SECONDS)  # no file shows when the trouble is over: try again
            return
        _, known = self._ctx.runtime.rested_at()
        while idle():
            present, _ = self._ctx.runtime.rested_at()
            if present != known and self._is_over():
                return
            known = present
            time.sleep(_LOOK_SECONDS)  # a check is only a few stat calls, so polling is cheap
            if time.monotonic() - self._attended > _ATTEND_SECONDS:
                self._attend()
            meanwhile()

    def _attend(self) -> None:
        """Have pulses ask a forge more often while somebody waits here."""
        self._attended = time.monotonic()
        if self._ctx.forge.remote:
            self._ctx.forge.attend()

    def _is_over(self) -> bool:
        """Whether there is nothing to wait for; looks, and decides nothing, so that two followers do not take turns."""
        return ending_of(look(self._ctx, [self._mission]), self._mission) is not None


def refuse_nothing_to_do(mission: Mission) -> None:
    """Raise BlockedError if no pulse advances a mission, now or later."""
    if not mission.managed or mission.status not in STARTED_MISSION:
        state = f"is {mission.raw_status}" if mission.status in FINISHED_MISSION else "has not been started"
        words = f"{mission.id} {state}: no pulse advances it"
        raise BlockedError(words, hint=do("start", mission.id))


def ending_of(report: Report, mission: MissionId) -> Ending | None:
    """Return why there is nothing to wait for after a pulse, or None."""
    if report.elsewhere:
        return None
    status = report.status(mission)
    if status in {MissionStatus.FAILED, MissionStatus.CANCELLED}:
        return Ending.UNSUCCESSFUL
    if status in FINISHED_MISSION or status is MissionStatus.RECURRING:
        return Ending.FINISHED
    if report.stopped:
        return Ending.NEEDS_PERSON
    case = report.cases.get(mission)
    if case is None or case.open_jobs or not case.plan.empty or any(h.until for h in case.plan.holds):
        return None
    return Ending.NEEDS_PERSON if _needs_person(case) else None


def _needs_person(case: Case) -> bool:
    return case.mission.status is not MissionStatus.ACTIVE or any(h.person for h in case.plan.holds)


def _may_change_unseen(report: Report) -> bool:
    return bool(
        report.troubles
        or report.bugs
        or report.elsewhere
        or report.failed
        or report.remote_unreachable
        or report.unasked
    )


class _News:
    """Reads what pulses and people have committed to the state since the last call."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._seen = state.snapshot().head

    def events(self) -> list[Event]:
        """Return the events, oldest first."""
        events = self._state.history(since=self._seen)
        if events:
            self._seen = events[0].commit
        return list(reversed(events))


class _Errors:
    """Counts repetitions of errors that concern one mission; an error that keeps coming back needs a person."""

    def __init__(self, mission: MissionId) -> None:
        self._mission = mission
        self._last: tuple[str, ...] = ()
        self._times = 0
        self.new = True

    def repeated(self, report: Report) -> bool:
        """Record the errors of a pulse; True if they have repeated so often that a person is needed."""
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
