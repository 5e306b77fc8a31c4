"""A plan as a model changed it, with everything that only a person decides as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.document.plans.answer import DECIDED_OF_FEATURE, DECIDED_OF_MILESTONE, DECIDED_OF_PLAN
from mission_cli.document.plans.outlined import outline_of_plan
from mission_cli.domain.outline.difference import milestones_paired
from mission_cli.domain.outline.pairing import paired

if TYPE_CHECKING:
    from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone


def carried(before: Plan, answer: Plan) -> Plan:
    """Return the plan of an answer with what a model may not decide from the plan before, as far as it is still there.

    What is said of a feature or a milestone goes with it, whatever its number or title is now.
    """
    old, new = outline_of_plan(before), outline_of_plan(answer)
    pairs = paired(old, new)
    features = {now: was for was, now in pairs.same.items()}
    stages = {now: was for was, now in milestones_paired(old, new, pairs).items()}
    milestones = [
        _milestone(before, milestone, m, stages.get(m, 0), features) for m, milestone in enumerate(answer.milestones, 1)
    ]
    decided = {key: getattr(answer, key) for key in DECIDED_OF_PLAN if key != "milestones"}
    known = {one.topic.casefold(): one for one in before.research}
    topics = [
        one.model_copy(update={"review": was.review, "max_usd": was.max_usd})
        if (was := known.get(one.topic.casefold()))
        else one
        for one in answer.research
    ]
    probe = answer.probe
    if probe is not None and before.probe is not None and probe.assumption == before.probe.assumption:
        probe = probe.model_copy(update={"max_usd": before.probe.max_usd})
    return before.model_copy(update={**decided, "research": topics, "probe": probe, "milestones": milestones})


def _milestone(before: Plan, answer: PlanMilestone, number: int, was: int, features: dict[str, str]) -> PlanMilestone:
    made = [
        _feature(before, feature, features.get(f"{number}.{n}", "")) for n, feature in enumerate(answer.features, 1)
    ]
    kept = before.milestones[was - 1] if was else answer
    return kept.model_copy(update={**_of(answer, DECIDED_OF_MILESTONE), "features": made})


def _feature(before: Plan, answer: PlanFeature, was: str) -> PlanFeature:
    if not was:
        return answer
    milestone, place = (int(part) - 1 for part in was.split("."))
    return before.milestones[milestone].features[place].model_copy(update=_of(answer, DECIDED_OF_FEATURE))


def _of(answer: PlanMilestone | PlanFeature, keys: frozenset[str]) -> dict[str, Any]:
    return {key: getattr(answer, key) for key in keys}
