"""The Decision Log: one row for every decision of a person or the loop, written only by this module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.numbers import whole
from mission_cli._support.text import digest, one_line, stamp
from mission_cli.document.changes import AppendRow, Change
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.escape import fenced
from mission_cli.domain.agents.workspace import DECISIONS, size_of, too_large
from mission_cli.domain.events import EventKind
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.status import GateKind, GateStatus, MissionStatus
from mission_cli.engine.money.bought import purchase_decision
from mission_cli.engine.recording.rows import draft_decided
from mission_cli.planner.core.moves.drafts import AddDraft, MoveDraft
from mission_cli.planner.core.moves.features import Dispatch, Settle
from mission_cli.planner.core.moves.mails import AnswerRequest
from mission_cli.planner.core.moves.milestones import AddFix
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
from mission_cli.planner.core.moves.phases import AdoptPlan, MovePhase, ReturnToPhase
from mission_cli.planner.core.moves.purchases import MovePurchase
from mission_cli.planner.core.moves.waiting import MoveGate
from mission_cli.planner.judgments.asking import answer_in
from mission_cli.ports.git.state import Write, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.recording.entry import Entry
    from mission_cli.planner.core.decisions import Transition
    from mission_cli.ports.git.state import Stored

SECTION = "Decision Log"
_LONGEST, _BESIDE = 300, 250
_LONGEST_REASON = 220
"""The rationale of a judgment also names its run."""
_NOTED = {
    EventKind.BUDGET_PROJECTED: "Project the cost of the whole mission",
    EventKind.CRITERIA_CORRECTED: "Overrule an estimated criterion",
}
_ENDS = {
    MissionStatus.PAUSED: "Pause the mission",
    MissionStatus.FAILED: "End the mission as failed",
    MissionStatus.COMPLETED: "Complete the mission",
    MissionStatus.RECURRING: "End the execution, and wait for the next one",
    MissionStatus.SCHEDULED: "Wait for the schedule",
}


def decision_rows(loaded: Loaded, entries: Iterable[Entry], now: datetime, *, filed: bool = False) -> Iterator[Change]:
    """Yield a row for each decision among the entries, numbered from the highest number that the log has.

    `filed`: what is too long for a row is written to the file of `decision_files`, which the row names.
    """
    rows = rows_in(loaded.layout, SECTION, "#", "decision")
    number = max((found for row in rows if (found := whole(row["#"])) is not None), default=0)
    for entry in entries:
        for decision in entry.decisions:
            number += 1
            cells = {"#": str(number), "Date": stamp(now)[:10], "Decision": one_line(decision, _LONGEST)}
            others = {"Alternatives Considered": one_line(entry.alternatives, _LONGEST)} if entry.alternatives else {}
            why, file = entry.reason or entry.why, _file_of(decision, entry, now) if filed else None
            rationale = one_line(why, _LONGEST) if file is None else f"{one_line(why, _BESIDE)} (`{file[0]}`)"
            yield AppendRow(SECTION, {**cells, "Rationale": rationale, **others})


def decision_files(stored: Stored, entries: Iterable[Entry], now: datetime) -> Iterator[Write]:
    """Yield a file for each decision that is too long for its row."""
    files = (_file_of(decision, entry, now) for entry in entries for decision in entry.decisions)
    for path, text in dict(filter(None, files)).items():
        yield Write(f"{folder_of(stored)}/{path}", text)


def _file_of(decision: str, entry: Entry, now: datetime) -> tuple[str, str] | None:
    """Return path and text of the file about a decision; None if everything fits into its row."""
    parts = {"": decision, "Rationale": entry.reason or entry.why, "Alternatives considered": entry.alternatives}
    if all(len(one_line(text, len(text) + 1)) <= _LONGEST for text in parts.values()):
        return None
    head = f"# A decision of {stamp(now)[:10]}"
    told = [f"## {name}\n\n{fenced(text)}" if name else fenced(text) for name, text in parts.items() if text.strip()]
    text = "\n\n".join([head, *told]) + "\n"
    path = f"{DECISIONS}/{stamp(now)[:10]}-{digest(stamp(now) + text)}.md"
    return None if too_large(path, size_of(text)) else (path, text)


def decided(  # noqa: C901, PLR0911, PLR0912 - a flat table, one case per decision
    mission: Mission, move: Transition, records: Sequence[RunRecord]
) -> tuple[str, ...]:
    """Return what the loop decides with a transition, as text; empty if it only records what happened."""
    match move:
        case MoveMission() | Finish():
            return (_ENDS.get(move.to, f"The mission becomes {move.to}"),)
        case Archive():
            return ("Archive the mission",)
        case Begin():
            return (f"Begin execution {mission.executions + 1}",)
        case AddFix():
            return (f"Add feature {move.number}, {move.title}",)
        case Note():
            return _noted(move)
        case MoveGate(to=GateStatus.PASSED | GateStatus.FAILED):
            gate = next((g for g in mission.gates if g.name == move.name), None)
            quality = gate is not None and gate.kind is GateKind.QUALITY
            return (f"The gate {move.name} {move.to} by its rule",) if quality else ()
        case ChangeScope():
            return _rescoped(mission, move)
        case TakeAdvice():
            return _advised(mission, move)
        case AdoptPlan():
            return ("Add the milestones of the approved requirements",)
        case ReturnToPhase():
            return (f"Go back to the phase {move.target}",)
        case MovePhase(to=PhaseStatus.FAILED):
            return (f"Ask a person about the phase {move.name}",)
        case RecordValues() if move.changed:
            return ("; ".join(f"{name}: {old} → {new}" for name, old, new in move.changed),)
        case MovePurchase():
            return purchase_decision(move)
        case AnswerRequest():
            return (f"Answer request {move.number} with: {move.response}",)
        case AddDraft() | MoveDraft():
            return draft_decided(move)
        case Dispatch() if not move.record.answering:
            return _rerouted(move.record, records)
    return ()


def _noted(note: Note) -> tuple[str, ...]:
    if note.event in _NOTED:
        return (_NOTED[note.event],)
    return (f"Quarantine as flaky: {', '.join(note.about)}",) if note.event is EventKind.TEST_QUARANTINED else ()


def _advised(mission: Mission, move: TakeAdvice) -> tuple[str, ...]:
    """Return what is done because a judgment recommends it."""
    feature = mission.feature(move.again) if move.again is not None else None
    again = [f"Retry {feature.number} {feature.title}"] if feature is not None else []
    after = [f"Build {move.after[1]} after {move.after[0]}"] if move.after is not None else []
    skipped = [f"Skip {number} {f.title}" for number in move.skip if (f := mission.feature(number)) is not None]
    return (*again, *after, *skipped)


def _rescoped(mission: Mission, move: ChangeScope) -> tuple[str, ...]:
    """Return what a person's answer to a proposal changes; empty if nothing."""
    named = [f"{number} {f.title}" for number in move.defer if (f := mission.feature(number)) is not None]
    ends = {MissionStatus.ACTIVE: "Resume the mission", MissionStatus.PAUSED: "Pause the mission"}
    deferred = [f"Leave to a follow-up plan: {', '.join(named)}"] if named else []
    threshold = [f"Continue above the budget threshold, now {move.threshold}%"] if move.threshold is not None else []
    return (*deferred, *threshold, *([ends[move.to]] if move.to in ends else []))


def _rerouted(record: RunRecord, records: Sequence[RunRecord]) -> tuple[str, ...]:
    """Return the decision to use another runner or model than in the attempt before, if that is so."""
    before = [r for r in records if r.feature == record.feature and not r.by and r.attempt < record.attempt]
    last = max(before, key=lambda r: r.attempt, default=None)
    if last is None or (last.runner, last.model) == (record.runner, record.model):
        name = record.model or record.runner
        return (f"Use {name} for {record.feature}: {record.routed}",) if record.routed and last is None else ()
    names = [f"{r.runner} with {r.model}" if r.model else r.runner for r in (record, last)]
    because = f": {record.routed}" if record.instead_of else ""
    return (f"Try {record.feature} on {names[0]} instead of {names[1]}{because}",)


def with_judgment(entry: Entry, move: Transition) -> Entry:
    """Return the entry; that of an answered judgment with its decision, reason, alternatives and run id."""
    answer = answer_in(move.record) if isinstance(move, Settle) and move.record.judging else None
    if answer is None or not isinstance(move, Settle):
        return entry
    record = move.record
    of = f" of {record.about}" if record.about else ""
    reason = f"{one_line(answer.reason, _LONGEST_REASON)} ({record.run})"
    words = (f"Judgment{of} ({record.asks}): {answer.decision}",)
    return replace(entry, decisions=words, reason=reason, alternatives="; ".join(answer.alternatives))
