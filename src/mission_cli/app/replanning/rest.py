"""What of a mission has not begun, as a plan that can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.document.plans.outlined import outline_of_plan
from mission_cli.document.plans.rest import plan_of_rest
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.notice import do
from mission_cli.domain.outline.difference import difference, milestones_paired
from mission_cli.domain.outline.pairing import paired
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.outline.difference import Differences
    from mission_cli.domain.outline.model import Outline
    from mission_cli.domain.runs.record import RunRecord


@dataclass(frozen=True, slots=True)
class Rest:
    """The features that have not begun, as a plan; `numbers` and `milestones` lead from the plan to the mission."""

    plan: Plan
    numbers: Mapping[str, FeatureNumber]
    milestones: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Replan:
    """A changed rest: where its features come from, and the numbers that they have in the mission then."""

    plan: Plan
    kept: Mapping[str, str]
    """Features that stay as they are: their number in the new plan by the one in the rest."""
    numbers: Mapping[str, FeatureNumber]
    """In the mission, by the number in the new plan."""
    milestones: Mapping[int, int]
    """The same for milestones."""
    origins: Mapping[str, str]
    """The number in the rest of what a changed feature was, by its number in the new plan."""
    found: Differences


def rest_of(mission: Mission, records: Iterable[RunRecord]) -> Rest:
    """Return what has not begun: no attempt was made at it, and its milestone is not finished. Raises BlockedError."""
    begun = {record.feature for record in records}
    numbers = [
        f.number
        for m in mission.milestones
        for f in m.features
        if not (m.finished or f.fixes or f.broken or f.worker or f.number in begun)
        and f.status is FeatureStatus.PENDING
    ]
    if not numbers:
        raise BlockedError("every feature has begun or is finished", hint=do("add", mission.id, "TITLE"))
    chosen = [(m.number, [f.number for f in m.features if f.number in numbers]) for m in mission.milestones]
    stages = [(number, features) for number, features in chosen if features]
    return Rest(
        plan_of_rest(mission, numbers, judged=True),
        {f"{m}.{n}": number for m, (_, found) in enumerate(stages, 1) for n, number in enumerate(found, 1)},
        {m: number for m, (number, _) in enumerate(stages, 1)},
    )


def replanned(mission: Mission, rest: Rest, plan: Plan) -> Replan:
    """Return what a changed rest means for a mission. Raises BlockedError if milestones are in another order."""
    old, new = outline_of_plan(rest.plan), outline_of_plan(plan)
    pairs = paired(old, new)
    stages = milestones_paired(old, new, pairs)
    last = max((m.number for m in mission.milestones), default=0)
    homes = {now: rest.milestones[was] for was, now in stages.items()}
    for stage in new.milestones:
        if stage.number not in homes:
            last += 1
            homes[stage.number] = last
    order = [homes[stage.number] for stage in new.milestones]
    if order != sorted(order):
        words = "milestones cannot change their order, and new ones come after the others"
        raise BlockedError(words, hint="move features between milestones instead")
    kept = _kept(rest, plan, old, new, pairs.same, stages)
    numbers = {now: rest.numbers[was] for was, now in kept.items()}
    for stage in new.milestones:
        first = int(mission.next_feature_number(homes[stage.number]).partition(".")[2])
        for feature in stage.features:
            if feature.number not in numbers:
                numbers[feature.number] = FeatureNumber(f"{homes[stage.number]}.{first}")
                first += 1
    shown = difference(
        _renamed(old, rest.numbers, rest.milestones, {}),
        _renamed(
            new, numbers, homes, {now: old.milestones[was - 1].criteria for was, now in stages.items()}, old.title
        ),
    )
    origins = {now: was for was, now in pairs.same.items()}
    return Replan(plan, kept, numbers, homes, origins, shown)


def _kept(
    rest: Rest, plan: Plan, old: Outline, new: Outline, same: Mapping[str, str], stages: Mapping[int, int]
) -> dict[str, str]:
    """Return the features that do not change, and that depend on nothing that does."""
    before = {f"{m}.{n}": f for m, s in enumerate(rest.plan.milestones, 1) for n, f in enumerate(s.features, 1)}
    after = {f"{m}.{n}": f for m, s in enumerate(plan.milestones, 1) for n, f in enumerate(s.features, 1)}
    needs_before = {f.number: f.depends for f in old.features()}
    needs_after = {f.number: f.depends for f in new.features()}
    kept = {
        was: now
        for was, now in same.items()
        if before[was].model_copy(update={"depends": []}) == after[now].model_copy(update={"depends": []})
        and stages.get(int(was.partition(".")[0])) == int(now.partition(".")[0])
    }
    while True:
        fit = {
            was: now
            for was, now in kept.items()
            if {kept.get(need) for need in needs_before[was]} == set(needs_after[now])
        }
        if len(fit) == len(kept):
            return kept
        kept = fit


def _renamed(
    outline: Outline,
    numbers: Mapping[str, FeatureNumber],
    homes: Mapping[int, int],
    criteria: Mapping[int, tuple[str, ...]],
    title: str = "",
) -> Outline:
    """Return an outline with the numbers of the mission, and only with what a re-plan changes."""
    milestones = tuple(
        replace(
            stage,
            number=homes[stage.number],
            criteria=criteria.get(stage.number, stage.criteria),
            features=tuple(
                replace(
                    f, number=numbers[f.number], depends=tuple(numbers[need] for need in f.depends if need in numbers)
                )
                for f in stage.features
            ),
        )
        for stage in outline.milestones
    )
    return replace(outline, title=title or outline.title, milestones=milestones, lists=(), facts=())
