"""What gave different answers on the same tree: its verdict, and the decision to put it on the mission's list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.events import EventKind
from mission_cli.domain.judging.quarantine import unlisted
from mission_cli.planner.core.moves.mission import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged

_LISTED = EventKind.TEST_QUARANTINED


def list_flaky(draft: Draft, known: Sequence[Judged], owner: str) -> None:
    """Decide to quarantine what was flaky, unless it is listed or that is decided already."""
    for judged in known:
        note = quarantine(draft, judged, owner) if judged.flaky else None
        if note is not None:
            draft.transitions.append(note)


def quarantine(draft: Draft, judged: Judged, owner: str) -> Note | None:
    """Return the decision to put what was flaky on the mission's list; None if it is there or is being put there."""
    decided = {one for m in draft.transitions if isinstance(m, Note) and m.event is _LISTED for one in m.about}
    new = tuple(one for one in unlisted(draft.mission, judged.flaky) if one not in decided)
    if not new:
        return None
    first, more = new[0], f" and {len(new) - 1} more" if len(new) > 1 else ""
    where = ", ".join(filter(None, (owner, judged.criterion.text)))
    return Note(_LISTED, f"{first}{more} failed and passed on the same tree ({where})", new)
