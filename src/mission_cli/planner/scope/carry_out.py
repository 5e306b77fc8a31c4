"""Carry out the answer to a proposal about the scope: one decision, in one commit, and only what the request named."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.domain.budget.ledger import KEYS, alert, is_used_up, next_threshold
from mission_cli.domain.noted import PAUSED_BY
from mission_cli.domain.notice import do
from mission_cli.domain.status import FeatureStatus, MilestoneStatus, MissionStatus
from mission_cli.planner.core.moves.mission import ChangeScope
from mission_cli.planner.core.transitions import move_feature, move_milestone, move_mission
from mission_cli.planner.mission.money import stand
from mission_cli.planner.scope.parts import still_deferrable
from mission_cli.planner.scope.terms import GO_ON, PAUSE, RAISE, REDUCE, answer_of, proposals

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.scope.terms import Terms


def carry_out(draft: Draft) -> bool:
    """Decide what the oldest answered proposal says; whether there was one. The next round sees the result."""
    if draft.mission.status not in {MissionStatus.ACTIVE, MissionStatus.PAUSED}:
        return False
    for request, terms in proposals(draft.mission):
        answer = answer_of(request)
        if answer:
            draft.transitions.append(_decided(draft, request, terms, answer))
            return True
    return False


def _decided(draft: Draft, request: InputRequest, terms: Terms, answer: str) -> ChangeScope:
    mission = draft.mission
    defer = still_deferrable(mission, terms.defer) if answer == REDUCE else ()
    skip = _emptied(draft, defer)
    to = _status(draft, request, terms, answer)
    goes_on = to is MissionStatus.ACTIVE or (to is None and mission.status is MissionStatus.ACTIVE)
    threshold = _threshold(draft, answer) if goes_on else None
    commands = [str(do("set", mission.id, key, f"{cap:f}")) for key, cap in _too_low(draft, terms)]
    for number in defer:
        feature = mission.feature(number)
        if feature is not None and feature.status is not None:
            move_feature(feature.status, FeatureStatus.SKIPPED)
    words = {
        REDUCE: f"{counted(len(defer), 'feature')} {'is' if len(defer) == 1 else 'are'} deferred",
        RAISE: f"a person has to run {', then '.join(commands)}" if commands else "the caps are raised",
        GO_ON: "everything stays as planned",
        PAUSE: f"nothing starts until {do('resume', mission.id)}",
    }[answer]
    why = f"request {request.number} was answered with {answer}: {words}"
    return ChangeScope(request.number, answer, defer, skip, threshold, to, why)


def _emptied(draft: Draft, defer: tuple[FeatureNumber, ...]) -> tuple[int, ...]:
    """Return the milestones of which nothing is done or left: they are skipped."""
    found = []
    for milestone in draft.mission.milestones:
        gone = [f for f in milestone.features if f.number in defer]
        kept = [f for f in milestone.features if f.number not in defer and f.status is not FeatureStatus.SKIPPED]
        if gone and not kept and not milestone.finished and milestone.status is not None:
            move_milestone(milestone.status, MilestoneStatus.SKIPPED)
            found.append(milestone.number)
    return tuple(found)


def _status(draft: Draft, request: InputRequest, terms: Terms, answer: str) -> MissionStatus | None:
    """Return the new status of the mission; None: as it is. Only what this request paused goes on."""
    status, paused_by = draft.mission.status, draft.mission.noted.get(PAUSED_BY, "")
    if answer == PAUSE:
        return move_mission(status, MissionStatus.PAUSED) if status is MissionStatus.ACTIVE else None
    waits = answer == RAISE and _too_low(draft, terms)
    paused = not waits and status is MissionStatus.PAUSED and paused_by == f"request {request.number}"
    return move_mission(MissionStatus.PAUSED, MissionStatus.ACTIVE) if paused else None


def _threshold(draft: Draft, answer: str) -> Decimal | None:
    """Return the threshold that lets a mission go on above the one that it reached; None: it stays. No cap changes."""
    state = stand(draft)
    reached = alert(state)
    if answer in {PAUSE, RAISE} or reached is None or is_used_up(state, reached.category):
        return None
    return Decimal(100) if answer == REDUCE else next_threshold(state)


def _too_low(draft: Draft, terms: Terms) -> list[tuple[str, Decimal]]:
    """Return the caps that are lower than a request names: `mission answer` raises them, and no answer by mail does."""
    state = stand(draft)
    caps = {key: state.cap(category) for category, key in KEYS.items()}
    return [(key, cap) for key, cap in terms.caps.items() if (now := caps.get(key)) is not None and now < cap]
