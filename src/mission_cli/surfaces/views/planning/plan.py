"""A plan as a tree in lines, for the person who approves it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.shown import quantity_of
from mission_cli._support.text import counted, parse_duration, show_duration
from mission_cli.surfaces.lines import BLANK, GAP, cells, line, said, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone, PlanResearch, PlanResource
    from mission_cli.surfaces.lines import Line


_CRITERIA = "criteria of the milestone"
_LEAST_TEXT = 16


@dataclass(frozen=True, slots=True)
class _Node:
    text: str
    style: str = ""
    facts: str = ""
    """Stand behind the text, in parentheses."""
    below: tuple[_Node, ...] = ()


def plan_lines(plan: Plan, width: int, *, full: bool = True, there: Sequence[str] = ()) -> list[Line]:
    """Return milestones and features, what is in and what is out, what has to be there, and at the end the totals.

    `full`: with the goal, and with descriptions, files and criteria of features and milestones. `there`: what the
    repository and this machine have already.
    """
    by = f"by {said(plan.preferences.runner)}" if plan.preferences.runner else ""
    facts = ", ".join(filter(None, (f"{plan.mode} mode", budget_of(plan), by)))
    below = [_milestone(number, milestone, full=full) for number, milestone in enumerate(plan.milestones, 1)]
    below += _list("the goal is reached when", plan.success_criteria)
    below += _list("not included", plan.non_goals)
    below += _list("constraints", plan.constraints)
    below += _list("assumed", plan.assumptions)
    below += _list("the riskiest assumption", [plan.probe.assumption] if plan.probe is not None else [])
    below += _list("there already", there)
    below += _list("found out first", [_topic(one) for one in plan.research])
    below += _list("needed from you", [_resource(one) for one in plan.resources])
    tree = _Node(plan.title, "bold", facts, tuple(below))
    return [*_drawn(tree, width, "", ""), BLANK, line((totals_of(plan), "bold"))]


def _resource(one: PlanResource) -> str:
    kind = f" ({one.type})" if one.type else ""
    return f"{one.name}{kind}: {one.purpose}" if one.purpose else f"{one.name}{kind}"


def _topic(one: PlanResearch) -> str:
    needed = f"for {', '.join(one.needed_by)}" if one.needed_by else "for all features"
    cap = f"at most {quantity_of('usd', Decimal(str(one.max_usd)))}" if one.max_usd else ""
    facts = ", ".join(filter(None, (needed, cap, "you look at it before they start" if one.review else "")))
    return f"{one.topic}{f': {one.question}' if one.question else ''} ({facts})"


def _milestone(number: int, milestone: PlanMilestone, *, full: bool) -> _Node:
    features = [_feature(f"{number}.{place}", one, full=full) for place, one in enumerate(milestone.features, 1)]
    below = (*features, *(_list(_CRITERIA, milestone.validation, "green") if full else ()))
    return _Node(f"Milestone {number}: {milestone.name}", "bold cyan", _estimate(milestone.estimate), below)


def _feature(number: str, feature: PlanFeature, *, full: bool) -> _Node:
    after = f"after {', '.join(feature.depends)}" if feature.depends else ""
    below = []
    if full:
        below += [_Node(feature.description, "dim")] if feature.description.strip() else []
        below += [_Node(f"files: {', '.join(feature.files)}", "dim")] if feature.files else []
        below += [_Node(criterion, "green") for criterion in feature.criteria]
    facts = ", ".join(filter(None, (_estimate(feature.estimate), after)))
    return _Node(f"{number} {feature.title}", facts=facts, below=tuple(below))


def _list(name: str, texts: Sequence[str], style: str = "") -> list[_Node]:
    return [_Node(name, "dim", below=tuple(_Node(text, style) for text in texts))] if texts else []


def _drawn(node: _Node, width: int, first: str, rest: str) -> Iterator[Line]:
    """Yield a node and what is below it; `first` and `rest` stand before its first line and all others."""
    room = max(_LEAST_TEXT, width - cells(rest)) if width else 0
    text, facts = said(node.text), f"({said(node.facts)})" if node.facts else ""
    rows = [(row, node.style) for row in wrap(text, room)]
    beside = facts and (not room or cells(rows[-1][0]) + len(GAP) + cells(facts) <= room)
    more = [] if beside or not facts else [(row, "dim") for row in wrap(facts, room)]
    for at, (row, style) in enumerate([*rows, *more]):
        tail = [(GAP, ""), (facts, "dim")] if beside and at == len(rows) - 1 else []
        yield line((rest if at else first, "dim"), (row, style), *tail)
    for one in node.below:
        last = one is node.below[-1]
        yield from _drawn(one, width, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   "))


def _estimate(text: str) -> str:
    """Return an estimate as other durations are shown; one that cannot be read stays as it is."""
    found = parse_duration(text)
    return text if found is None else show_duration(found)


def totals_of(plan: Plan) -> str:
    """Return the numbers of milestones and features, and the sum of the estimates as far as there are any."""
    features = [feature for milestone in plan.milestones for feature in milestone.features]
    words = f"{counted(len(plan.milestones), 'milestone')}, {counted(len(features), 'feature')}"
    estimates = [parse_duration(feature.estimate) for feature in features]
    if not any(estimates):
        estimates = [parse_duration(milestone.estimate) for milestone in plan.milestones]
    known = [estimate for estimate in estimates if estimate is not None]
    if not known:
        return words
    missing = len(estimates) - len(known)
    without = f" ({missing} without an estimate)" if missing else ""
    return f"{words}, {show_duration(sum(known, timedelta()))} of work by estimate{without}; {budget_of(plan)}"


def budget_of(plan: Plan) -> str:
    """Return the caps of a plan in words."""
    budget = plan.budget
    caps = (("usd", budget.money_usd), ("hours", budget.time_hours), ("tokens", budget.token_limit))
    words = [quantity_of(category, Decimal(str(cap))) for category, cap in caps if isinstance(cap, float) and cap]
    words += ["without a cap"] if "unlimited" in (budget.money_usd, budget.time_hours, budget.token_limit) else []
    return f"at most {' and '.join(words)}" if words and words != ["without a cap"] else "without a cap"
