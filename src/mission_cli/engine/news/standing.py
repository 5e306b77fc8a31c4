"""What people want to know of a mission, from its current state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import digest, one_line
from mission_cli.domain.branches.landing import LandState
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import do
from mission_cli.domain.status import FeatureStatus, HoldKind, MissionStatus, RequestStatus
from mission_cli.planner.core.requests import answer_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.case import Case

_TOLD_STATES = (
    MissionStatus.PAUSED,
    MissionStatus.COMPLETED,
    MissionStatus.FAILED,
    MissionStatus.CANCELLED,
)


def standing(case: Case) -> Mapping[str, str]:
    """Return the facts of a mission that people want to know: text by event."""
    mission, facts = case.mission, {}
    landed = case.observation.landing.state is LandState.LANDED or mission.status is MissionStatus.COMPLETED
    if landed and case.observation.target:
        facts["landed"] = f"{case.observation.target[:7]} is on {mission.base}"
    failed = [f for f in mission.features() if f.status is FeatureStatus.FAILED]
    if failed:
        last = {r.feature: r for r in case.observation.records}
        facts["failed"] = "; ".join(f"{f.number} {f.title}: {_why(last.get(f.number))}" for f in failed)
    if mission.status in _TOLD_STATES:
        rows = [r for r in mission.progress if r.event == EventKind.of("mission", str(mission.status))]
        facts[str(mission.status)] = rows[-1].details if rows else f"{mission.id} is {mission.status}"
    waits = (
        [h for h in case.plan.holds if h.person and h.kind != HoldKind.BY_HAND]
        if mission.status is MissionStatus.ACTIVE
        else []
    )
    if waits:
        facts["waiting"] = "; ".join(one_line(f"{h.subject} {h.detail}: {h.unblock}".strip(), 300) for h in waits)
    return facts | _reminders(mission)


def _reminders(mission: Mission) -> dict[str, str]:
    """Return what the log has a reminder of, requests and waits, each under a key of its own: it is told once."""
    due = [r for r in mission.requests if r.open and r.status != RequestStatus.EXPIRED]
    due = [r for r in due if is_noted(mission, EventKind.REQUEST_REMINDED, str(r.number))]
    words = (f"request {r.number} expires at {r.expires}: {r.prompt}: {answer_to(mission, r)}" for r in due)
    found = {f"reminder {r.number}": one_line(text, 500) for r, text in zip(due, words, strict=True)}
    return found | _reminders_of_waits(mission)


def _reminders_of_waits(mission: Mission) -> dict[str, str]:
    """Return the open waits of which the log has a reminder, once for each period that has passed."""
    found: dict[str, str] = {}
    for wait in (wait for wait in mission.waits if wait.open):
        key = f"{EventKind.WAIT_REMINDED} {wait.feature} {digest(wait.waiting_for)} "
        help_by = do("signal", f"{mission.id}/{wait.feature}")
        text = one_line(f"{wait.feature} still waits for {wait.waiting_for}: {help_by}", 500)
        found |= {f"reminder wait {noted}": text for noted in mission.noted if noted.startswith(key)}
    return found


def _why(record: RunRecord | None) -> str:
    return one_line(record.finding, 300) if record and record.cause else "set by a person"
