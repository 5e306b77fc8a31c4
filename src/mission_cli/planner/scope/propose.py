"""Propose what to do when the budget probably does not pay for everything: to a person, once for each state."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli._support.text import counted
from mission_cli.domain.budget.amounts import CATEGORIES, as_cap, rounded
from mission_cli.domain.budget.ledger import KEYS, amount_of
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import milestone_of
from mission_cli.domain.noted import is_noted
from mission_cli.domain.notice import do
from mission_cli.domain.status import MilestoneStatus, MissionStatus, RequestStatus
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.waiting import MoveRequest
from mission_cli.planner.core.phases import built_in_phases
from mission_cli.planner.core.requests import Question, ask
from mission_cli.planner.mission.budget_watch import at_threshold
from mission_cli.planner.mission.money import bills, choices, stand
from mission_cli.planner.scope.pace import open_features, pace_of
from mission_cli.planner.scope.parts import reduced
from mission_cli.planner.scope.terms import GO_ON, PAUSE, RAISE, REDUCE, Terms, proposals, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.scope.pace import Pace
    from mission_cli.planner.scope.parts import Reduced

MILESTONE, FORECAST, THRESHOLD = "milestone", "forecast", "threshold"
"""Why something is proposed: after the first milestone, by the projection of a settlement, at the threshold."""
_SURE, _ABOUT = "in 9 of 10 cases", "on average"
_ALL_PCT = 100
_NAMED = 12
"""Features that an option names; of more it says how many."""


def scope(draft: Draft) -> None:
    """Propose a smaller scope or a higher cap after the first milestone, and when the rest will not fit."""
    mission = draft.mission
    if not mission.limits.proposes or mission.status is not MissionStatus.ACTIVE:
        return
    _withdraw(draft)
    if bills(draft.observation):
        return  # an attempt has ended that is not settled: its cost is known, and its feature is not done
    _after_the_first(draft)
    pace = pace_of(draft)
    if pace is not None and _is_new(draft, FORECAST) and not _open_one(draft):
        short = _short(pace, open_features(mission))
        if short:
            _propose(draft, pace, FORECAST, f"the rest does not fit {_SURE}: {'; '.join(short)}")


def scope_at_threshold(draft: Draft) -> None:
    """Propose the same where the mission pauses at the threshold of its budget."""
    reached = at_threshold(draft) if draft.mission.limits.proposes else None
    if reached is None:
        return
    number, pace = _open_one(draft), pace_of(draft)
    if not number and pace is not None and _is_new(draft, THRESHOLD):
        number = _propose(draft, pace, THRESHOLD, reached.detail)
    if number:
        draft.pause(
            f"{reached.detail}: answer request {number}, or {choices(draft, reached)}", gate=f"request {number}"
        )


def _is_new(draft: Draft, reason: str) -> bool:
    return not is_noted(draft.mission, EventKind.SCOPE_PROPOSED, state_of(draft.mission, reason))


def _open_one(draft: Draft) -> int:
    """Return the number of the proposal that waits for its answer, perhaps since this round; 0 if there is none."""
    asked = [m for m in draft.transitions if isinstance(m, Note) and m.event is EventKind.SCOPE_PROPOSED]
    withdrawn = {move.number for move in draft.transitions if isinstance(move, MoveRequest)}
    known = (r.number for r, _ in proposals(draft.mission) if r.open and r.number not in withdrawn)
    return int(asked[0].about[0]) if asked else next(known, 0)


def _withdraw(draft: Draft) -> None:
    """Withdraw proposals about what is not so any more."""
    for request, terms in proposals(draft.mission):
        if not request.open:
            continue
        reason = terms.state.partition(" ")[0]
        if state_of(draft.mission, reason) != terms.state:
            why = "the caps, or the features that are left out, have changed"
        elif not open_features(draft.mission):
            why = "every feature is done or skipped"
        elif reason != FORECAST:
            why = "a person resumed the mission"
        else:
            continue
        words = f"request {request.number} is withdrawn: {why}"
        draft.transitions.append(MoveRequest(request.number, RequestStatus.WITHDRAWN, words))


def _after_the_first(draft: Draft) -> None:
    """Compare what the first milestone has used with the caps and the estimates, once; pause if far above them."""
    mission, built = draft.mission, built_in_phases(draft.mission)
    first = built[0] if built else None
    passed = first is not None and first.status is MilestoneStatus.PASSED
    if first is None or not passed or len(built) == 1 or is_noted(mission, EventKind.BUDGET_PROJECTED):
        return
    pace = pace_of(draft, 1)
    if pace is None:
        return
    todo = open_features(mission)
    totals = {category: _total(pace, category, todo) for category in pace.left}
    table = "; ".join(_row(draft, pace, milestone) for milestone in built)
    sums = [f"{quantity_of(c, total)} of {quantity_of(c, _cap(draft, c))}" for c, total in totals.items()]
    words = f"after milestone {first.number} the whole mission will use about {' and '.join(sums)}"
    draft.transitions.append(Note(EventKind.BUDGET_PROJECTED, f"{words}: {table}"))
    most = (_ALL_PCT + Decimal(draft.policy.projection_over_pct)) / _ALL_PCT
    over = [c for c, total in totals.items() if total > _cap(draft, c) * most]
    if over or _longer(draft, pace, most):
        number = _open_one(draft) or _propose(draft, pace, MILESTONE, f"{words}: {table}")
        draft.pause(f"{words}: answer request {number}", gate=f"request {number}")


def _longer(draft: Draft, pace: Pace, most: Decimal) -> bool:
    """Whether the mission takes far longer than its plan estimates, if that estimates every feature."""
    features = [f for f in draft.mission.features() if not f.fixes]
    if "hours" not in pace.each or not all(f.estimate_hours for f in features):
        return False
    estimated = sum((f.estimate_hours or Decimal(0) for f in features), Decimal(0))
    return _total(pace, "hours", open_features(draft.mission)) > estimated * most


def _row(draft: Draft, pace: Pace, milestone: Milestone) -> str:
    """Return what a milestone has used, or will use, beside its estimate."""
    features = [f for f in milestone.features if not f.fixes]
    todo = [f for f in milestone.features if not f.finished]
    used = [r.usage for r in draft.observation.records if not r.open and milestone_of(r.feature) == milestone.number]
    parts = []
    for category in CATEGORIES:
        if category not in pace.each:
            continue
        done = sum((amount_of(usage, category) or Decimal(0) for usage in used), Decimal(0))
        more = Decimal(str(pace.likely(category, sum(pace.sizes[f.number] for f in todo))))
        parts.append(f"{'about ' if todo else ''}{quantity_of(category, rounded(category, done + more))}")
    known = [f.estimate_hours for f in features if f.estimate_hours]
    estimate = f" ({quantity_of('hours', sum(known, Decimal(0)))} estimated)" if known else ""
    return f"{milestone.number} {milestone.name}: {', '.join(parts)}{estimate}"


def _propose(draft: Draft, pace: Pace, reason: str, words: str) -> int:
    """Ask a person, and note what the options mean; return the number of the request."""
    less = reduced(draft.mission, pace)
    caps = dict(_higher(draft, pace))
    options: dict[str, str] = {}
    if less is not None and less.defer:
        options[REDUCE] = _meaning(pace, less)
    if caps:
        options[RAISE] = " and ".join(f"raise {key} to {cap:f}" for key, cap in caps.items())
        options[RAISE] += f", which also pays for the rest {_SURE}"
    options[GO_ON] = "continue as planned; the mission pauses at its threshold, and nothing starts at its caps"
    again, resume = do("replan", draft.mission.id), do("resume", draft.mission.id)
    options[PAUSE] = f"start nothing more until {resume}, for example to plan the rest again ({again})"
    said = Question("", f"{words}. What now?", tuple(options), words, tuple(options.values()))
    number = ask(draft, said).number
    state = state_of(draft.mission, reason)
    terms = Terms(number, state, less.defer if less is not None and REDUCE in options else (), caps)
    draft.transitions.append(Note(EventKind.SCOPE_PROPOSED, terms.text(), (str(number), state)))
    return number


def _meaning(pace: Pace, less: Reduced) -> str:
    """Return what a smaller scope contains, what it costs, and what it leaves out."""
    size, how = sum(pace.sizes[number] for number in less.keep), _SURE if less.sure else _ABOUT
    costs = [
        quantity_of(c, _amount(c, pace.at_most(c, size, len(less.keep)) if less.sure else pace.likely(c, size)))
        for c in pace.left
    ]
    keep = f"finish {_named(less.keep)} for {' and '.join(costs)} {how}" if less.keep else "finish nothing more"
    return f"{keep}, and leave {_named(less.defer)} to a follow-up plan"


def _named(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) if len(numbers) <= _NAMED else counted(len(numbers), "feature")


def _short(pace: Pace, todo: Sequence[Feature]) -> list[str]:
    """Return the categories in which the rest does not fit in nine of ten cases, in words."""
    size = sum(pace.sizes[feature.number] for feature in todo)
    found = []
    for category, left in pace.left.items():
        most = pace.at_most(category, size, len(todo))
        if todo and most > left:
            about, high = (_amount(category, amount) for amount in (pace.likely(category, size), most))
            needs = f"about {quantity_of(category, about)}, at most {quantity_of(category, high)}"
            has = quantity_of(category, _amount(category, max(left, 0.0)))
            found.append(f"{counted(len(todo), 'feature')} will use {needs}, and {has} are left")
    return found


def _higher(draft: Draft, pace: Pace) -> Iterator[tuple[str, Decimal]]:
    """Yield the caps with which the mission ends below its threshold in nine of ten cases, where these are higher."""
    todo = open_features(draft.mission)
    size = sum(pace.sizes[feature.number] for feature in todo)
    state = stand(draft)
    share = _ALL_PCT / min(draft.mission.limits.alert_pct, Decimal(_ALL_PCT))
    for category in pace.left:
        most = pace.spent[category] + _amount(category, pace.at_most(category, size, len(todo)))
        wanted, cap = as_cap(category, most * share), state.cap(category)
        if cap is not None and wanted > cap:
            yield KEYS[category], wanted


def _total(pace: Pace, category: str, todo: Sequence[Feature]) -> Decimal:
    more = pace.likely(category, sum(pace.sizes[feature.number] for feature in todo))
    return pace.spent[category] + _amount(category, more)


def _cap(draft: Draft, category: str) -> Decimal:
    return stand(draft).cap(category) or Decimal(0)


def _amount(category: str, amount: float) -> Decimal:
    return rounded(category, Decimal(str(amount)))
