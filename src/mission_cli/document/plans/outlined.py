"""A plan as an outline, to compare it with another one or with a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, parse_duration
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.checks import named_feature, titles_of
from mission_cli.domain.outline.model import Outline, OutlinedFeature, OutlinedMilestone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.document.plans.model import Plan, PlanResource

_CAPS = (("money_usd", "cap in dollars"), ("time_hours", "cap in hours"), ("token_limit", "cap in tokens"))


def outline_of_plan(plan: Plan) -> Outline:
    """Return the outline of a plan; criteria are as a mission file has them."""
    titles = titles_of(plan)
    milestones = tuple(
        OutlinedMilestone(
            m,
            one.name,
            _criteria(one.validation),
            parse_duration(one.estimate),
            tuple(
                OutlinedFeature(
                    f"{m}.{n}",
                    feature.title,
                    one_line(feature.description, len(feature.description) + 1),
                    _criteria(feature.criteria),
                    tuple(named_feature(name, titles) for name in feature.depends),
                    parse_duration(feature.estimate),
                    tuple(feature.files),
                )
                for n, feature in enumerate(one.features, 1)
            ),
        )
        for m, one in enumerate(plan.milestones, 1)
    )
    lists = (
        ("not included", tuple(plan.non_goals)),
        ("constraints", tuple(plan.constraints)),
        ("assumed", tuple(plan.assumptions)),
        ("the goal is reached when", tuple(plan.success_criteria)),
        ("needed from you", tuple(_resources(plan.resources))),
        ("probe", (plan.probe.assumption,) if plan.probe is not None else ()),
        ("found out first", tuple(one.topic for one in plan.research)),
    )
    return Outline(plan.title, milestones, lists, tuple(_facts(plan)))


def _criteria(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(asked_criterion(text).text for text in texts)


def _resources(rows: Iterable[PlanResource]) -> Iterator[str]:
    for row in rows:
        yield f"{row.name} ({row.type})" if row.type else row.name


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "mode", plan.mode
    for key, name in _CAPS:
        cap = getattr(plan.budget, key)
        if cap:
            yield name, cap if isinstance(cap, str) else f"{cap:g}"
    if plan.deadline:
        yield "deadline", plan.deadline
