"""Submit, wait for, stop and settle reviews and judgments. Nothing of them counts but the whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, stamp
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.notice import do
from mission_cli.domain.phases.table import current
from mission_cli.domain.runs.jobs import AgentReport, Exit
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import (
    FINISHED_MISSION,
    Cause,
    EndReason,
    FeatureStatus,
    HoldKind,
    JobState,
    MilestoneStatus,
)
from mission_cli.planner.attempts.endings import cause_of_end, closed
from mission_cli.planner.core.effects import Cancel, Recover, Submit
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.judgments.settling import after_failure, cause_of_judgment, hold_for, unwanted
from mission_cli.planner.mission.money import misfits
from mission_cli.planner.reviewing.reviews import reviewer

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft

_JUDGED = frozenset({FeatureStatus.DISPATCHED, FeatureStatus.REVIEW})


def settle_review(draft: Draft, record: RunRecord, job: Job) -> None:
    """Do what comes next for one open review or judgment."""
    if is_elsewhere(record.host, draft.observation.me):
        end = Exit(EndReason.LOST, report=AgentReport(usage=Usage(usd=None)))
        _close(draft, record, end, Cause.LOST, f"it ran on {record.host}, from which the mission was taken over")
    elif job.state is JobState.ENDED and job.exit is not None:
        _ended(draft, record, job.exit)
    elif job.state is JobState.UNREACHABLE:
        draft.hold(_subject(record), HoldKind.EXECUTOR, f"{record.run}: the executor does not answer")
    else:
        _not_ended(draft, record, job)


def _not_ended(draft: Draft, record: RunRecord, job: Job) -> None:
    unwanted = _unwanted(draft, record)
    if job.state is JobState.UNKNOWN:
        if unwanted:
            _close(draft, record, Exit(EndReason.CANCELLED), Cause.STOPPED, unwanted)
        else:
            draft.effects.append(Submit(record.run, f"start {record.run}"))
    elif job.state is JobState.GONE:
        since = draft.observation.since(job.quiet_since or draft.observation.now)
        again = draft.not_yet(draft.policy.lost_grace - since)
        if unwanted or again is None:
            draft.effects.append(Recover(record.run, f"the supervisor of {record.run} is gone"))
        else:
            words = f"the supervisor of {record.run} does not answer"
            draft.hold(_subject(record), HoldKind.LOST, words, until=again)
    else:
        draft.running += 1
        if unwanted:
            draft.effects.append(Cancel(record.run, unwanted))
            return
        logs = do("logs", f"{draft.mission.id}/{_subject(record)}".rstrip("/"), "--review")
        if record.judging:
            hold_for(draft, record, reviewer(record))
            return
        draft.hold(_subject(record), HoldKind.REVIEW, f"it is being reviewed by {reviewer(record)}", unblock=logs)


def _subject(record: RunRecord) -> str:
    """Return the feature or milestone that a review or judgment is about; empty for the whole mission."""
    return "" if record.of_whole else record.about


def _unwanted(draft: Draft, record: RunRecord) -> str:
    """Return why a review or judgment is not needed any more, or the empty string."""
    if draft.mission.status in FINISHED_MISSION:
        return f"the mission is {draft.mission.status}"
    words = misfits(draft).get(record.run, "")
    return _not_judged(draft, record) or (f"it was stopped for the budget: {words}" if words else "")


def _not_judged(draft: Draft, record: RunRecord) -> str:
    """Return why the subject of a review or judgment is not to be judged any more, or the empty string."""
    if record.judging:
        return unwanted(draft, record)
    feature = next((f for f in draft.mission.features() if f.number == record.about), None)
    milestone = next((m for m in draft.mission.milestones if str(m.number) == record.about), None)
    judged = feature is not None and feature.status in _JUDGED
    judged = judged or (milestone is not None and milestone.status is MilestoneStatus.VALIDATING)
    phase = current(draft.mission.phases)
    judged = judged or (phase is not None and phase.active and record.about == phase.owner)
    return "" if judged else f"{record.about} is no longer being judged"


def _ended(draft: Draft, record: RunRecord, end: Exit) -> None:
    read = cause_of_judgment(record, end.report.answer) if record.judging else None
    cause, detail = cause_of_end(end) or read or _cause_of_answer(draft, record, end.report.answer)
    _close(draft, record, end, cause, detail)


def _cause_of_answer(draft: Draft, record: RunRecord, answer: str) -> tuple[Cause, str]:
    """Return done if the whole answer can be read, otherwise that it is inconclusive."""
    from mission_cli.domain.reviews.answer import UnreadableError, read_answer  # imports pydantic

    names = tuple(d.name for d in draft.mission.reviews.dimensions)
    try:
        found = read_answer(answer, len(record.criteria), names)
    except UnreadableError as error:
        return Cause.WRONG_OUTPUT, f"inconclusive: {error}"
    return Cause.DONE, found.summary or "it was read"


def _close(draft: Draft, record: RunRecord, end: Exit, cause: Cause, detail: str) -> None:
    settled = closed(record, end, cause, detail, stamp(draft.observation.now))
    how = "is complete" if cause is Cause.DONE else f"ended with {cause}"
    of = f" of {record.about}" if record.about else ""
    why = f"{attempt_name(record.run)}{of} by {reviewer(record)} {how}: {one_line(detail)}"
    draft.transitions.append(Settle(settled, None, why + (after_failure(draft, settled) if record.judging else "")))
