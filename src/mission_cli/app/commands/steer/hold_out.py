"""Hold a criterion out: seal it, so that no worker ever sees what the judge will run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.results.changes import HeldOutCriteria, HeldOutCriterion
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import AppendRow
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.editing.insert import LONGEST_CELLS
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import EXECUTABLE_KINDS

if TYPE_CHECKING:
    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Milestone
    from mission_cli.engine.context import Context


_UNBOXED = "but workers run without a sandbox here, and could read the key"


def hold_out(ctx: Context, text: str, criterion: str, milestone: int | None = None) -> Done:
    """Add a held-out criterion to a milestone; default: the last one.

    Raises UsageError if the criterion cannot be run, or if its milestone has passed or does not exist.
    """
    read = asked_criterion(criterion)
    if read.wrong:
        raise UsageError(f"the criterion cannot be read: {read.wrong}", hint=read.remedy)
    if read.kind not in EXECUTABLE_KINDS:
        raise UsageError(
            f"a {read.kind} criterion cannot be held out: only a program can judge it unseen",
            hint="write run:, file:, grep:, metric:, http: or browser:",
        )
    sealed = ctx.seals.seal(criterion)
    if len(sealed) > LONGEST_CELLS["Sealed"]:
        raise UsageError(
            f"the criterion is too long to be sealed ({len(criterion)} characters)", hint="call a shorter command"
        )

    def change(address: Address) -> Wanted:
        mission = address.mission
        found = _milestone(address, milestone)
        number = max((one.number for one in mission.held_out), default=0) + 1
        row = {"#": str(number), "Milestone": str(found.number), "Sealed": sealed}
        words = f"criterion {number} of milestone {found.number} is held out from workers"
        return Wanted(
            words,
            EventKind.CRITERIA_HELD_OUT,
            (AppendRow("Held-out Criteria", row),),
            decisions=(f"Hold a criterion of milestone {found.number} out from workers",),
            reason=str(do("hold-out")),
            said=words if ctx.machine.sandbox().on else f"{words} ({_UNBOXED})",
            about=str(number),
        )

    return commit_change(ctx, text, change, part=True)


def _milestone(address: Address, number: int | None) -> Milestone:
    mission = address.mission
    if not mission.milestones:
        raise UsageError(f"{mission.id} has no milestone", hint=do("add-milestone", mission.id))
    found = mission.milestones[-1] if number is None else mission.milestone(number)
    if found is None:
        last = mission.milestones[-1].number
        raise UsageError(f"{mission.id} has no milestone {number}", hint=f"the last one is {last}")
    if found.finished:
        raise UsageError(f"milestone {found.number} is {found.status}: nothing judges it now")
    return found


def held_out(ctx: Context, text: str) -> HeldOutCriteria:
    """Return the held-out criteria of a mission, opened as far as the key of this user opens them."""
    mission = resolve(ctx.state.snapshot(), text).mission
    found = (
        HeldOutCriterion(one.number, one.milestone, ctx.seals.unseal(one.sealed), one.results)
        for one in mission.held_out
    )
    return HeldOutCriteria(mission.id, tuple(found))
