"""Which runner and model a feature goes to, what is reserved for it, and which slots are taken."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.budget.amounts import CATEGORIES
from mission_cli.domain.budget.ledger import Refusal, reserve_for_attempt
from mission_cli.domain.forecast.patterns import Seen, Sort, task_of, uses_patterns
from mission_cli.domain.routing import ECONOMY, has_own_tier, routes
from mission_cli.domain.runs.usage import Reserve
from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.attempts import causes
from mission_cli.planner.attempts.failover import chosen
from mission_cli.planner.attempts.help_requests import answered, helped
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.own_limits import bounds_of, limits_of, policy_for, within
from mission_cli.planner.mission.across import outer_bounds
from mission_cli.planner.mission.money import seen_step, share_of, stand
from mission_cli.planner.mission.workers import model_of, runner_of
from mission_cli.planner.placement.place import free_slots
from mission_cli.planner.reviewing.reviews import is_reviewed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.routing import Route
    from mission_cli.planner.core.observation import Observation
    from mission_cli.planner.core.policy import Policy


ALIVE = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


def route_of(draft: Draft, feature: Feature) -> Route:
    """Return the route for the next attempt: the current one, or another tier for the sake of budget or patterns."""
    return routed(draft, feature)[0]


def routed(draft: Draft, feature: Feature) -> tuple[Route, str]:
    """Return the route for the next attempt, and why it is another one than usual, if patterns or an outage say so."""
    usual, because = usual_route(draft, feature)
    choice = chosen(draft, feature, usual)
    return choice.route, choice.because or because


def usual_route(draft: Draft, feature: Feature) -> tuple[Route, str]:
    """Return the same as long as every runner is in service."""
    all_routes = routes(draft.mission, feature)
    route = all_routes[weighed(draft, feature).route]
    if has_own_tier(draft.mission, feature) or route is not all_routes[0]:
        return route, ""
    economy = draft.mission.models.get(ECONOMY, "")
    cheaper = replace(route, tier=economy) if economy else route
    state = stand(draft)
    if economy and any((state.used_pct(category) or 0) >= draft.policy.warn_pct for category in CATEGORIES):
        return cheaper, ""
    if uses_patterns(draft.mission):
        return _by_patterns(draft, feature, cheaper, all_routes)
    return route, ""


def _by_patterns(draft: Draft, feature: Feature, cheaper: Route, ways: Sequence[Route]) -> tuple[Route, str]:
    """Return the cheaper tier if it is good enough for such a task, the next route if the usual one is not."""
    task = task_of(draft.mission, feature)

    def seen(route: Route) -> Seen:
        sort = Sort(task, route.runner, model_of(runner_of(draft, route), route))
        return draft.observation.patterns.get(sort, Seen(0, 0))

    if cheaper != ways[0] and seen(cheaper).good:
        return cheaper, f"{cheaper.tier} is enough for {task}: {seen(cheaper).words}"
    if len(ways) > 1 and seen(ways[0]).good is False and seen(ways[1]).good is not False:
        usual = ways[0].tier or ways[0].runner
        return ways[1], f"{usual} is not enough for {task}: {seen(ways[0]).words}"
    return ways[0], ""


def weighed(draft: Draft, feature: Feature) -> causes.Tries:
    """Evaluate the tries of the feature."""
    records, ways = draft.records_of(feature.number), len(routes(draft.mission, feature))
    known = answered(draft, feature) if feature.side_effects else helped(draft, feature)
    policy = policy_for(draft.policy, draft.mission, feature)
    return causes.tries(records, policy, feature.tries_after, ways, known, once=feature.side_effects)


def reserve_for(draft: Draft, feature: Feature, *, outer: bool = True) -> Reserve | Refusal:
    """Return what the next attempt at a feature may take at most, or why it may not start.

    `outer`: with budgets across missions; without them, what the mission itself allows.
    """
    route, duration = route_of(draft, feature), limits_of(draft.mission, feature).duration
    runner = runner_of(draft, route)
    own = bounds_of(draft.mission, feature, draft.observation.records)
    bounds = [bound for bound in (*own, *(outer_bounds(draft, route.runner) if outer else ())) if bound.left > 0]
    return reserve_for_attempt(
        within(stand(draft), bounds),
        share=share_of(draft, feature, free_slots(draft)) * _without_reviews(draft.mission, feature),
        wall_limit=runner.deadline if duration is None else min(runner.deadline, duration),
        worst_step=runner.step_cost(model_of(runner, route)),
        seen_step=seen_step(draft.observation.records, "usd"),
        seen_tokens=seen_step(draft.observation.records, "tokens"),
    )


def _without_reviews(mission: Mission, feature: Feature) -> Decimal:
    """Return the part of a share that the attempt may take, so that its reviews can be paid from the rest."""
    reviewed = any(is_reviewed(mission, criterion) for criterion in feature.criteria)
    return Decimal(100) / (100 + mission.reviews.budget_pct) if reviewed else Decimal(1)


def first_reserves(mission: Mission, policy: Policy, observation: Observation) -> list[Reserve]:
    """Return the reserve that a first attempt at each unfinished feature would get now, in file order."""
    draft = Draft(mission, observation, policy)
    found = (reserve_for(draft, feature) for feature in mission.features() if not feature.finished)
    return [reserve for reserve in found if isinstance(reserve, Reserve)]
