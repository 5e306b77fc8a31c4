"""Budgets across missions: what remains of them for an attempt of a runner, and until when it has to wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli.domain.budget.across import KEPT, left_of, parked, rows_of
from mission_cli.domain.notice import do
from mission_cli.domain.status import HoldKind
from mission_cli.planner.core.decisions import Hold
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.purchases import with_moves
from mission_cli.planner.core.own_limits import Bound
from mission_cli.planner.mission.money import bills

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.domain.budget.across import Left, Row
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft

AGAIN = timedelta(minutes=1)


def own_rows(draft: Draft, more: Sequence[RunRecord] = ()) -> tuple[Row, ...]:
    """Return what this mission counts with, including the attempts of this round and `more`."""
    seen, mission = draft.observation, draft.mission
    promised = [move.record for move in draft.transitions if isinstance(move, Dispatch)]
    records = [*seen.records, *promised, *more]
    purchases = with_moves(mission.purchases, draft.transitions)
    return rows_of(records, mission.spends, bills(seen), seen.now - KEPT, purchases)


def lefts(draft: Draft, runner: str, more: Sequence[RunRecord] = ()) -> list[Left]:
    """Return what remains of each budget to which an attempt of a runner counts."""
    budgets = [one for one in draft.policy.shared_budgets if one.counts(runner)]
    if not budgets:
        return []
    seen = draft.observation
    here = (*own_rows(draft, more), *seen.rows_here)
    everywhere = (*here, *seen.rows_elsewhere)
    return [left for one in budgets for left in left_of(one, everywhere if one.machine else here, seen.now, seen.zone)]


def outer_bounds(draft: Draft, runner: str, more: Sequence[RunRecord] = ()) -> list[Bound]:
    """Return the same as bounds of a reserve."""
    return [Bound(left.budget.words, left.category, left.cap, left.left) for left in lefts(draft, runner, more)]


def spent_elsewhere(draft: Draft, feature: str, runner: str) -> Iterator[Hold]:
    """Yield a hold for each budget of which nothing is left, with the time when something is."""
    for left in lefts(draft, runner):
        if left.left <= 0:
            if left.held or left.budget.machine:  # others may free something at any time, and no file here says so
                draft.wakes.append(draft.observation.now + AGAIN)
            yield hold_of(feature, left)


def hold_of(feature: str, left: Left, why: str = "") -> Hold:
    """Return the hold of a budget that lets no attempt start; something may be free in it at any time."""
    used, cap = quantity_of(left.category, left.spent), quantity_of(left.category, left.cap)
    held = f" and {quantity_of(left.category, left.held)} reserved" if left.held else ""
    words = f"{left.budget.words}: {used} spent{held} of {cap}{why}"
    person = left.until is None and not left.held
    return Hold(feature, HoldKind.BUDGET, words, until=left.until, unblock=do("budget", "limits"), person=person)


def parked_elsewhere(draft: Draft, runner: str) -> datetime | None:
    """Return until when a runner is at its usage limit, as other missions of this machine have found out."""
    seen = draft.observation
    return (
        parked((*own_rows(draft), *seen.rows_here, *seen.rows_elsewhere), runner)
        if draft.policy.shared_budgets
        else None
    )
