"""Features and milestones of a plan as changes that add them to a mission file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.document.changes import AddFeature, AddMilestone
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.plans.answer import plain_name
from mission_cli.document.plans.plan import feature_cell
from mission_cli.document.plans.researched import with_research
from mission_cli.document.syntax import escape
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.document.plans.model import Plan, PlanFeature


def added_feature(
    feature: PlanFeature, number: FeatureNumber, milestone: int, titles: Mapping[str, list[FeatureNumber]]
) -> AddFeature:
    """Return the change that adds a feature; `titles` are the features that it may name as dependencies."""
    cell = feature_cell(feature, titles)
    values = {"#": number, "Feature": cell, "Status": str(FeatureStatus.PENDING), "Estimate": feature.estimate}
    description = escape.prose(feature.description) if feature.description.strip() else ""
    return AddFeature(milestone, number, values, feature.title, description, items_of(feature.criteria))


def added_milestone(number: int, name: str, estimate: str, criteria: Sequence[str]) -> AddMilestone:
    """Return the change that adds a milestone without features."""
    return AddMilestone(number, one_line(name), estimate, items_of(criteria))


def items_of(criteria: Sequence[str]) -> tuple[str, ...]:
    """Return criteria of a plan as the items of a mission file."""
    return tuple(item_text(asked_criterion(text)) for text in criteria)


def added_plan(plan: Plan, after: int) -> Iterator[AddMilestone | AddFeature]:
    """Yield the changes that add the milestones of a plan after the milestone `after`, dependencies included."""
    for m, milestone in enumerate(with_research(plan).milestones, 1):
        number = after + m
        yield added_milestone(number, plain_name(milestone.name), milestone.estimate, milestone.validation)
        for n, feature in enumerate(milestone.features, 1):
            depends = [_later(name, after) for name in feature.depends]
            moved = feature.model_copy(update={"depends": depends})
            yield added_feature(moved, FeatureNumber(f"{number}.{n}"), number, {})


def _later(number: str, after: int) -> str:
    """Return the number of a feature of the plan in the mission."""
    milestone, _, place = number.partition(".")
    return f"{int(milestone) + after}.{place}"
