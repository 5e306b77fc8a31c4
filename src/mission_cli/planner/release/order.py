"""The order of release: the first hold on a feature, and all of them for `mission why`.

mission → remote → row → milestone → quality gates → checkpoints → delays → waits → dependencies → resources →
budget → runner → tries → hours → slots
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import (
    show_duration,
    span_of,
    stamp,
)
from mission_cli.domain.budget.amounts import CATEGORIES, show_amount
from mission_cli.domain.budget.ledger import (
    Refusal,
    alert,
    reserve_for_attempt,
)
from mission_cli.domain.ids import run_id
from mission_cli.domain.routing import ECONOMY, has_own_tier, routes
from mission_cli.domain.runs import Reserve, RunRecord
from mission_cli.domain.status import (
    Cause,
    FeatureStatus,
    HoldKind,
    MilestoneStatus,
    MissionStatus,
    RecordState,
)
from mission_cli.planner.attempts import causes
from mission_cli.planner.attempts.breaker import (
    breaker_until,
    parked_until,
    probing,
)
from mission_cli.planner.attempts.help_requests import answered, helped
from mission_cli.planner.core import waits
from mission_cli.planner.core.decisions import (
    Dispatch,
    Hold,
    MoveWork,
)
from mission_cli.planner.core.draft import LOOK_AGAIN, Draft
from mission_cli.planner.core.policy import RunnerPolicy
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.milestones.landing import lands_now
from mission_cli.planner.milestones.milestones import current_milestones, work_gone
from mission_cli.planner.mission.money import (
    raise_cap,
    seen_step,
    share_of,
    stand,
    way_on,
)

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.routing import Route
    from mission_cli.planner.core.observation import Observation
    from mission_cli.planner.core.policy import Policy

_ALIVE = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


def dispatch(draft: Draft) -> None:
    """Start every feature without a hold, in file order, while money and slots last.

    A round that settles an attempt starts nothing: its cost is recorded first, and the next round reads it. In a POC a
    feature starts from a base that contains the one before, so it starts after that is settled and has landed.
    """
    if draft.mission.status is not MissionStatus.ACTIVE or draft.settling or lands_now(draft):
        return
    if draft.mission.poc and any(not record.by for record in draft.open_records()):
        return
    for milestone in current_milestones(draft.mission):
        for feature in milestone.features:
            held = {FeatureStatus.PENDING, FeatureStatus.FAILED, None}
            if feature.status in held or feature.broken or _is_foreign(draft, feature):
                _consider(draft, milestone, feature)


def holds_of(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield everything that holds a feature, in the order of release."""
    for look in _ORDER:
        yield from look(draft, milestone, feature)


def occupied(draft: Draft) -> list[RunRecord]:
    """Return attempts that occupy a worker's slot: intended, not manual, not ended; including those of this round."""
    ended = {run for run, job in draft.observation.jobs.items() if job.exit is not None}
    open_now = [r for r in draft.open_records() if not (r.by or r.run in ended or r.run in draft.settling)]
    return open_now + [m.record for m in draft.transitions if isinstance(m, Dispatch)]


def active_runs(draft: Draft) -> int:
    """Return how many attempts occupy a worker's slot."""
    return len(occupied(draft))


def free_slots(draft: Draft) -> int:
    """Return how many more workers this mission may start now."""
    mine = draft.policy.parallel(draft.mission.preferences.max_parallel_workers, draft.mission.mode)
    started = sum(isinstance(m, Dispatch) for m in draft.transitions)
    return max(0, min(mine - active_runs(draft), draft.observation.free_slots - started))


def _consider(draft: Draft, milestone: Milestone, feature: Feature) -> None:
    hold = next(holds_of(draft, milestone, feature), None)
    if hold is not None:
        draft.hold(hold.subject, hold.kind, hold.detail, until=hold.until, unblock=hold.unblock, person=hold.person)
        return
    if _takes_the_base_along(draft, feature):
        return
    reserve = _reserve(draft, feature)
    if isinstance(reserve, Refusal):
        return
    move_feature(FeatureStatus.PENDING, FeatureStatus.DISPATCHED)
    route = route_of(draft, feature)
    runner = _runner(draft, route)
    attempt = 1 + max(
        [draft.observation.highest.get(feature.number, 0), *(r.attempt for r in draft.records_of(feature.number))]
    )
    run = run_id(draft.mission.id, feature.number, attempt)
    record = RunRecord(
        run=run,
        state=RecordState.INTENDED,
        runner=route.runner,
        model=_model(runner, route),
        host=draft.observation.me,
        base=draft.observation.work or "",
        intended=stamp(draft.observation.now),
        deadline_s=reserve.deadline_s,
        reserve=reserve,
    )
    money = f"{show_amount('usd', reserve.usd)} and " if reserve.usd else ""
    promised = f"{money}{show_duration(span_of(record.deadline_s))} at most"
    draft.transitions.append(
        Dispatch(
            record, f"{record.runner} a{attempt}", f"attempt {attempt} at {feature.number} {feature.title}: {promised}"
        )
    )


def _takes_the_base_along(draft: Draft, feature: Feature) -> bool:
    """Merge new commits of the base into `work` before a failed feature is tried again; True if such a merge is due.

    A conflict does not hold the feature: the next milestone or the landing reports it.
    """
    merge, work = draft.observation.base_merge, draft.observation.work
    failed = any(r.cause not in {None, Cause.DONE} for r in draft.records_of(feature.number))
    if not failed or work is None or merge is None or merge.commit is None:
        return False
    if not any(isinstance(act, MoveWork) for act in draft.effects):
        why = f"{draft.mission.base} is merged in before {feature.number} is tried again"
        draft.effects.append(MoveWork(merge.commit, work, why))
    return True


def route_of(draft: Draft, feature: Feature) -> Route:
    """Return the route for the next attempt: the current one, with the economy tier when the budget runs short."""
    all_routes = routes(draft.mission, feature)
    route = all_routes[weighed(draft, feature).route]
    economy = draft.mission.models.get(ECONOMY, "")
    if not economy or has_own_tier(draft.mission, feature) or route is not all_routes[0]:
        return route
    state = stand(draft)
    short = any((state.used_pct(category) or 0) >= draft.policy.warn_pct for category in CATEGORIES)
    return replace(route, tier=economy) if short else route


def weighed(draft: Draft, feature: Feature) -> causes.Tries:
    """Evaluate the tries of the feature."""
    records, ways = draft.records_of(feature.number), len(routes(draft.mission, feature))
    known = answered(draft, feature) if feature.side_effects else helped(draft, feature)
    return causes.tries(records, draft.policy, feature.tries_after, ways, known, once=feature.side_effects)


def _runner(draft: Draft, route: Route) -> RunnerPolicy:
    return draft.policy.runners.get(route.runner, RunnerPolicy(problem=f"there is no runner called `{route.runner}`"))


def _reserve(draft: Draft, feature: Feature) -> Reserve | Refusal:
    route = route_of(draft, feature)
    runner = _runner(draft, route)
    return reserve_for_attempt(
        stand(draft),
        share=share_of(draft, feature, free_slots(draft)),
        wall_limit=runner.deadline,
        worst_step=runner.step_cost(_model(runner, route)),
        seen_step=seen_step(draft.observation.records, "usd"),
        seen_tokens=seen_step(draft.observation.records, "tokens"),
    )


def first_reserves(mission: Mission, policy: Policy, observation: Observation) -> list[Reserve]:
    """Return the reserve that a first attempt at each unfinished feature would get now, in file order."""
    draft = Draft(mission, observation, policy)
    found = (_reserve(draft, feature) for feature in mission.features() if not feature.finished)
    return [reserve for reserve in found if isinstance(reserve, Reserve)]


def _model(runner: RunnerPolicy, route: Route) -> str:
    """Return the runner's name for the model of a tier."""
    return runner.models.get(route.tier, route.tier)


Look = Callable[["Draft", "Milestone", "Feature"], Iterator[Hold]]


def _mission_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    if draft.halted:
        helps = (h.unblock for h in draft.holds if h.detail == draft.halted and h.unblock)
        unblock = next(helps, f"mission resume {draft.mission.id}")
        yield Hold(feature.number, HoldKind.MISSION, draft.halted, unblock=unblock, person=True)
    elif draft.mission.status is not MissionStatus.ACTIVE:
        verb = "resume" if draft.mission.status is MissionStatus.PAUSED else "start"
        unblock = f"mission {verb} {draft.mission.id}"
        words = f"the mission is {draft.mission.raw_status}"
        yield Hold(feature.number, HoldKind.MISSION, words, unblock=unblock, person=True)


def _remote_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    if draft.observation.remote_problem:
        words = f"the remote cannot be used: {draft.observation.remote_problem}"
        yield Hold(feature.number, HoldKind.REMOTE, words, person=draft.observation.undecided)


def _row_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    retry = f"mission retry {draft.mission.id}/{feature.number}"
    if feature.broken:
        yield Hold(
            feature.number,
            HoldKind.ROW,
            "its row has an error",
            unblock=f"mission lint {draft.mission.id}",
            person=True,
        )
    elif feature.status is None:
        yield Hold(
            feature.number, HoldKind.ROW, f"its status `{feature.raw_status}` is not known", unblock=retry, person=True
        )
    elif feature.status is FeatureStatus.FAILED:
        yield Hold(feature.number, HoldKind.FAILED, _last_words(draft, feature), unblock=retry, person=True)
    elif _is_foreign(draft, feature):
        yield Hold(feature.number, HoldKind.FOREIGN, "another tool has claimed it", unblock=retry, person=True)


def _is_foreign(draft: Draft, feature: Feature) -> bool:
    """Whether its row is marked as in progress without an open attempt of this program."""
    return feature.status in _ALIVE and not any(r.open for r in draft.records_of(feature.number))


def _last_words(draft: Draft, feature: Feature) -> str:
    records = [r for r in draft.records_of(feature.number) if r.cause is not None]
    if not records:
        return "it is marked as failed"
    return weighed(draft, feature).over or f"the last attempt ended with {records[-1].cause}: {records[-1].detail}"


def _milestone_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    current = {m.number for m in current_milestones(draft.mission)}
    if milestone.number not in current:
        first = min(current, default=0)
        yield Hold(feature.number, HoldKind.MILESTONE, f"milestone {first} comes before milestone {milestone.number}")
    elif milestone.status is not MilestoneStatus.ACTIVE:
        yield Hold(
            feature.number, HoldKind.MILESTONE, f"milestone {milestone.number} is {milestone.raw_status or 'pending'}"
        )
    elif draft.observation.work is None:
        words, unblock = work_gone(draft.mission)
        yield Hold(feature.number, HoldKind.WORK, words, unblock=unblock, person=True)


def _dependencies(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    for number in feature.depends:
        other = draft.mission.feature(number)
        if other is not None and not other.finished:
            state = other.raw_status or "pending"
            failed = other.status is FeatureStatus.FAILED or other.broken or other.status is None
            unblock = f"mission retry {draft.mission.id}/{number}" if failed else ""
            words = f"it depends on {number}, which is {state}"
            yield Hold(feature.number, HoldKind.DEPENDENCY, words, unblock=unblock, person=failed)


def _resources(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    for name in draft.mission.needed_resources:
        yield Hold(
            feature.number,
            HoldKind.RESOURCE,
            f"the resource `{name}` is needed",
            unblock=f"mission edit {draft.mission.id}",
            person=True,
        )


def _budget(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    reached = alert(stand(draft))
    if reached:
        yield Hold(feature.number, HoldKind.BUDGET, reached.detail, unblock=way_on(draft, reached), person=True)
    elif free_slots(draft):
        reserve = _reserve(draft, feature)
        if isinstance(reserve, Refusal):
            runs = bool(draft.running or any(not r.by for r in draft.open_records()))
            higher = raise_cap(draft.mission, reserve.category)
            help_by = f"a running attempt ends, or {higher}" if runs else higher
            yield Hold(feature.number, HoldKind.BUDGET, reserve.detail, unblock=help_by, person=not runs)


def _breaker(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    route = route_of(draft, feature)
    runner = _runner(draft, route)
    if runner.problem:
        yield Hold(feature.number, HoldKind.RUNNER, runner.problem, unblock=runner.remedy, person=True)
        return
    model = _model(runner, route)
    unpriced = not runner.self_priced and runner.step_cost(model) is None
    if unpriced and draft.mission.limits.usd is not None and not _bounded(draft, runner):
        words = f"the price of `{model}` is unknown, and only dollars limit the attempt"
        help_by = "set a token cap in the budget, or max_steps of the runner"
        yield Hold(feature.number, HoldKind.RUNNER, words, unblock=help_by, person=True)
        return
    parked = parked_until(draft, route.runner)
    if parked is not None and parked > draft.observation.now:
        words = f"`{route.runner}` is at its usage limit"
        yield Hold(feature.number, HoldKind.PARKED, words, until=parked)
        return
    until = breaker_until(draft, route.runner)
    if until is not None and until > draft.observation.now:
        left = show_duration(until - draft.observation.now)
        count, name = draft.policy.breaker_failures, route.runner
        words = f"{count} failures of `{name}` in a row, next probe in {left}"
        yield Hold(feature.number, HoldKind.BREAKER, words, until=until)
    elif until is not None and probing(draft, route.runner):
        yield Hold(feature.number, HoldKind.BREAKER, f"one attempt probes whether `{route.runner}` works again")


def _bounded(draft: Draft, runner: RunnerPolicy) -> bool:
    return runner.bounded or draft.mission.limits.tokens is not None


def _own_tries(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    stand = weighed(draft, feature)
    retry = f"mission retry {draft.mission.id}/{feature.number}"
    if stand.over:
        yield Hold(feature.number, HoldKind.ATTEMPTS, stand.over, unblock=retry, person=True)
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
        f"{member.agent} is working on {busy} features, and may work on {member.max_parallel}"
        if busy >= member.max_parallel
        else ""
    )


def _slots(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    del milestone
    soon = draft.observation.now + LOOK_AGAIN
    if busy := _member_busy(draft, feature):
        yield Hold(feature.number, HoldKind.SLOT, busy)
    if draft.observation.shortage:
        yield Hold(feature.number, HoldKind.MACHINE, draft.observation.shortage, until=soon)
    elif not free_slots(draft):
        mine = draft.policy.parallel(draft.mission.preferences.max_parallel_workers, draft.mission.mode)
        if draft.observation.free_slots <= 0:
            yield Hold(feature.number, HoldKind.SLOT, "every worker slot of this machine is taken", until=soon)
        else:
            yield Hold(feature.number, HoldKind.SLOT, f"every slot of the mission is taken ({mine})")


_ORDER: tuple[Look, ...] = (
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
    _budget,
    _breaker,
    _own_tries,
    _hours,
    _slots,
)
