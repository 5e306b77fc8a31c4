"""Manual attempts: a person has taken over a feature, and the loop waits until they hand it back.

The intent of a manual attempt is one commit. From then on an older attempt that is still open is unwanted: it is
stopped and settled before the person gets the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import name_of, parse_stamp
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.notice import do
from mission_cli.domain.status import Cause, HoldKind

if TYPE_CHECKING:
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.attempts.endings import Ending
    from mission_cli.planner.core.draft import Draft


def taken_over(draft: Draft, record: RunRecord) -> str:
    """Return who took over the feature after this attempt began, as a reason; empty if no person did."""
    for other in draft.open_records():
        if other.by and other.feature == record.feature and other.attempt > record.attempt:
            return f"{name_of(other.by)} took over the feature"
    return ""


def worker_before(draft: Draft, record: RunRecord) -> RunRecord | None:
    """Return the older attempt that has to be settled before a person gets the tree, or None."""
    mine = (r for r in draft.open_records() if r.feature == record.feature and r.attempt < record.attempt)
    return next(mine, None)


def hold_for_person(draft: Draft, record: RunRecord) -> None:
    """Hold the feature while a person works on it."""
    since = parse_stamp(record.intended)
    words = f"{name_of(record.by)} has had it since {draft.observation.local(since) if since else record.intended}"
    before = worker_before(draft, record)
    if before is not None:
        words += f", and {attempt_name(before.run)} is being stopped"
    unblock = do("handback", f"{draft.mission.id}/{record.feature}")
    draft.hold(record.feature, HoldKind.BY_HAND, words, unblock=unblock, person=True)


def without_blame(record: RunRecord, ending: Ending | None) -> Ending | None:
    """Return the ending, with the cause `stopped` if a person handed the feature back without a commit."""
    if ending is None or not record.by or ending.cause is not Cause.NOOP:
        return ending
    return replace(ending, cause=Cause.STOPPED, detail=f"{name_of(record.by)} handed it back without a commit")
