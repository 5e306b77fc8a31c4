"""What is still open at the end of a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line
from mission_cli.domain.events import EventKind
from mission_cli.domain.judging.quarantine import quarantined
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import FeatureStatus, RequestStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Mission

_FOLLOW_UP = "assets/follow-up-"
_TITLE = 100
_DEFERRED, _REDUCE = "leave to a follow-up plan", "reduce"


def open_ends(mission: Mission) -> Iterator[str]:
    """Yield everything that a person may still have to look after, as lines."""
    yield from _work(mission)
    yield from (f"Flaky {'criterion' if one.whole else 'test'}: {one.name}" for one in quarantined(mission))
    yield from (f"Assumption that no person has confirmed: {text}" for text in mission.assumptions)
    yield from _outside(mission)
    yield from _questions(mission)
    unknown = sum(spend.amount is None for spend in mission.spends)
    if unknown:
        yield f"{counted(unknown, 'amount')} in the spend log {'is' if unknown == 1 else 'are'} unknown"


def _work(mission: Mission) -> Iterator[str]:
    for recovery in mission.recoveries:
        if recovery.open:
            yield f"Safety stop of {recovery.feature or 'the mission'} is open: {recovery.trigger}"
    for feature in mission.features():
        if feature.status is not FeatureStatus.DONE:
            status = feature.status or feature.raw_status
            yield f"Feature {feature.number} is {status}: {one_line(feature.title, _TITLE)}"
    yield from (f"Deferred features are in the plan {_FOLLOW_UP}{n}.yaml" for n in follow_ups(mission))


def _outside(mission: Mission) -> Iterator[str]:
    """Yield what exists outside of the mission file."""
    for row in mission.pulls:
        if row.going and row.number:
            yield f"Pull request #{row.number} for {row.subject} is {row.status}"
    for preview in mission.previews:
        if preview.going:
            where = f" at {preview.url}" if preview.url else ""
            yield f"Preview {preview.number} is still there{where} ({preview.status})"


def _questions(mission: Mission) -> Iterator[str]:
    for request in mission.requests:
        if request.open:
            late = ", and expired" if request.status == RequestStatus.EXPIRED else ""
            yield f"Request {request.number} is not answered{late}: {request.prompt}"
    yield from (f"{wait.feature} still waits for {wait.waiting_for}" for wait in mission.waits if wait.open)


def follow_ups(mission: Mission) -> Iterator[int]:
    """Yield the numbers of the requests whose answers left features to a follow-up plan."""
    log = [row.cells.get("decision", "") for row in mission.kept if row.section == "Decision Log"]
    if any(text.casefold().startswith(_DEFERRED) for text in log):
        for request in mission.requests:
            reduced = request.response.casefold().startswith(_REDUCE)
            if reduced and is_noted(mission, EventKind.SCOPE_DECIDED, str(request.number)):
                yield request.number
