"""A plan as a tree, for the person who approves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.document.plans.model import (
        Plan,
        PlanFeature,
        PlanMilestone,
    )


_CRITERIA = "criteria of the milestone"


def plan_view(plan: Plan) -> Tree:
    """Return milestones, features and criteria, then what is excluded and the constraints."""
    tree = Tree(_named(plan.title, [f"{plan.mode} mode", _budget(plan), f"by {plan.preferences.runner}"], "bold"))
    for number, milestone in enumerate(plan.milestones, 1):
        _milestone(tree, number, milestone)
    _list(tree, "not included", plan.non_goals)
    _list(tree, "constraints", plan.constraints)
    return tree


def _milestone(tree: Tree, number: int, milestone: PlanMilestone) -> None:
    branch = tree.add(_named(f"Milestone {number}: {milestone.name}", [milestone.estimate], "bold cyan"))
    for place, feature in enumerate(milestone.features, 1):
        _feature(branch, f"{number}.{place}", feature)
    _list(branch, _CRITERIA, milestone.validation)


def _feature(branch: Tree, number: str, feature: PlanFeature) -> None:
    after = f"after {', '.join(feature.depends)}" if feature.depends else ""
    twig = branch.add(_named(f"{number} {feature.title}", [feature.estimate, after]))
    if feature.description:
        twig.add(Text(clean(" ".join(feature.description.split())), style="dim"))
    for criterion in feature.criteria:
        twig.add(Text(clean(criterion), style="green"))


def _list(tree: Tree, name: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if lines:
        branch = tree.add(Text(name, style="dim"))
        for line in lines:
            branch.add(Text(clean(line), style="green" if name == _CRITERIA else ""))


def _named(name: str, facts: list[str], style: str = "") -> Text:
    text = Text(clean(name), style=style)
    words = ", ".join(filter(None, facts))
    return text.append(f"  ({clean(words)})", style="dim") if words else text


def _budget(plan: Plan) -> str:
    budget = plan.budget
    caps = [("${}", budget.money_usd), ("{}h", budget.time_hours), ("{} tokens", budget.token_limit)]
    words = [form.format(f"{cap:g}") for form, cap in caps if isinstance(cap, float) and cap]
    words += ["without a cap"] if "unlimited" in (budget.money_usd, budget.time_hours, budget.token_limit) else []
    return f"at most {' and '.join(words)}" if words and words != ["without a cap"] else "without a cap"
