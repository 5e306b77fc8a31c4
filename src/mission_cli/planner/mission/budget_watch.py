"""The budget watch: warnings, thresholds that pause, and the projection after the first milestone."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli.domain.budget.amounts import ARE_SPENT, CATEGORIES
from mission_cli.domain.budget.ledger import alert
from mission_cli.domain.events import EventKind
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import do
from mission_cli.domain.status import FINISHED_FEATURE, HoldKind, MilestoneStatus, MissionStatus
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.phases import built_in_phases
from mission_cli.planner.mission.money import choices, stand

if TYPE_CHECKING:
    from mission_cli.domain.budget.ledger import Account, Refusal
    from mission_cli.planner.core.decisions import Hold
    from mission_cli.planner.core.draft import Draft


def budget(draft: Draft) -> None:
    """Warn below the threshold, and project the cost once, after the first milestone."""
    mission = draft.mission
    if mission.status is not MissionStatus.ACTIVE:
        return
    state = stand(draft)
    if not alert(state):
        _warn(draft, state)
    if not mission.limits.proposes:
        _project(draft, state)


def threshold(draft: Draft) -> None:
    """Pause at the threshold when the next step would be an attempt and nothing else is in progress."""
    reached = at_threshold(draft)
    if reached is not None:
        draft.pause(f"{reached.detail}: {choices(draft, reached)}")


def at_threshold(draft: Draft) -> Refusal | None:
    """Return the threshold that is reached, if the next step would be an attempt and nothing else is in progress."""
    reached = alert(stand(draft)) if draft.mission.status is MissionStatus.ACTIVE else None
    going_on = draft.effects or draft.checking or any(not isinstance(move, Note) for move in draft.transitions)
    held = any(hold.kind == HoldKind.BUDGET for hold in draft.holds)
    return reached if held and not going_on else None


def waits_for_a_person(draft: Draft) -> None:
    """Pause at a usage limit, or where a budget across missions is used up, if the mission does not go on by itself."""
    if draft.mission.preferences.auto_resume or draft.mission.status is not MissionStatus.ACTIVE:
        return
    held = next((hold for hold in draft.holds if hold.kind is HoldKind.PARKED or _is_shared(hold)), None)
    if held is not None:
        until = f" until {draft.observation.local(held.until)}" if held.until is not None else ""
        ways = f"it waits for you (preferences.auto_resume): {do('resume', draft.mission.id)}"
        draft.pause(f"{held.detail}{until}; {ways}")


def _is_shared(hold: Hold) -> bool:
    return hold.kind is HoldKind.BUDGET and hold.until is not None


def _warn(draft: Draft, state: Account) -> None:
    for category in CATEGORIES:
        used = state.used_pct(category)
        if used is None or used < draft.policy.warn_pct:
            continue
        about = f"{category} {draft.policy.warn_pct}"
        spent, cap = quantity_of(category, state.spent.of(category)), quantity_of(category, state.cap(category))
        words = f"{draft.policy.warn_pct}% {ARE_SPENT[category]}: {spent} of {cap}"
        if not is_noted(draft.mission, EventKind.BUDGET_WARNING, about):
            draft.transitions.append(Note(EventKind.BUDGET_WARNING, words, (about,)))


def _project(draft: Draft, state: Account) -> None:
    mission, built = draft.mission, built_in_phases(draft.mission)
    first = built[0] if built else None
    if first is None or first.status is not MilestoneStatus.PASSED or len(built) == 1:
        return
    if is_noted(mission, EventKind.BUDGET_PROJECTED):
        return
    features = [f for f in mission.features() if not f.fixes]
    finished = sum(f.status in FINISHED_FEATURE for f in features)
    if not finished:
        return
    most = (100 + Decimal(draft.policy.projection_over_pct)) / 100
    over = []
    words = []
    for category in CATEGORIES:
        cap, spent = state.cap(category), state.spent.of(category)
        if cap is None or not spent:
            continue
        total = spent * len(features) / finished
        all_of_it, allowed = quantity_of(category, total), quantity_of(category, cap)
        words.append(f"{all_of_it} of {allowed}{', more than the cap' if total > cap else ''}")
        if total > cap * most:
            over.append(f"{all_of_it} where {allowed} are allowed")
    estimated = sum((f.estimate_hours or Decimal(0) for f in features), Decimal(0))
    hours = state.spent.hours * len(features) / finished
    if estimated and all(f.estimate_hours for f in features):
        words.append(f"{quantity_of('hours', hours)} where {quantity_of('hours', estimated)} are estimated")
        if hours > estimated * most:
            over.append(words[-1])
    details = f"after milestone {first.number} the whole mission will cost about {', '.join(words) or 'nothing'}"
    draft.transitions.append(Note(EventKind.BUDGET_PROJECTED, details))
    if over:
        ways = f"continue ({do('resume', mission.id)}), skip features, or stop ({do('cancel', mission.id)})"
        draft.pause(f"it will cost about {' and '.join(over)}: {ways}")
