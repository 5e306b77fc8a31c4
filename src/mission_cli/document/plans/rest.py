"""The plan of features that a mission has left out, for a mission that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import plain_number
from mission_cli.document.criteria.item import item_text
from mission_cli.document.plans.model import Plan, PlanAgent, PlanFeature, PlanMilestone, PlanModels
from mission_cli.domain.team.limits import limits_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.tables import Member


def plan_of_rest(mission: Mission, numbers: Collection[FeatureNumber], *, judged: bool = False) -> Plan:
    """Return a plan with these features, in their milestones; what they depend on and is not among them is done.

    A milestone has its criteria if all its features are among them, or if it is `judged` in any case.
    Caps, gates and held-out criteria are not taken over: they are decisions about one mission.
    """
    new: dict[FeatureNumber, str] = {}
    rest = [(m, [f for f in m.features if f.number in numbers and not f.fixes]) for m in mission.milestones]
    rest = [(milestone, features) for milestone, features in rest if features]
    for m, (_, features) in enumerate(rest, 1):
        new.update({feature.number: f"{m}.{n}" for n, feature in enumerate(features, 1)})
    milestones = [_milestone(milestone, features, new, judged=judged) for milestone, features in rest]
    assigned = {feature.assign.casefold() for _, features in rest for feature in features}
    team = [member for member in mission.team if member.agent.casefold() in assigned]
    models = {name: tier for name, tier in mission.models.items() if name in PlanModels.model_fields}
    return Plan(
        title=f"Follow-up of {mission.title or mission.id}",
        goal=f"Do what {mission.id} has left out.",
        type=mission.kind,
        mode="poc" if mission.poc else "full",
        model_routing=PlanModels(**models),
        constraints=list(mission.constraints),
        team=[_agent(member) for member in team],
        milestones=milestones,
    )


def _milestone(
    milestone: Milestone, features: Sequence[Feature], new: Mapping[FeatureNumber, str], *, judged: bool
) -> PlanMilestone:
    """Return a milestone; its criteria belong to all its features together."""
    whole = judged or len(features) == sum(1 for feature in milestone.features if not feature.fixes)
    return PlanMilestone(
        name=milestone.name or f"Milestone {milestone.number}",
        validation=[_criterion(criterion) for criterion in milestone.criteria] if whole else [],
        independent=milestone.independent,
        features=[planned_feature(feature, new) for feature in features],
    )


def _agent(member: Member) -> PlanAgent:
    return PlanAgent(
        name=member.agent,
        role=member.role,
        runner=member.runner,
        model=member.model,
        max_parallel=str(member.max_parallel or ""),
        volatile=member.volatile,
        skills=member.skills,
        instructions=member.instructions,
        limits=limits_text(member.limits),
    )


def planned_feature(feature: Feature, new: Mapping[FeatureNumber, str]) -> PlanFeature:
    """Return a feature of a mission as a plan has it; `new` are the numbers there, of those that are in the plan."""
    return PlanFeature(
        title=feature.title,
        description=feature.description,
        estimate=f"{plain_number(feature.estimate_hours)}h" if feature.estimate_hours else "",
        criteria=[_criterion(criterion) for criterion in feature.criteria],
        depends=[new[number] for number in feature.depends if number in new],
        assign=feature.assign,
        model=feature.model,
        parallel_group=feature.group,
        files=list(feature.files),
        needs=list(feature.needs),
        research=feature.research and not feature.topic,
        topic=feature.topic,
        notify=list(feature.notify),
        limits=limits_text(feature.limits),
        side_effects=feature.side_effects,
        task=feature.task,
        worth=feature.worth,
        on=list(feature.on),
    )


def _criterion(criterion: Criterion) -> str:
    return item_text(criterion) or criterion.text
