"""What waits for the purchases of a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import do
from mission_cli.domain.purchases.rows import PENDING
from mission_cli.domain.status import HoldKind
from mission_cli.planner.core.decisions import Hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.planner.core.draft import Draft


def unpaid(mission: Mission) -> bool:
    """Whether a purchase is not decided, paid or given up: the mission does not end before."""
    return any(row.status in PENDING for row in mission.purchases)


def purchase_holds(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield the hold of a feature that waits for a purchase, with what this round says of it."""
    del milestone
    for row in draft.mission.purchases:
        if row.feature != feature.number or row.status not in PENDING:
            continue
        said = next((h for h in draft.holds if h.subject == row.feature and h.kind == HoldKind.PURCHASE), None)
        show = do("purchase", "show", draft.mission.id, row.number)
        words = f"it waits for {row.name}, which is {row.status}: {row.what}"
        yield said or Hold(feature.number, HoldKind.PURCHASE, words, unblock=show, person=True)
