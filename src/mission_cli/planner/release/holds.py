"""Why a feature is not released now: one rule for each step of the order of release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mission_cli._support.text import (
    counted,
    show_duration,
)
from mission_cli.domain.budget.ledger import (
    Refusal,
    alert,
)
from mission_cli.domain.notice import NO_ADVICE, advise, do
from mission_cli.domain.resources.rows import key_of
from mission_cli.domain.status import (
    FeatureStatus,
    HoldKind,
    MilestoneStatus,
    MissionStatus,
)
from mission_cli.planner.attempts.breaker import (
    breaker_until,
    parked_until,
    probing,
)
from mission_cli.planner.attempts.failover import chosen, is_allowed, waits_for_service
from mission_cli.planner.core import waits
from mission_cli.planner.core.decisions import (
    Hold,
)
from mission_cli.planner.core.own_limits import bounds_of, limits_of
from mission_cli.planner.core.phases import phase_before
from mission_cli.planner.milestones.milestones import current_milestones, work_gone
from mission_cli.planner.mission.across import hold_of, lefts, parked_elsewhere, spent_elsewhere
from mission_cli.planner.mission.money import (
    raise_cap,
    stand,
    way_on,
)
from mission_cli.planner.mission.workers import model_of, occupied, runner_of
from mission_cli.planner.placement.place import Nowhere, elsewhere, free_slots, place_of
from mission_cli.planner.pulls.rows import row_of
from mission_cli.planner.purchases.state import purchase_holds
from mission_cli.planner.release.areas import areas
from mission_cli.planner.release.routes import (
    ALIVE,
    reserve_for,
    route_of,
    usual_route,
    weighed,
)
from mission_cli.planner.resources.needs import missing

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.policy import RunnerPolicy


NOT_STARTED = "the mission has not been started"
Look = Callable[["Draft", "Milestone", "Feature"], Iterator[Hold]]


def _mission_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    if draft.halted:
        helps = (h.unblock for h in draft.holds if h.detail == draft.halted and h.unblock)
        unblock = next(helps, do("resume", draft.mission.id))
        yield Hold(feature.number, HoldKind.MISSION, draft.halted, unblock=unblock, person=True)
    elif draft.mission.status is not MissionStatus.ACTIVE:
        verb = "resume" if draft.mission.status is MissionStatus.PAUSED else "start"
        unblock = do(verb, draft.mission.id)
        new = draft.mission.status in {MissionStatus.DRAFT, MissionStatus.PLANNING}
        words = NOT_STARTED if new else f"the mission is {draft.mission.raw_status}"
        yield Hold(feature.number, HoldKind.MISSION, words, unblock=unblock, person=True)


def _remote_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    if draft.observation.remote_problem:
        words = f"the remote cannot be used: {draft.observation.remote_problem}"
        unblock = do("doctor") if draft.observation.undecided else NO_ADVICE
        yield Hold(feature.number, HoldKind.REMOTE, words, unblock=unblock, person=draft.observation.undecided)


def _row_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    retry = do("retry", f"{draft.mission.id}/{feature.number}")
    if feature.broken:
        yield Hold(
            feature.number,
            HoldKind.ROW,
            "its row has an error",
            unblock=do("lint", draft.mission.id),
            person=True,
        )
    elif feature.status is None:
        yield Hold(
            feature.number, HoldKind.ROW, f"its status `{feature.raw_status}` is not known", unblock=retry, person=True
        )
    elif feature.status is FeatureStatus.FAILED:
        yield Hold(feature.number, HoldKind.FAILED, _last_words(draft, feature), unblock=retry, person=True)
    elif is_foreign(draft, feature):
        yield Hold(feature.number, HoldKind.FOREIGN, "another tool has claimed it", unblock=retry, person=True)


def is_foreign(draft: Draft, feature: Feature) -> bool:
    """Whether its row is marked as in progress without an open attempt or a pull request of this program."""
    proposed = feature.status is FeatureStatus.REVIEW and row_of(draft.mission, feature.number) is not None
    return feature.status in ALIVE and not proposed and not any(r.open for r in draft.records_of(feature.number))


def _last_words(draft: Draft, feature: Feature) -> str:
    records = [r for r in draft.records_of(feature.number) if r.cause is not None]
    if not records:
        return "it is marked as failed"
    return weighed(draft, feature).over or f"the last attempt ended with {records[-1].cause}: {records[-1].detail}"


def _milestone_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    current = {m.number for m in current_milestones(draft.mission)}
    phase = phase_before(draft.mission, milestone)
    if phase is not None:
        yield Hold(feature.number, HoldKind.PHASE, f"milestone {milestone.number} waits: the phase is `{phase.name}`")
    elif milestone.number not in current:
        first = min(current, default=0)
        yield Hold(feature.number, HoldKind.MILESTONE, f"milestone {first} comes before milestone {milestone.number}")
    elif milestone.status is not MilestoneStatus.ACTIVE:
        yield Hold(
            feature.number, HoldKind.MILESTONE, f"milestone {milestone.number} is {milestone.raw_status or 'pending'}"
        )
    elif draft.observation.work is None and draft.mission.managed:
        gone = work_gone(draft.mission)
        yield Hold(feature.number, HoldKind.WORK, gone.text, unblock=gone.remedy, person=True)


def _dependencies(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    for number in feature.depends:
        other = draft.mission.feature(number)
        if other is not None and not other.finished:
            state = other.raw_status or "pending"
            failed = other.status is FeatureStatus.FAILED or other.broken or other.status is None
            unblock = do("retry", f"{draft.mission.id}/{number}") if failed else NO_ADVICE
            words = f"it depends on {number}, which is {state}"
            yield Hold(feature.number, HoldKind.DEPENDENCY, words, unblock=unblock, person=failed)


def _resources(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    mission = draft.mission
    for words, help_by in missing(mission, feature, draft.observation.now):
        yield Hold(feature.number, HoldKind.RESOURCE, words, unblock=help_by, person=True)
    for name in mission.needed_resources:
        yield Hold(
            feature.number,
            HoldKind.RESOURCE,
            f"the resource `{name}` is needed",
            unblock=do("resource", "provide", mission.id, key_of(name)),
            person=True,
        )


def _own_limits(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    mission, edit = draft.mission, do("edit", draft.mission.id)
    wrong = limits_of(mission, feature).wrong
    if wrong:
        words = f"its limits cannot be read: {wrong}"
        yield Hold(feature.number, HoldKind.ROW, words, unblock=do("lint", mission.id), person=True)
    for bound in bounds_of(mission, feature, draft.observation.records):
        if bound.left <= 0:
            runs = any(not r.by for r in draft.open_records())
            words = f"{bound.words}, and that is used or reserved"
            yield Hold(feature.number, HoldKind.BUDGET, words, unblock=edit, person=not runs)


def _budget(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    reached = alert(stand(draft))
    if reached:
        yield Hold(feature.number, HoldKind.BUDGET, reached.detail, unblock=way_on(draft, reached), person=True)
        return
    if draft.observation.purse_problem:
        yield Hold(feature.number, HoldKind.BUDGET, draft.observation.purse_problem, person=True)
        return
    runner = route_of(draft, feature).runner
    empty = [*spent_elsewhere(draft, feature.number, runner)]
    yield from empty
    if free_slots(draft) and not empty:
        reserve = reserve_for(draft, feature)
        if isinstance(reserve, Refusal) and not isinstance(reserve_for(draft, feature, outer=False), Refusal):
            least = min(lefts(draft, runner), key=lambda left: (left.category != reserve.category, left.left))
            yield hold_of(feature.number, least, f"; {reserve.detail}")
        elif isinstance(reserve, Refusal):
            runs = bool(draft.running or any(not r.by for r in draft.open_records()))
            higher = raise_cap(draft.mission, reserve.category, stand(draft))
            help_by = advise("a running attempt ends, or ", higher) if runs else higher
            yield Hold(feature.number, HoldKind.BUDGET, reserve.detail, unblock=help_by, person=not runs)


def _breaker(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    route = route_of(draft, feature)
    runner = runner_of(draft, route)
    if runner.obstacle and not (runner.only_here and elsewhere(draft, feature, route)):
        yield Hold(feature.number, HoldKind.RUNNER, runner.obstacle.text, unblock=runner.obstacle.remedy, person=True)
        return
    model = model_of(runner, route)
    unpriced = not runner.self_priced and runner.step_cost(model) is None
    capped = draft.mission.limits.usd is not None or any(x.category == "usd" for x in lefts(draft, route.runner))
    if unpriced and capped and not _bounded(draft, runner):
        named = f"`{model}`" if model else "its own model"
        words = f"the price of {named} is unknown, and only dollars limit the attempt"
        help_by = advise("set a token cap in the budget, or max_steps of the runner")
        yield Hold(feature.number, HoldKind.RUNNER, words, unblock=help_by, person=True)
        return
    if is_allowed(draft):
        down = chosen(draft, feature, usual_route(draft, feature)[0]).down
        if down is not None:
            yield Hold(feature.number, down.kind, down.words, until=down.until)
        return
    known = (parked_until(draft, route.runner), parked_elsewhere(draft, route.runner))
    parked = max((until for until in known if until is not None), default=None)
    if parked is not None and parked > draft.observation.now:
        words = f"`{route.runner}` is at its usage limit"
        yield Hold(feature.number, HoldKind.PARKED, words, until=parked)
        return
    until = breaker_until(draft, route.runner)
    if until is not None and until > draft.observation.now:
        left = show_duration(until - draft.observation.now)
        count, name = draft.policy.breaker_failures, route.runner
        words = f"{counted(count, 'failure')} of `{name}` in a row, next probe in {left}"
        yield Hold(feature.number, HoldKind.BREAKER, words, until=until)
    elif until is not None and probing(draft, route.runner):
        yield Hold(feature.number, HoldKind.BREAKER, f"one attempt probes whether `{route.runner}` works again")


def _bounded(draft: Draft, runner: RunnerPolicy) -> bool:
    return runner.bounded or draft.mission.limits.tokens is not None


def _own_tries(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    stand = weighed(draft, feature)
    retry = do("retry", f"{draft.mission.id}/{feature.number}")
    if stand.over:
        yield Hold(feature.number, HoldKind.ATTEMPTS, stand.over, unblock=retry, person=True)
        return
    if waits_for_service(draft, feature):
        return
    until = draft.observation.moved(stand.not_before, stand.since) if stand.not_before else draft.observation.now
    if until > draft.observation.now:
        words = f"the next attempt starts in {show_duration(until - draft.observation.now)}"
        yield Hold(feature.number, HoldKind.BACKOFF, words, until=until, unblock=retry)


def _hours(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    if draft.observation.opens_at is not None:
        words = f"outside the hours in which workers may run, until {draft.observation.opens_at:%H:%M}"
        yield Hold(feature.number, HoldKind.HOURS, words, until=draft.observation.opens_at)


def _member_busy(draft: Draft, feature: Feature) -> str:
    """Return why the feature's team member has no free slot, or the empty string."""
    member = draft.mission.member(feature)
    if member is None or not member.max_parallel:
        return ""
    mine = {f.number for f in draft.mission.features() if draft.mission.member(f) == member}
    busy = sum(record.feature in mine for record in occupied(draft))
    return (
        f"{member.agent} is working on {counted(busy, 'feature')}, and may work on {member.max_parallel}"
        if busy >= member.max_parallel
        else ""
    )


def _slots(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    if busy := _member_busy(draft, feature):
        yield Hold(feature.number, HoldKind.SLOT, busy)
    found = place_of(draft, feature, route_of(draft, feature))
    if isinstance(found, Nowhere):
        yield Hold(feature.number, found.kind, found.words, found.until, found.unblock, found.person)


ORDER: tuple[Look, ...] = (
    _mission_holds,
    _remote_holds,
    _row_holds,
    _milestone_holds,
    waits.quality,
    waits.checkpoints,
    waits.delays,
    waits.waits,
    _dependencies,
    _resources,
    purchase_holds,
    _own_limits,
    _budget,
    _breaker,
    _own_tries,
    areas,
    _hours,
    _slots,
)
