"""Who works at a feature: a runner and a tier of its models, and who comes next when its tries are used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.records import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Mission

WORKERS, ECONOMY, ESCALATE = "workers", "economy", "escalate"
"""Names in `model_routing`."""


@dataclass(frozen=True, slots=True)
class Route:
    """A runner of the settings, and a tier or model of it; an empty tier is the runner's own choice."""

    runner: str
    tier: str


def routes(mission: Mission, feature: Feature) -> tuple[Route, ...]:
    """The routes of a feature in the order in which they are tried."""
    first = Route(mission.preferences.runner, feature.model or mission.models.get(WORKERS, ""))
    further = mission.models.get(ESCALATE, "")
    return (first, _route(further, first)) if further else (first,)


def runners(mission: Mission) -> tuple[str, ...]:
    """Every runner that a mission may use, the first one first."""
    first = Route(mission.preferences.runner, "")
    further = _route(mission.models.get(ESCALATE, ""), first)
    return tuple(dict.fromkeys((first.runner, further.runner)))


def _route(text: str, first: Route) -> Route:
    """`TIER`, `RUNNER:` or `RUNNER:TIER`; what is not said stays as it is in the first route."""
    runner, _, tier = text.rpartition(":")
    return Route(runner.strip() or first.runner, tier.strip() or first.tier)
