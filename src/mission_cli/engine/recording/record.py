"""Turn decisions into changes of files and one commit message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, stamp
from mission_cli.document.changes import (
    AddFeature,
    AppendRow,
    Change,
    SetCell,
    SetCriterion,
    SetFeature,
    SetFront,
    SetMilestone,
)
from mission_cli.document.criteria.item import item_text
from mission_cli.document.criteria.parse import result_comment
from mission_cli.document.editing import patch
from mission_cli.document.editing.summary import summary_cells
from mission_cli.document.reading.features import titled
from mission_cli.document.reading.values_in_force import SECTION, as_scalar, is_recordable, recorded_with
from mission_cli.document.runs.record import write_run
from mission_cli.document.syntax.escape import fenced
from mission_cli.domain.branches.refs import Area, run_branch
from mission_cli.domain.budget.amounts import LABELS, show_amount
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.budget.spends import spends_of
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.noted import SECTION as NOTED
from mission_cli.domain.noted import notes_of
from mission_cli.domain.status import FeatureStatus, MissionStatus, RecoveryStatus
from mission_cli.engine.executions import begin
from mission_cli.engine.money.bought import purchase_changes, spends_in
from mission_cli.engine.recording.decision_log import decided, decision_files, decision_rows, with_judgment
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.evidence import evidence_writes
from mission_cli.engine.recording.phases import phase_changes, phase_entry
from mission_cli.engine.recording.previews import deploy_changes, preview_changes
from mission_cli.engine.recording.pulls import pull_changes
from mission_cli.engine.recording.recipients import recipients
from mission_cli.engine.recording.requests import advice_changes, context_write, follow_up, scope_changes
from mission_cli.engine.recording.retrospective import closing, closing_execution, removals
from mission_cli.engine.recording.rows import (
    answer_reason,
    archive_changes,
    draft_changes,
    draft_entry,
    mail_changes,
    mail_entry,
    purchase_entry,
    result_rows,
    row_changes,
    skill_rows,
)
from mission_cli.planner.core.moves.drafts import AddDraft, MoveDraft, RefuseDraft
from mission_cli.planner.core.moves.features import CloseRecovery, Dispatch, MoveFeature, Settle
from mission_cli.planner.core.moves.mails import AddMail, AnswerRequest, MoveMail, TakeReply
from mission_cli.planner.core.moves.milestones import AddFix, MarkCriteria, MarkHeldOut, MoveMilestone
from mission_cli.planner.core.moves.mission import (
    Archive,
    Begin,
    ChangeScope,
    Finish,
    MoveMission,
    Note,
    RecordValues,
    TakeAdvice,
)
from mission_cli.planner.core.moves.outside import LinkIssue, WriteDeploy, WritePreview, WritePull
from mission_cli.planner.core.moves.phases import AdoptPlan, MovePhase, RetryFeature, ReturnToPhase
from mission_cli.planner.core.moves.purchases import AddPurchase, AskForPurchase, MovePurchase, with_moves
from mission_cli.planner.core.moves.waiting import (
    Ask,
    MoveGate,
    MoveRequest,
    MoveResource,
    MoveWait,
    Renumber,
    StartWait,
)
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.tables import Spend
    from mission_cli.engine.case import Case
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.ports.git.state import Stored


def writes_for(case: Case, transitions: Sequence[Transition], now: datetime) -> tuple[list[Write], str]:
    """Return the files of one commit and its message. Everything that belongs together is in it."""
    stored, loaded, records = case.stored, case.loaded, case.observation.records
    changes: list[Change] = []
    writes: list[Write] = []
    entries: list[Entry] = []
    for move in transitions:
        changes += changes_of(loaded, move, records, now)
        reason = f"set in the file by {move.by}" if isinstance(move, RecordValues) else ""
        reason = answer_reason(move) if isinstance(move, AnswerRequest) else reason
        decisions, told = decided(loaded.mission, move, records), recipients(loaded.mission, move)
        entry = replace(entry_of(move), decisions=decisions, reason=reason, notify=told)
        entries.append(with_judgment(entry, move))
        if isinstance(move, Finish) and move.to is MissionStatus.COMPLETED:
            entries += removals(loaded.mission)
        if isinstance(move, Dispatch | Settle):
            writes.append(_run_write(case, move))
        elif isinstance(move, Ask) and move.context:
            writes.append(context_write(stored, move.request, move.context))
        elif isinstance(move, ChangeScope) and move.defer:
            writes.append(follow_up(stored, loaded.mission, move))
    changes += summary_changes(loaded, transitions, records)
    changes += log_rows(loaded, entries, now, filed=True)
    writes += decision_files(stored, entries, now)
    writes.insert(0, mission_write(stored, changes))
    writes += evidence_writes(stored, loaded.mission, transitions, now)
    return writes, message(loaded.mission.id, entries)


def mission_write(stored: Stored, changes: Sequence[Change]) -> Write:
    """Return the write that makes the changes. Raises DocumentError if they do not fit."""
    changes = [*changes, *recorded_with(stored.text, changes)]
    new = patch.apply(stored.text, changes, where=stored.path)
    return Write(stored.path, new, stored.text, lambda text: patch.apply_beside(stored.text, text, changes))


def message(mission: str, entries: Sequence[Entry]) -> str:
    """Return the commit message: what happened in the subject, the rest in trailers."""
    subject = one_line(entries[0].why if entries else "update", 100)
    if len(entries) > 1:
        subject = one_line(f"{subject} (and {len(entries) - 1} more)", 120)
    lines = [subject, "", f"Mission-Id: {mission}"]
    for entry in entries:
        lines.append(f"Mission-Event: {entry.event}")
        lines += [f"Mission-Run: {entry.run}"] if entry.run else []
        lines += [f"Mission-Undoes: {entry.undoes}"] if entry.undoes else []
        lines.append(f"Mission-Why: {one_line(entry.why, 300)}")
    told = [(n, one_line(", ".join(entry.notify), 300)) for n, entry in enumerate(entries, 1) if entry.notify]
    lines += [f"Mission-Notify: {n} {names}" for n, names in told]
    return "\n".join(lines) + "\n"


def log_rows(loaded: Loaded, entries: Sequence[Entry], now: datetime, *, filed: bool = False) -> Iterator[Change]:
    """Yield rows of the progress log for logged entries, and of the Decision Log for decisions.

    `filed`: the caller also writes `decision_files`.
    """
    for entry in entries:
        if entry.logged:
            yield AppendRow("Progress Log", {"Timestamp": stamp(now), "Event": entry.event, "Details": entry.why})
    yield from decision_rows(loaded, entries, now, filed=filed)
    if is_recordable(loaded.layout.front):
        noted = dict(loaded.mission.noted)
        for entry in entries:
            found = notes_of(entry.event, entry.about, entry.why, stamp(now), noted)
            noted.update(found)
            yield from (SetFront((NOTED, key), text) for key, text in found.items())


_MOVED: Mapping[type, str] = {
    MoveMilestone: "milestone",
    MoveRequest: "request",
    MoveGate: "gate",
    MoveResource: "resource",
    Finish: "mission",
}
"""What the events of these decisions begin with; they end with the new status."""
_NOTED: Mapping[type, EventKind] = {
    MarkHeldOut: EventKind.CRITERIA_HELD_OUT,
    Renumber: EventKind.REQUEST_RENUMBERED,
    CloseRecovery: EventKind.RECOVERY_CLOSED,
    Archive: EventKind.MISSION_ARCHIVED,
    LinkIssue: EventKind.ISSUE_OPENED,
    Begin: EventKind.MISSION_STARTED,
}
"""The events of these decisions."""


def entry_of(move: Transition) -> Entry:  # noqa: C901, PLR0911, PLR0912 - a flat table, one line per decision
    """Return the log entry of a decision."""
    match move:
        case Dispatch():
            review = EventKind.JUDGMENT_DISPATCHED if move.record.judging else EventKind.REVIEW_DISPATCHED
            kind = review if move.record.answering else EventKind.FEATURE_DISPATCHED
            return Entry(kind, move.why, move.record.run, logged=False)
        case Settle() if move.record.answering:
            kind = EventKind.JUDGMENT_SETTLED if move.record.judging else EventKind.REVIEW_SETTLED
            return Entry(kind, move.why, move.record.run)
        case Settle():
            return Entry(EventKind.ATTEMPT_SETTLED, move.why, move.record.run)
        case MoveFeature():
            return Entry(EventKind.of("feature", move.to), move.why, logged=False)
        case MarkCriteria():
            return Entry(EventKind.CRITERIA_JUDGED, move.why, logged=False)
        case AddFix():
            return Entry(EventKind.FEATURE_ADDED, f"{move.number} {move.title}")
        case MoveMission():
            return Entry(EventKind.of("mission", move.to), move.why, about=(move.gate,) if move.gate else ())
        case Ask():
            return Entry(
                EventKind.REQUEST_ASKED,
                f"{move.request.number}: {move.request.prompt}",
                about=(str(move.request.number),),
            )
        case MoveMilestone() | MoveRequest() | MoveGate() | MoveResource() | Finish():
            return Entry(EventKind.of(_MOVED[type(move)], move.to), move.why)
        case MarkHeldOut() | Renumber() | CloseRecovery() | Archive() | LinkIssue() | Begin():
            return Entry(_NOTED[type(move)], move.why)
        case MoveWait():
            return Entry(EventKind.of("wait", move.to), f"{move.feature}: {move.why}")
        case StartWait():
            return Entry(EventKind.WAIT_STARTED, f"{move.feature}: {move.why}")
        case Note():
            return Entry(move.event, move.details, about=move.about, logged=move.event is not EventKind.HOOK_DUE)
        case ChangeScope():
            return Entry(EventKind.SCOPE_DECIDED, move.why, about=(str(move.request),))
        case TakeAdvice():
            return Entry(EventKind.JUDGMENT_DECIDED, move.why, about=(attempt_name(move.run),))
        case WritePull() | WritePreview() | WriteDeploy():
            return Entry(move.event, move.why)
        case RecordValues():
            return Entry(EventKind.MISSION_VALUES, move.why, logged=bool(move.changed))
        case MovePhase() | ReturnToPhase() | RetryFeature() | AdoptPlan():
            return phase_entry(move)
        case AddMail() | MoveMail() | TakeReply() | AnswerRequest():
            return mail_entry(move)
        case AddDraft() | RefuseDraft() | MoveDraft():
            return draft_entry(move)
        case AddPurchase() | MovePurchase() | AskForPurchase():
            return purchase_entry(move)


def changes_of(  # noqa: C901, PLR0912, PLR0915 - a flat table, one case per decision
    loaded: Loaded, move: Transition, records: Sequence[RunRecord], now: datetime
) -> Iterator[Change]:
    """Yield the changes of a decision in the mission file."""
    match move:
        case Dispatch() if move.record.answering:
            return
        case Dispatch():
            number = move.record.feature
            yield SetFeature(number, "Status", FeatureStatus.DISPATCHED)
            yield SetFeature(number, "Worker", move.worker)
        case Settle():
            yield from _settle_changes(loaded, move, now)
        case MoveFeature():
            yield SetFeature(move.number, "Status", move.to)
        case MoveMilestone():
            yield SetMilestone(move.number, "Status", move.to)
            if move.rounds is not None:
                yield SetMilestone(move.number, "Rounds", str(move.rounds))
            if move.started_at is not None:
                yield SetMilestone(move.number, "Started at", move.started_at)
            if move.passed_at is not None:
                yield SetMilestone(move.number, "Passed at", move.passed_at)
        case MarkCriteria():
            for mark in move.marks:
                notes = [result_comment(mark.baseline, baseline=True)] if mark.baseline else []
                notes += [result_comment(mark.result)] if mark.result else []
                yield SetCriterion(move.owner, mark.criterion.index, mark.criterion.text, mark.ticked, tuple(notes))
        case AddFix():
            yield _fix_change(move)
        case WritePull():
            yield from pull_changes(loaded.mission, move.row)
        case WritePreview():
            yield from preview_changes(loaded.mission, move.row)
        case WriteDeploy():
            yield from deploy_changes(loaded.mission, move.row)
        case LinkIssue():
            yield SetFeature(move.number, "Task ID", move.task)
        case MarkHeldOut():
            yield SetCell("Held-out Criteria", {"#": str(move.number)}, "Results", move.results)
        case MoveMission():
            yield SetFront(("status",), str(move.to))
        case ChangeScope():
            yield from scope_changes(move)
        case TakeAdvice():
            yield from advice_changes(loaded, move, records, now)
        case Archive():
            yield from archive_changes(move, now)
        case RecordValues():
            for name, _, value in move.changes:
                yield SetFront((SECTION, name), as_scalar(value))
        case Begin():
            yield from begin(loaded, records, now)
        case Finish():
            yield SetFront(("status",), str(move.to))
            if move.to is MissionStatus.COMPLETED:
                yield SetFront(("completed",), stamp(now))
                yield from closing(loaded, records, now, move.learned)
                yield from skill_rows(loaded.mission, move.learned)
            elif move.to is MissionStatus.RECURRING:
                yield from closing_execution(loaded.mission, records, now)
        case MoveResource():
            yield SetCell("Resources", {"Name": move.name}, "Status", move.to, move.was)
        case Ask() | MoveRequest() | Renumber() | MoveGate() | MoveWait() | StartWait() | CloseRecovery() | Note():
            yield from row_changes(move)
        case AddMail() | MoveMail() | TakeReply() | AnswerRequest():
            yield from mail_changes(loaded.mission, move, now)
        case AddDraft() | RefuseDraft() | MoveDraft():
            yield from draft_changes(move)
        case AddPurchase() | MovePurchase() | AskForPurchase():
            yield from purchase_changes(loaded.mission, move, stamp(now)[:10])
        case MovePhase() | ReturnToPhase() | RetryFeature() | AdoptPlan():
            yield from phase_changes(loaded, move, records, now)


def _settle_changes(loaded: Loaded, move: Settle, now: datetime) -> Iterator[Change]:
    record = move.record
    if move.to is not None:
        yield SetFeature(record.feature, "Status", move.to)
    yield from spend_rows(spends_of(record))
    yield from result_rows(loaded.mission, move, stamp(now)[:10])
    if move.opens_recovery:
        kept = Area.WIP.of(record.run) if record.saved else "no uncommitted changes"
        yield AppendRow(
            "Recovery Log",
            {
                "Timestamp": stamp(now),
                "Feature": record.feature,
                "Trigger": f"{record.cause}: {record.detail}",
                "Preserved Evidence": kept + (f", branch {run_branch(record.run)}" if record.head else ""),
                "Remaining Criteria": "all of the feature's",
                "Next Safe Route": move.next_route,
                "Status": RecoveryStatus.OPEN,
            },
        )


def spend_rows(spends: Iterable[Spend]) -> Iterator[Change]:
    """Yield rows of the spend log."""
    for spend in spends:
        yield AppendRow(
            "Budget Tracking",
            {
                "Date": spend.date,
                "Category": LABELS[spend.category],
                "Amount": show_amount(spend.category, spend.amount),
                "Description": spend.description,
                "Milestone": spend.milestone,
            },
        )


def summary_changes(
    loaded: Loaded, transitions: Sequence[Transition] = (), records: Sequence[RunRecord] = ()
) -> Iterator[Change]:
    """Yield changes that compute the summary table again from the spend log and the costs of this commit."""
    mission = loaded.mission
    added = [s for m in transitions if isinstance(m, Settle) for s in spends_of(m.record)]
    added += spends_in(mission, transitions, "")
    bought = with_moves(mission.purchases, transitions)
    state = account(mission.limits, [*mission.spends, *added], records, purchases=bought)
    if not added and not any(isinstance(m, Finish) for m in transitions):
        return
    yield from summary_cells(loaded, state)


def _fix_change(move: AddFix) -> AddFeature:
    words = f"A criterion of milestone {move.milestone} failed. Make it pass without weakening it.\n\n"
    told = words + fenced(move.evidence or "It printed nothing.") if move.criterion else move.evidence
    told += f"\n\n{fenced(move.data)}" if move.data else ""
    return AddFeature(
        milestone=move.milestone,
        number=move.number,
        values={
            "#": move.number,
            "Feature": f"{titled(move.title.replace('`', ''))} `[fixes:{move.signature}]`",
            "Status": str(FeatureStatus.PENDING),
        },
        title=move.title.replace("`", ""),
        description=told,
        criteria=(item_text(move.criterion) or move.criterion.text,) if move.criterion else (),
    )


def _run_write(case: Case, move: Dispatch | Settle) -> Write:
    name = attempt_name(move.record.run)
    return Write(f"{case.stored.runs}/{name}.md", write_run(move.record), case.run_texts.get(name))
