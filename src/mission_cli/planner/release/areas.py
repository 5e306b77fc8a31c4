"""A feature waits while another one is worked on that changes the same files, if the mission asks for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.outline.areas import shared
from mission_cli.domain.status import HoldKind
from mission_cli.planner.core.decisions import Dispatch, Hold
from mission_cli.planner.release.routes import ALIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft

_MOST_SHOWN = 3


def areas(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield a hold for the first feature that is worked on, or starts in this round, and changes the same files.

    What it changes is its area in the plan, and the files in which its earlier attempts conflicted with other work.
    """
    del milestone
    mine = _files(draft, feature) if draft.mission.preferences.shared_files else ()
    if not mine:
        return
    starting = {move.record.feature for move in draft.transitions if isinstance(move, Dispatch)}
    for other in draft.mission.features():
        if other.number == feature.number or not (other.status in ALIVE or other.number in starting):
            continue
        both = shared(_files(draft, other), mine)
        if both:
            words = f"{other.number} is being worked on, and both change {', '.join(both[:_MOST_SHOWN])}"
            yield Hold(feature.number, HoldKind.AREA, words)
            return


def _files(draft: Draft, feature: Feature) -> tuple[str, ...]:
    learned = (path for record in draft.records_of(feature.number) for path in record.conflicts)
    return tuple(dict.fromkeys((*feature.files, *learned)))
