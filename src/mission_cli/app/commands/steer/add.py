"""Add features and milestones to a mission, even while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, one_line
from mission_cli.app.commands.steer.read_back import open_milestone, read_back, refuse_deadlock
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.editing import patch
from mission_cli.document.editing.insert import LONGEST_CELL
from mission_cli.document.plans.additions import added_feature, added_milestone
from mission_cli.document.plans.checks import feature_problems, milestone_problems, titles_of_mission
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, MissionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.document.changes import AddFeature, Change
    from mission_cli.document.plans.model import PlanFeature
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.problems import Problem
    from mission_cli.engine.context import Context


def add_feature(ctx: Context, text: str, feature: PlanFeature, *, milestone: int | None = None) -> Done:
    """Add a feature to a milestone, by default to the first unfinished one; `about` of the result is its number.

    Raises UsageError if it could not be read back as meant, if its milestone is finished, or if it would never start.
    """

    def change(address: Address) -> Wanted:
        mission = address.mission
        place = open_milestone(address, milestone if milestone is not None else address.milestone)
        number = mission.next_feature_number(place.number)
        added = _added(mission, feature, number, place.number)
        after = read_back(address, patch.apply(address.stored.text, [added], where=address.stored.path)).mission
        _refuse_unlike(feature, after.feature(number))
        refuse_deadlock(after, number)
        title = one_line(feature.title)
        words = f"{number} {title} is added to milestone {place.number}"
        return Wanted(
            words,
            EventKind.FEATURE_ADDED,
            (added,),
            decisions=(f"Add {number} {title}",),
            reason=str(do("add")),
            said="; ".join([words, *_warnings(feature, number, mission)]) + _next(mission),
            about=number,
        )

    return commit_change(ctx, text, change, part=True)


def add_milestone(
    ctx: Context,
    text: str,
    name: str,
    *,
    estimate: str = "",
    criteria: Sequence[str] = (),
    features: Sequence[PlanFeature] = (),
) -> Done:
    """Add a milestone after the last one, with its features; `about` of the result is its number.

    Raises UsageError if it could not be read back as meant, or if it has no feature and would be validated at once.
    """

    def change(address: Address) -> Wanted:
        mission = address.mission
        number = max((m.number for m in mission.milestones), default=0) + 1
        _refuse(milestone_problems(name, number, estimate, list(criteria)))
        added: list[Change] = [added_milestone(number, name, estimate, criteria)]
        for n, feature in enumerate(features, 1):
            added.append(_added(mission, feature, FeatureNumber(f"{number}.{n}"), number))
        after = read_back(address, patch.apply(address.stored.text, added, where=address.stored.path)).mission
        _refuse_other_milestone(one_line(name), features, after.milestone(number))
        if not features and mission.status is MissionStatus.ACTIVE and all(m.finished for m in mission.milestones):
            hint = advise("name its first feature: ", do("add-milestone", mission.id, "NAME", "--feature", "TITLE"))
            raise UsageError("every milestone is finished: one without a feature would be validated at once", hint=hint)
        inside = f" with {counted(len(features), 'feature')}" if features else ""
        words = f"milestone {number} {one_line(name)} is added{inside}"
        then = "" if features else f"; its features: {do('add', mission.id, 'TITLE', '--milestone', number)}"
        return Wanted(
            words,
            EventKind.MILESTONE_ADDED,
            tuple(added),
            decisions=(f"Add milestone {number} {one_line(name)}",),
            reason=str(do("add-milestone")),
            said=words + (then or _next(mission)),
            about=str(number),
        )

    return commit_change(ctx, text, change)


def _refuse_other_milestone(name: str, features: Sequence[PlanFeature], read: Milestone | None) -> None:
    """Raise UsageError if the milestone is not read as it is meant: a name may look like something else."""
    titles = [one_line(feature.title) for feature in features]
    if read is None or read.name != name or read.independent or [f.title for f in read.features] != titles:
        raise UsageError(f"the milestone `{name}` would not be read back as it is", hint="name it differently")


def _added(mission: Mission, feature: PlanFeature, number: FeatureNumber, milestone: int) -> AddFeature:
    """Return the change that adds a feature. Raises UsageError for the first mistake in it."""
    titles = titles_of_mission(mission)
    _refuse(feature_problems(feature, number, titles))
    added = added_feature(feature, number, milestone, titles)
    cell = added.values["Feature"]
    if len(cell) > LONGEST_CELL:
        raise UsageError(f"title and annotations have {len(cell)} characters", hint=f"at most {LONGEST_CELL} fit")
    return added


def _refuse(problems: Iterable[Problem]) -> None:
    """Raise UsageError for the first error."""
    for problem in problems:
        if problem.severity == "error":
            raise UsageError(problem.message, hint=problem.hint)


def _warnings(feature: PlanFeature, number: FeatureNumber, mission: Mission) -> list[str]:
    """Return what weakens a feature: that it has no criterion, or one that passes although something failed."""
    problems = feature_problems(feature, number, titles_of_mission(mission))
    return [f"{one.message} ({one.hint})" if one.hint else one.message for one in problems if one.severity != "error"]


def _refuse_unlike(meant: PlanFeature, read: Feature | None) -> None:
    """Raise UsageError if the feature is not read as it is meant: a text may look like something else."""
    criteria = [asked_criterion(text) for text in meant.criteria]
    same = (
        read is not None
        and read.title == one_line(meant.title)
        and read.status is FeatureStatus.PENDING
        and [(c.kind, c.command, c.fields, c.ticked) for c in read.criteria]
        == [(c.kind, c.command, c.fields, False) for c in criteria]
        and not (read.fixes or read.tries_after or read.repo)
    )
    if not same:
        words = f"the feature `{one_line(meant.title, 80)}` would not be read back as it is"
        raise UsageError(words, hint="write its title and criteria differently")


def _next(mission: Mission) -> str:
    """Return the command that is needed before anything starts, as the end of a sentence."""
    if mission.status in FINISHED_MISSION:
        return f"; {mission.id} is {mission.status}, to continue it: {do('start', mission.id)}"
    return ""
