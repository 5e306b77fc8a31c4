"""Move a feature that has not started to another milestone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.steer.read_back import open_milestone, read_back, refuse_deadlock
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.editing.edits import CannotPlaceError
from mission_cli.document.editing.move import move_feature
from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import milestone_of
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import FeatureStatus

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.engine.context import Context


def move(ctx: Context, text: str, to: int) -> Done:
    """Make a feature the last one of another milestone; what names it follows. `about` is its new number.

    Raises UsageError if it has started, if the milestone is finished, or if something would never start.
    """

    def change(address: Address) -> Wanted:
        mission, feature = address.mission, address.need_feature()
        number = feature.number
        if milestone_of(number) == to:
            return Wanted(f"{number} is in milestone {to} already", about=number)
        open_milestone(address, to)
        _refuse_started(ctx, address, feature)
        new = mission.next_feature_number(to)

        def moved(text: str) -> str:
            return move_feature(text, number, new)

        try:
            after = read_back(address, moved(address.stored.text)).mission
        except (CannotPlaceError, DocumentError) as error:
            hint = getattr(error, "hint", "") or do("edit", mission.id)
            raise UsageError(f"{number} cannot be moved: {error}", hint=hint) from error
        if _flat(mission, {number: new}) != _flat(after, {}):
            words = f"{number} cannot be moved: it would be read differently"
            raise UsageError(words, hint=do("edit", mission.id))
        refuse_deadlock(after, new)
        return Wanted(
            f"{number} {feature.title} is moved to milestone {to}, as {new}",
            EventKind.FEATURE_MOVED,
            decisions=(f"Move {number} {feature.title} to milestone {to}, as {new}",),
            reason=str(do("move")),
            rewrite=moved,
            about=new,
        )

    return commit_change(ctx, text, change, part=True)


def _refuse_started(ctx: Context, address: Address, feature: Feature) -> None:
    number, mission = feature.number, address.mission
    if feature.fixes:
        raise UsageError(f"{number} fixes a criterion of its milestone", hint="it stays where the criterion is")
    if feature.status is not FeatureStatus.PENDING:
        what = feature.raw_status or str(feature.status)
        raise UsageError(f"{number} is {what}", hint="only a pending feature can be moved")
    if feature.worker or any(record.feature == number for record in records_of(ctx, address)):
        words = f"{number} has been attempted, and its attempts are filed under this number"
        hint = advise("skip it and add it again: ", do("skip", f"{mission.id}/{number}", "--reason", "moved"))
        raise UsageError(words, hint=hint)
    left = mission.milestone_holding(number)
    if left is not None and len(left.features) == 1:
        words = f"milestone {left.number} would have no feature left"
        hint = advise("skip the feature, or add another one: ", do("add", f"{mission.id}/{left.number}", "TITLE"))
        raise UsageError(words, hint=hint)


def _flat(mission: Mission, moved: dict[FeatureNumber, FeatureNumber]) -> dict[FeatureNumber, Feature]:
    """Return the features by number, without what a move may change: their lines, and what wildcards include."""
    found = {}
    for feature in mission.features():
        criteria = tuple(replace(c, line=0) for c in feature.criteria)
        number = moved.get(feature.number, feature.number)
        found[number] = replace(feature, number=number, line=0, depends=(), criteria=criteria)
    return found
