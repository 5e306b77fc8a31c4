"""Decisions that set or append rows of tables: requests, gates, waits, recoveries, mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import digest, stamp
from mission_cli.document.changes import AppendRow, Change, SetCell, SetFront
from mission_cli.domain.agents.drafts import SECTION as AGENTS
from mission_cli.domain.agents.drafts import Fate
from mission_cli.domain.asking.options import Option, chosen
from mission_cli.domain.events import EventKind
from mission_cli.domain.mail.letters import file_of
from mission_cli.domain.mail.rows import SECTION, MailStatus, find_mail
from mission_cli.domain.purchases.rows import purchase_of
from mission_cli.domain.research.topics import SECTION as RESEARCH
from mission_cli.domain.research.topics import document_of
from mission_cli.domain.skills.skill import COLUMNS, SkillStatus
from mission_cli.domain.skills.skill import SECTION as LEARNED
from mission_cli.domain.status import GateStatus, MissionStatus, RecoveryStatus, RequestStatus, WaitStatus
from mission_cli.engine.recording.entry import Entry
from mission_cli.engine.recording.requests import request_row
from mission_cli.planner.core.moves.drafts import AddDraft, MoveDraft, RefuseDraft
from mission_cli.planner.core.moves.features import CloseRecovery
from mission_cli.planner.core.moves.mails import AddMail, AnswerRequest, MoveMail, TakeReply
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.moves.purchases import AddPurchase, AskForPurchase, MovePurchase
from mission_cli.planner.core.moves.waiting import Ask, MoveGate, MoveRequest, MoveWait, Renumber, StartWait
from mission_cli.planner.purchases.asked import APPROVE, REJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.domain.mail.memory import Taken
    from mission_cli.domain.mail.rows import MailRow
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.research.topics import FoundOut
    from mission_cli.domain.skills.skill import Skill
    from mission_cli.planner.core.moves.drafts import DraftMove
    from mission_cli.planner.core.moves.features import Settle
    from mission_cli.planner.core.moves.mails import MailMove
    from mission_cli.planner.core.moves.mission import Archive
    from mission_cli.planner.core.moves.purchases import PurchaseMove

_DECIDED = {
    Fate.TO_ME: "Promote the draft {} to the person's own",
    Fate.TO_REPO: "Propose the draft {} to the repository",
    Fate.DISCARDED: "Discard the draft {}",
}


def row_changes(
    move: Ask | MoveRequest | Renumber | MoveGate | MoveWait | StartWait | CloseRecovery | Note,
) -> Iterator[Change]:
    """Yield the changes of decisions that only set or append rows of tables."""
    match move:
        case Ask():
            yield request_row(move.request)
        case MoveRequest():
            yield SetCell("Input Requests", {"#": str(move.number)}, "Status", move.to)
        case Renumber():
            request = move.request
            key = {"#": request.label, "Feature": request.feature, "Prompt": request.prompt}
            yield SetCell("Input Requests", key, "#", str(move.number))
        case MoveGate():
            yield SetCell("Gates", {"Gate": move.name}, "Status", move.to, move.was)
        case MoveWait():
            key = {"Feature": move.feature, "Waiting for": move.waiting_for}
            yield from (SetCell("Waits", key, "Data", text) for text in (move.data,) if text)
            yield SetCell("Waits", key, "Status", move.to)
        case StartWait():
            key = {"Feature": move.feature, "Waiting for": move.waiting_for}
            yield SetCell("Waits", key, "Since", move.since)
        case CloseRecovery():
            yield SetCell("Recovery Log", {"Feature": move.feature, "Status": RecoveryStatus.OPEN}, "Status", move.to)
        case Note():
            return


def result_rows(mission: Mission, move: Settle, date: str) -> Iterator[Change]:
    """Yield the rows of what an attempt found out about its topic, and of what its worker named as results."""
    if move.found_out is not None:
        yield from _research(mission, move.found_out, date)
    for outcome in move.outcomes:
        cells = {"Type": outcome.kind, "Label": outcome.label, "Value": outcome.value}
        yield AppendRow("Outcomes", {**cells, "Feature": move.record.feature, "Date": date})


def _research(mission: Mission, found: FoundOut, date: str) -> Iterator[Change]:
    """Yield the changes of the row of a topic: a new one, or the cells of the one that names its document."""
    source = f"`research/{document_of(found.topic)}`"
    key = {"Topic": found.topic, "Source": source}
    cells = {"Summary": found.summary, "Date": date}
    rows = [row.cells for row in mission.kept if row.section == RESEARCH]
    there = next((r for r in rows if (r.get("topic"), r.get("source")) == (found.topic, source)), None)
    if there is None:
        yield AppendRow(RESEARCH, {**key, **cells})
        return
    yield from (
        SetCell(RESEARCH, key, column, text) for column, text in cells.items() if there.get(column.lower()) != text
    )


def archive_changes(move: Archive, now: datetime) -> Iterator[Change]:
    """Yield the changes that archive a mission."""
    yield SetFront(("archived",), stamp(now))
    if move.pauses:
        yield SetFront(("status",), str(MissionStatus.PAUSED))


def mail_entry(move: MailMove) -> Entry:
    """Return the log entry of a decision about mail."""
    match move:
        case AddMail():
            return Entry(EventKind.MAIL_ADDED, move.why, about=(str(move.row.number),))
        case MoveMail():
            return Entry(EventKind.of("mail", move.to), move.why, logged=move.to is not MailStatus.SENDING)
        case TakeReply():
            return Entry(EventKind.MAIL_RECEIVED, move.why)
        case AnswerRequest():
            return Entry(EventKind.REQUEST_ANSWERED, move.why)


def answer_reason(move: AnswerRequest) -> str:
    """Return the rationale of an answer in the Decision Log."""
    return f"{move.prompt} (by {move.by})"


def mail_changes(mission: Mission, move: MailMove, now: datetime) -> Iterator[Change]:
    """Yield the changes of a decision about mail in the mission file."""
    match move:
        case AddMail():
            yield AppendRow(SECTION, _cells(move.row))
            if move.waits is not None:
                event = move.letter.event(move.row.number)
                cells = {"Feature": str(move.waits), "Waiting for": event, "Timeout": move.letter.timeout}
                yield AppendRow("Waits", {**cells, "Status": WaitStatus.OPEN})
        case MoveMail():
            key = {"#": str(move.number)}
            yield SetCell(SECTION, key, "Status", move.to)
            if move.message_id:
                yield SetCell(SECTION, key, "Message-ID", f"`{move.message_id}`")
            if move.since:
                yield SetCell(SECTION, key, "Since", move.since)
        case TakeReply():
            row = find_mail(mission.mails, move.row.number) or move.row
            told = [f"{reply.sender} {reply.file}" for reply in row.replies]
            told.append(f"{move.taken.sender} {reply_file(move.row, move.taken)}")
            yield SetCell(SECTION, {"#": str(move.row.number)}, "Replies", "; ".join(told))
        case AnswerRequest():
            key = {"#": str(move.number)}
            yield SetCell("Input Requests", key, "Status", RequestStatus.ANSWERED)
            yield SetCell("Input Requests", key, "Response", move.response)
            yield from purchase_approval(mission, move.number, move.response, move.by, stamp(now))


def purchase_entry(move: PurchaseMove) -> Entry:
    """Return the log entry of a decision about a purchase."""
    match move:
        case AddPurchase():
            return Entry(EventKind.PURCHASE_REQUESTED, move.why, about=(str(move.row.number),))
        case MovePurchase():
            return Entry(EventKind.of("purchase", move.row.status), move.why)
        case AskForPurchase():
            return Entry(EventKind.PURCHASE_REQUESTED, move.why, logged=False, about=(str(move.number),))


def purchase_approval(mission: Mission, request: int, response: str, by: str, at: str) -> Iterator[Change]:
    """Yield the row of `## Approvals` for an answer to the request of a purchase: by whom, and about exactly what."""
    row = purchase_of(mission.purchases, request)
    if row is None:
        return
    said = chosen((Option(APPROVE), Option(REJECT)), response)
    word = GateStatus.APPROVED if said is not None and said.label == APPROVE else GateStatus.REJECTED
    cells = {"Timestamp": at, "Gate": row.name, "Decision": word, "By": by, "Commit": row.seen(mission.id)}
    yield AppendRow("Approvals", {**cells, "Comment": ""})


def reply_file(row: MailRow, taken: Taken) -> str:
    """Return the file of the mission with a reply; its name contains a hash of its Message-ID and of the text."""
    return file_of(row.number, taken.data, key=digest(taken.key), kind="json")


def _cells(row: MailRow) -> dict[str, str]:
    return {
        "#": str(row.number),
        "Feature": row.feature,
        "About": row.about,
        "To": ", ".join(row.to),
        "Subject": row.subject,
        "Status": str(row.status),
        "Since": row.since,
        "Message-ID": f"`{row.message_id}`" if row.message_id else "",
        "Text": row.file,
        "Replies": "",
    }


def draft_entry(move: DraftMove) -> Entry:
    """Return the log entry of a decision about a draft."""
    match move:
        case AddDraft():
            return Entry(EventKind.DRAFT_ADDED, move.why, about=move.keys)
        case RefuseDraft():
            return Entry(EventKind.DRAFT_REFUSED, move.why, about=move.keys)
        case MoveDraft():
            return Entry(EventKind.DRAFT_MOVED, move.why)


def draft_decided(move: AddDraft | MoveDraft) -> tuple[str, ...]:
    """Return what was decided; empty if it only records what happened."""
    if isinstance(move, AddDraft):
        return (f"Add the draft {move.path}",)
    return (_DECIDED[move.to].format(move.path),) if move.to in _DECIDED else ()


def draft_changes(move: DraftMove) -> Iterator[Change]:
    """Yield the changes in the mission file."""
    if isinstance(move, AddDraft):
        cells = {"Agent": move.name, "Purpose": move.purpose, "Path": f"`{move.path}`", "Promote?": ""}
        yield AppendRow(AGENTS, cells)
    elif isinstance(move, MoveDraft):
        yield fate_cell(move.name, move.cell)


def fate_cell(name: str, cell: str) -> SetCell:
    """Return the change that says what becomes of a draft; `name`: the cell Agent of its row."""
    return SetCell(AGENTS, {"Agent": name}, "Promote?", cell)


def skill_rows(mission: Mission, learned: Sequence[Skill]) -> Iterator[Change]:
    """Write skills as rows: a skill has one row, and one that a person forgot stays as it is."""
    known = {skill.name: skill for skill in mission.learned}
    for skill in learned:
        before = known.get(skill.name)
        if before is None:
            yield AppendRow(LEARNED, skill.cells)
        elif before.status is not SkillStatus.FORGOTTEN:
            now, then = skill.cells, before.cells
            yield from (SetCell(LEARNED, {"Skill": skill.name}, c, now[c]) for c in COLUMNS if now[c] != then[c])
