"""The routes of a feature: runner and tier, and which ones follow when tries are used up."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.tables import Member

WORKERS, RESEARCH, VALIDATION, ECONOMY, ESCALATE = "workers", "research", "validation", "economy", "escalate"
"""Names in `model_routing` that the loop reads; `orchestrator` is read when a plan or a judgment is made."""
ORCHESTRATOR = "orchestrator"
PATTERNS = "patterns"
"""`on`: tiers are chosen by how often they succeeded at such tasks."""
ROLES = (ORCHESTRATOR, WORKERS, RESEARCH, VALIDATION, ECONOMY, ESCALATE, PATTERNS)
"""All names in `model_routing`."""


@dataclass(frozen=True, slots=True)
class Route:
    """A runner of the settings with a tier or model of it; an empty tier means the runner's default."""

    runner: str
    tier: str


def stand_ins(mission: Mission, first: Route) -> tuple[Route, ...]:
    """Return who may take over from a route, in order: the other runners that the mission allows.

    The tier is that of the list; without one, the tier of the route, which the other runner may not know.
    """
    named = (text.partition(":") for text in mission.preferences.runners)
    found = (Route(runner.strip(), tier.strip() or first.tier) for runner, _, tier in named)
    return tuple(route for route in dict.fromkeys(found) if route.runner != first.runner)


def names_tier(mission: Mission, runner: str) -> bool:
    """Whether the list of allowed runners names a tier for a runner."""
    named = (text.partition(":") for text in mission.preferences.runners)
    return any(name.strip() == runner and bool(tier.strip()) for name, _, tier in named)


def is_research(mission: Mission, feature: Feature) -> bool:
    """Whether findings are the result of a feature: it has `[research]`, or the mission is of type research.

    A fix feature never has such a result: it has to fix a criterion.
    """
    return not feature.fixes and (feature.research or mission.kind == "research")


def routes(mission: Mission, feature: Feature) -> tuple[Route, ...]:
    """Return the routes of a feature in the order in which they are tried."""
    member = mission.member(feature)
    usual = mission.models.get(RESEARCH if is_research(mission, feature) else WORKERS, "")
    tier = feature.model or (member.model if member else "") or usual
    first = Route((member.runner if member else "") or mission.preferences.runner, tier)
    return (first, *(route for route, _ in _escalation(mission, first)))


def orchestrator_route(mission: Mission) -> Route:
    """Return who judges for the orchestrator: the tier `model_routing.orchestrator` of the mission's runner."""
    return Route(mission.preferences.runner, mission.models.get(ORCHESTRATOR, ""))


def reviewer_routes(mission: Mission) -> tuple[Route, ...]:
    """Return the routes of the reviewers in the order of preference; what one does not name is the usual."""
    return tuple(dict.fromkeys(route for route, _ in reviewers(mission)))


def reviewers(mission: Mission) -> Iterator[tuple[Route, Member | None]]:
    """Yield the route of each reviewer, and its row of the team if it is named as `@AGENT`."""
    usual = Route(mission.preferences.runner, mission.models.get(VALIDATION, ""))
    for text in mission.reviews.reviewers:
        member = mission.member(text[1:]) if text.startswith("@") else None
        own = Route(member.runner or usual.runner, member.model or usual.tier) if member else None
        yield own or (usual if text.startswith("@") else _route(text, usual)), member


def default_runner(configured: Collection[str], usable: Iterable[str], installed: Iterable[str]) -> str:
    """Return the runner of missions that name none; empty if it cannot be chosen.

    The only configured runner; or of several the one that is an agent known by name; without any, the preferred agent
    that can be used, or else that is installed. `usable` and `installed` are such agents, the preferred one first.
    """
    if len(configured) == 1:
        return next(iter(configured))
    return next((name for name in chain(usable, installed) if not configured or name in configured), "")


def runners(mission: Mission, usual: str) -> tuple[str, ...]:
    """Return every runner that a mission may use, the preferred one first; `usual` is the default one."""
    first = Route(mission.preferences.runner or usual, "")
    further = [route.runner for route, _ in _escalation(mission, first)]
    members = [member.runner for f in mission.features() if (member := mission.member(f)) and member.runner]
    reviewers = [route.runner or first.runner for route in reviewer_routes(mission)]
    others = [route.runner for route in stand_ins(mission, first)]
    return tuple(dict.fromkeys((first.runner, *members, *further, *others, *reviewers)))


def has_own_tier(mission: Mission, feature: Feature) -> bool:
    """Whether the file sets the model of this feature, so that the economy tier does not apply to it."""
    member = mission.member(feature)
    return bool(feature.model or (member and member.model))


def workers(mission: Mission, feature: Feature) -> Iterator[tuple[Route, Member | None]]:
    """Yield the routes of a feature in the order in which they are tried, each with the row of the team that works."""
    first = routes(mission, feature)[0]
    yield first, mission.member(feature)
    yield from _escalation(mission, first)


def _escalation(mission: Mission, first: Route) -> Iterator[tuple[Route, Member | None]]:
    """Yield who works when the tries before are used up: `@AGENT`, `orchestrator` or a route, between commas."""
    for text in filter(None, (part.strip() for part in mission.models.get(ESCALATE, "").split(","))):
        member = mission.member(text[1:]) if text.startswith("@") else None
        if member is not None:
            yield Route(member.runner or first.runner, member.model or first.tier), member
        elif text == ORCHESTRATOR:
            runner = mission.preferences.runner or first.runner
            yield Route(runner, mission.models.get(ORCHESTRATOR, "") or first.tier), None
        elif not text.startswith("@"):
            yield _route(text, first), None


def _route(text: str, first: Route) -> Route:
    """Parse `TIER`, `RUNNER:` or `RUNNER:TIER`; missing parts come from the first route."""
    runner, _, tier = text.rpartition(":")
    return Route(runner.strip() or first.runner, tier.strip() or first.tier)
