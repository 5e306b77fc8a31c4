"""Show what a changed rest means, and make it the plan of the mission: one edit, and only what has not begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.steer.read_back import read_back, refuse_deadlock
from mission_cli.app.replanning.rest import replanned, rest_of
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import SetFeature, SetMilestone
from mission_cli.document.editing import patch
from mission_cli.document.plans.additions import added_feature, added_milestone
from mission_cli.document.plans.plan import write_plan
from mission_cli.domain.errors import BlockedError, ConflictError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import FINISHED_MISSION, FeatureStatus, MilestoneStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.addressing import Address
    from mission_cli.app.replanning.rest import Replan, Rest
    from mission_cli.document.changes import Change
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

_MOST_ROWS = 12


def rest_text(ctx: Context, text: str) -> str:
    """Return what has not begun of a mission as the text of a plan. Raises BlockedError."""
    return write_plan(_rest(ctx, resolve(ctx.state.snapshot(), text)).plan)


def proposed(ctx: Context, text: str, plan: Plan) -> Replan:
    """Return what a changed rest would change in a mission; nothing is written. Raises BlockedError."""
    address = resolve(ctx.state.snapshot(), text)
    return replanned(address.mission, _rest(ctx, address), plan)


def apply(ctx: Context, text: str, seen: str, plan: Plan, *, reason: str = "") -> Done:
    """Replace what has not begun by a changed plan. `seen`: the rest from which the plan was made.

    Raises ConflictError if that rest is another one now, UsageError if the result could not be read back.
    """

    def change(address: Address) -> Wanted:
        mission, rest = address.mission, _rest(ctx, address)
        if write_plan(rest.plan) != seen:
            hint = do("replan", mission.id)
            raise ConflictError("the rest of the mission has changed since this plan was made from it", hint=hint)
        new = replanned(mission, rest, plan)
        if not new.found:
            return Wanted(f"{mission.id} keeps its plan: nothing changes")
        changes = tuple(_changes(mission, rest, new))
        after = read_back(address, patch.apply(address.stored.text, changes, where=address.stored.path)).mission
        for number in new.numbers.values():
            refuse_deadlock(after, number)
        rows = [f"Re-plan: {one.words}" for one in new.found.changes]
        more = [f"Re-plan: {counted(len(rows) - _MOST_ROWS, 'more change')}"] if len(rows) > _MOST_ROWS else []
        words = f"the rest of {mission.id} is planned again: {counted(len(rows), 'change')}"
        why = f"{reason or 'a changed plan'}; the alternative was to keep the plan"
        return Wanted(words, EventKind.MISSION_EDITED, changes, decisions=(*rows[:_MOST_ROWS], *more), reason=why)

    return commit_change(ctx, text, change)


def _rest(ctx: Context, address: Address) -> Rest:
    address.need_whole()
    if address.mission.status in FINISHED_MISSION:
        hint = do("start", address.mission.id)
        raise BlockedError(f"{address.mission.id} is {address.mission.status}", hint=hint)
    return rest_of(address.mission, records_of(ctx, address))


def _changes(mission: Mission, rest: Rest, new: Replan) -> Iterator[Change]:
    """Yield the edit: changed and removed features are skipped, changed and new ones are added."""
    gone = {number for was, number in rest.numbers.items() if was not in new.kept}
    yield from (SetFeature(number, "Status", FeatureStatus.SKIPPED) for number in gone)
    known = {milestone.number for milestone in mission.milestones}
    filled = set()
    for m, stage in enumerate(new.plan.milestones, 1):
        home = new.milestones[m]
        if home not in known:
            yield added_milestone(home, stage.name, stage.estimate, stage.validation)
        for n, feature in enumerate(stage.features, 1):
            filled.add(home)
            if f"{m}.{n}" in new.kept.values():
                continue
            needs = [new.numbers[need] for need in _needs(new, f"{m}.{n}") if need in new.numbers]
            moved = feature.model_copy(update={"depends": [*needs, *_begun(mission, rest, new, f"{m}.{n}")]})
            yield added_feature(moved, new.numbers[f"{m}.{n}"], home, {})
    for milestone in mission.milestones:
        left = [f for f in milestone.features if f.number not in gone and f.status is not FeatureStatus.SKIPPED]
        emptied = any(f.number in gone for f in milestone.features) and not left and milestone.number not in filled
        if emptied and not milestone.finished:
            yield SetMilestone(milestone.number, "Status", MilestoneStatus.SKIPPED)


def _needs(new: Replan, number: str) -> tuple[str, ...]:
    from mission_cli.document.plans.outlined import outline_of_plan

    return next(f.depends for f in outline_of_plan(new.plan).features() if f.number == number)


def _begun(mission: Mission, rest: Rest, new: Replan, number: str) -> list[str]:
    """Return what a changed feature depended on that has begun and is not done yet: it still does."""
    was = new.origins.get(number)
    feature = mission.feature(rest.numbers[was]) if was is not None else None
    named = set(rest.numbers.values())
    needs = feature.depends if feature is not None else ()
    return [need for need in needs if need not in named and (found := mission.feature(need)) and not found.finished]
