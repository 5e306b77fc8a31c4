"""Who works at a feature: a runner and a tier of its models, and who comes next when its tries are used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.mission import Feature, Mission

WORKERS, RESEARCH, ECONOMY, ESCALATE = "workers", "research", "economy", "escalate"
"""Names in `model_routing` that the loop reads; `orchestrator` is read when a plan is made."""


@dataclass(frozen=True, slots=True)
class Route:
    """A runner of the settings, and a tier or model of it; an empty tier is the runner's own choice."""

    runner: str
    tier: str


def is_research(mission: Mission, feature: Feature) -> bool:
    """Whether findings are a feature's result: it says `[research]`, or the mission is of type research.

    A fix feature is none: what it has to mend is a criterion.
    """
    return not feature.fixes and (feature.research or mission.kind == "research")


def routes(mission: Mission, feature: Feature) -> tuple[Route, ...]:
    """The routes of a feature in the order in which they are tried."""
    member = mission.member(feature)
    usual = mission.models.get(RESEARCH if is_research(mission, feature) else WORKERS, "")
    tier = feature.model or (member.model if member else "") or usual
    first = Route((member.runner if member else "") or mission.preferences.runner, tier)
    further = mission.models.get(ESCALATE, "")
    return (first, _route(further, first)) if further else (first,)


def runners(mission: Mission) -> tuple[str, ...]:
    """Every runner that a mission may use, the first one first."""
    first = Route(mission.preferences.runner, "")
    further = _route(mission.models.get(ESCALATE, ""), first)
    members = [member.runner for f in mission.features() if (member := mission.member(f)) and member.runner]
    return tuple(dict.fromkeys((first.runner, *members, further.runner)))


def has_own_tier(mission: Mission, feature: Feature) -> bool:
    """Whether the file says for this feature which model does it: then money that runs short changes nothing."""
    member = mission.member(feature)
    return bool(feature.model or (member and member.model))


def _route(text: str, first: Route) -> Route:
    """`TIER`, `RUNNER:` or `RUNNER:TIER`; what is not said stays as it is in the first route."""
    runner, _, tier = text.rpartition(":")
    return Route(runner.strip() or first.runner, tier.strip() or first.tier)
