"""Warnings about the shape of a plan: estimates that contradict each other, files that features share, ceremony."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, show_duration
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.outlined import outline_of_plan
from mission_cli.document.plans.problems import place_of
from mission_cli.domain.outline.areas import collision_words, collisions
from mission_cli.domain.outline.pairing import words_of
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import yaml

    from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone
    from mission_cli.domain.outline.model import Outline, OutlinedMilestone

SMALL = timedelta(hours=1)
"""Work up to this is one milestone with one feature."""
FREE = 0.2
"""The part of a budget that a plan leaves free, for failed attempts and fixes."""
_TOO_MUCH = 1.5
"""How many times the sum of its features the estimate of a milestone may be."""
_PATHS_ALONE = frozenset({CriterionKind.FILE, CriterionKind.GREP})


def shape_problems(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield warnings that a model can correct: parallel features that share files, and needless ceremony."""
    outline = outline_of_plan(plan)
    yield from _shared_files(plan, outline, root)
    if len(plan.milestones) > 1 and _all_estimated(outline) and outline.work <= SMALL:
        words = f"{len(plan.milestones)} milestones for {show_duration(outline.work)} of work by estimate"
        hint = "one milestone with one feature is enough"
        yield Problem(*place_of(root, ("milestones",)), words, hint, Severity.WARNING)


def sum_problems(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield warnings about sums of estimates, and about features that are certainly not needed."""
    outline = outline_of_plan(plan)
    for m, stage in enumerate(outline.milestones):
        yield from _milestone_sum(stage, root, ("milestones", m, "estimate"))
    cap = plan.budget.time_hours
    if isinstance(cap, float) and cap and _all_estimated(outline):
        yield from _hours(outline.work, timedelta(hours=cap), place_of(root, ("budget", "time_hours")))
    yield from _unneeded(plan, root)


def _shared_files(plan: Plan, outline: Outline, root: yaml.Node | None) -> Iterator[Problem]:
    if plan.mode == "poc" or plan.preferences.max_parallel_workers == 1:
        return
    for m, stage in enumerate(outline.milestones):
        for one, other, paths in collisions(stage.features):
            n = int(other.number.partition(".")[2]) - 1
            words = collision_words(one, other, paths)
            hint = f'add `depends: ["{one.number}"]`, or give them different `files`'
            yield Problem(*place_of(root, ("milestones", m, "features", n, "files")), words, hint, Severity.WARNING)


def _all_estimated(outline: Outline) -> bool:
    return all(feature.estimate is not None for feature in outline.features())


def _milestone_sum(stage: OutlinedMilestone, root: yaml.Node | None, place: tuple[str | int, ...]) -> Iterator[Problem]:
    """Compare the estimate of a milestone with its features: it takes at least as long as those that wait."""
    estimates = {feature.number: feature.estimate for feature in stage.features}
    known = {number: estimate for number, estimate in estimates.items() if estimate is not None}
    if stage.estimate is None or len(known) < len(estimates):
        return
    total, longest = sum(known.values(), timedelta()), _longest_chain(stage, known)
    said, hint = f"milestone {stage.number} is estimated at {show_duration(stage.estimate)}", ""
    if stage.estimate < longest:
        words = f"{said}, but its features that wait for each other take {show_duration(longest)}"
        hint = f"write {_hours_of(longest)}, or more"
    elif stage.estimate > total * _TOO_MUCH:
        words, hint = f"{said}, but its features take {show_duration(total)} together", f"write {_hours_of(total)}"
    if hint:
        yield Problem(*place_of(root, place), words, hint, Severity.WARNING)


def _hours_of(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.3g}h"


def _longest_chain(stage: OutlinedMilestone, known: Mapping[str, timedelta]) -> timedelta:
    """Return how long the features take that wait for each other; a plan with circles has errors before."""
    needs = {feature.number: [n for n in feature.depends if n in known] for feature in stage.features}
    ends: dict[str, timedelta] = {}
    for _ in needs:
        for number, before in needs.items():
            ends[number] = known[number] + max((ends.get(n, timedelta()) for n in before), default=timedelta())
    return max(ends.values(), default=timedelta())


def _hours(work: timedelta, cap: timedelta, at: tuple[int, int]) -> Iterator[Problem]:
    if work > cap * (1 - FREE):
        left = f"{show_duration(cap - work)} free" if work < cap else "nothing free"
        words = f"the features are estimated at {show_duration(work)}, which leaves {left} of {show_duration(cap)}"
        hint = f"a fifth is left for failed attempts and fixes: plan at most {show_duration(cap * (1 - FREE))}"
        yield Problem(*at, words, hint, Severity.WARNING)


def _unneeded(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield a warning for each feature that is certainly not needed: a non-goal, or one that would not be missed."""
    needed = {name for feature in outline_of_plan(plan).features() for name in feature.depends}
    for m, milestone in enumerate(plan.milestones):
        paths = _judged_paths(milestone)
        for n, feature in enumerate(milestone.features):
            number, place = f"{m + 1}.{n + 1}", place_of(root, ("milestones", m, "features", n))
            shown = f"{number} `{one_line(feature.title, 80)}`"
            for line in plan.non_goals:
                if words_of(line) and words_of(line) <= words_of(feature.title):
                    words = f"{shown} is what `non_goals` excludes: `{one_line(line, 80)}`"
                    yield Problem(*place, words, "remove one of the two", Severity.WARNING)
            dependent = number in needed or f"{m + 1}.*" in needed
            if not (dependent or feature.criteria or feature.research or paths is None or _paths(feature) & paths):
                words = f"nothing would notice if {shown} were not built"
                hint = "it has no criterion, no feature depends on it, and no criterion of its milestone looks at it"
                yield Problem(*place, words, hint, Severity.WARNING)


def _judged_paths(milestone: PlanMilestone) -> set[str] | None:
    """Return the paths that the criteria of a milestone name; None if one may look at anything."""
    criteria = [asked_criterion(text) for text in milestone.validation]
    if not criteria or any(one.kind not in _PATHS_ALONE for one in criteria):
        return None
    return {path for one in criteria for path in one.paths}


def _paths(feature: PlanFeature) -> set[str]:
    return {*feature.files, *(path for text in feature.criteria for path in asked_criterion(text).paths)}
