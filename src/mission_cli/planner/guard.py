"""What only we may move: a branch of finished work that somebody else has moved while workers ran unboxed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import JobState
from mission_cli.planner.decisions import Cancel, MakeWork, MoveWork, Note

if TYPE_CHECKING:
    from mission_cli.domain.runs import RunRecord
    from mission_cli.planner.draft import Draft

PUT_BACK = "work.put_back"
"""Event of the progress log; its details name the attempts."""


def put_back(draft: Draft) -> bool:
    """Put `work` back to where we had put it, say so, and stop who may have moved it; True where it was moved."""
    seen, branch = draft.seen, f"mission/{draft.mission.id}/work"
    if seen.put_back is None:
        return False
    names = ", ".join(map(attempt_name, seen.movers))
    what = f"{branch} was moved to {seen.work[:7]}" if seen.work else f"{branch} was deleted"
    why = f"{what} outside of the loop while {names} ran without a sandbox: it is put back to {seen.put_back[:7]}"
    draft.moves.append(Note(PUT_BACK, why))
    running = [r for r in seen.movers if r in seen.jobs and seen.jobs[r].state is JobState.RUNNING]
    draft.acts += [Cancel(run, f"{what} while it ran without a sandbox") for run in running]
    draft.acts.append(
        MoveWork(seen.put_back, seen.work, why) if seen.work else MakeWork(seen.put_back, f"{branch} is made again")
    )
    draft.halt(why)
    return True


def caught(draft: Draft, record: RunRecord) -> str:
    """Return what an attempt was caught at while it ran, or the empty string."""
    name = attempt_name(record.run)
    notes = (row.details for row in draft.mission.progress if row.event == PUT_BACK)
    return next((words for words in notes if name in words.replace(",", " ").split()), "")
