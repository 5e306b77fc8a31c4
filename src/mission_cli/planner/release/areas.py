"""A feature waits while another one is worked on that changes the same files, if the mission asks for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import do
from mission_cli.domain.outline.areas import shared
from mission_cli.domain.status import HoldKind
from mission_cli.domain.touch.predict import DECLARED, NAMED, overlap
from mission_cli.planner.core.decisions import Hold
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.release.routes import ALIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft

_MOST_SHOWN = 3
STRONG = 0.5
"""How likely it has to be that both features change a file before one of them waits for that."""


def areas(draft: Draft, milestone: Milestone, feature: Feature) -> Iterator[Hold]:
    """Yield a hold for the first feature that is worked on, or starts in this round, and changes the same files.

    What it changes is its area in the plan, and the files in which its earlier attempts conflicted with other work.
    If the mission wants it predicted, it also waits where both probably change the same file.
    """
    del milestone
    if not draft.mission.preferences.shared_files:
        return
    mine = _files(draft, feature)
    starting = {move.record.feature for move in draft.transitions if isinstance(move, Dispatch)}
    for other in draft.mission.features():
        if other.number == feature.number or not (other.status in ALIVE or other.number in starting):
            continue
        both = shared(_files(draft, other), mine)
        if both:
            words = f"{other.number} is being worked on, and both change {', '.join(both[:_MOST_SHOWN])}"
            yield Hold(feature.number, HoldKind.AREA, words)
            return
        words = _probably(draft, feature, other)
        if words:
            unblock = do("set", draft.mission.id, "preferences.shared_files", "wait")
            yield Hold(feature.number, HoldKind.AREA, words, unblock=unblock)
            return


def _files(draft: Draft, feature: Feature) -> tuple[str, ...]:
    learned = (path for record in draft.records_of(feature.number) for path in record.conflicts)
    return tuple(dict.fromkeys((*feature.files, *learned)))


def _probably(draft: Draft, feature: Feature, other: Feature) -> str:
    """Return why both features probably change the same file; empty if that is not likely enough."""
    touch = draft.observation.touch
    found = overlap(touch.get(feature.number, ()), touch.get(other.number, ()), _meet)
    if found is None or found[0] < STRONG:
        return ""
    _, mine, theirs = found
    both = ((mine, feature.number), (theirs, other.number))
    less, number = min(both, key=lambda one: (one[0].weight, one[0].source in {DECLARED, NAMED}))
    path = max(mine.path, theirs.path, key=len)
    return f"{other.number} is being worked on, and both probably change {path}: for {number}, {less.why}"


def _meet(one: str, other: str) -> bool:
    return bool(shared((one,), (other,)))
