"""What only we may move: branches that somebody else has moved while workers ran unboxed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import JobState
from mission_cli.planner.decisions import Cancel, MakeWork, MoveWork, Note, PutBaseBack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import RunId, Sha
    from mission_cli.domain.runs import RunRecord
    from mission_cli.planner.draft import Draft

PUT_BACK = "work.put_back"
"""Event of the progress log; its details name the attempts."""


def put_back(draft: Draft) -> bool:
    """Put `work` and the base back, say so, and stop who may have moved them; True where one was moved."""
    moved = [_work_back(draft), _base_back(draft)]
    return any(moved)


def _base_back(draft: Draft) -> bool:
    seen, base = draft.seen, draft.mission.base
    if seen.base_back is None or seen.base is None:
        return False
    what = f"the branch {base} was moved to {seen.base[:7]}"
    why = _caught(draft, what, seen.base_movers, seen.base_back)
    draft.acts.append(PutBaseBack(seen.base_back, seen.base, why))
    return True


def _work_back(draft: Draft) -> bool:
    seen, branch = draft.seen, f"mission/{draft.mission.id}/work"
    if seen.put_back is None:
        return False
    what = f"{branch} was moved to {seen.work[:7]}" if seen.work else f"{branch} was deleted"
    why = _caught(draft, what, seen.movers, seen.put_back)
    draft.acts.append(
        MoveWork(seen.put_back, seen.work, why) if seen.work else MakeWork(seen.put_back, f"{branch} is made again")
    )
    return True


def _caught(draft: Draft, what: str, movers: Sequence[RunId], back: Sha) -> str:
    """Note what was moved while whom ran, and stop them; return it in words."""
    names = ", ".join(map(attempt_name, movers))
    why = f"{what} outside of the loop while {names} ran without a sandbox: it is put back to {back[:7]}"
    draft.moves.append(Note(PUT_BACK, why))
    running = [r for r in movers if r in draft.seen.jobs and draft.seen.jobs[r].state is JobState.RUNNING]
    draft.acts += [Cancel(run, f"{what} while it ran without a sandbox") for run in running]
    draft.halt(why)
    return why


def caught(draft: Draft, record: RunRecord) -> str:
    """Return what an attempt was caught at while it ran, or the empty string."""
    name = attempt_name(record.run)
    notes = (row.details for row in draft.mission.progress if row.event == PUT_BACK)
    return next((words for words in notes if name in words.replace(",", " ").split()), "")
