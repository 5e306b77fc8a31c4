"""Record replies, answer requests by them, and note what does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import digest, one_line
from mission_cli.domain.deciding.grants import allowed
from mission_cli.domain.events import EventKind
from mission_cli.domain.mail.letters import Letter
from mission_cli.domain.mail.rows import MailRow, MailStatus, find_mail
from mission_cli.domain.noted import is_noted
from mission_cli.domain.status import FINISHED_MISSION, RequestStatus
from mission_cli.planner.core.moves.mails import AddMail, AnswerRequest, MoveMail, TakeReply
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.mails.rows import about_request, next_number, request_subject, seen_now

if TYPE_CHECKING:
    from mission_cli.domain.mail.memory import Taken
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft

ASKED_AGAIN = "asked-again"
"""The template of a mail that says why a reply is no answer."""
_MOST_TRACES = 20
"""The most mails without effect that are noted of one mail; more would only fill the file."""
_MOST_ASKED = 3
"""How often a request is asked by mail."""


def replies(draft: Draft) -> None:
    """Record what came in since the last round, once."""
    if draft.mission.status in FINISHED_MISSION:
        return
    memory = draft.observation.mail.memory
    for refused in memory.refused:
        _trace(draft, refused.mail, refused.key, refused.why)
    done: set[int] = set()  # one for each mail in a round: the next one is added to what this one leaves
    for taken in memory.taken:
        row = find_mail(draft.mission.mails, taken.mail)
        if row is not None and row.number not in done and not _is_known(draft, row, taken.key):
            done.add(row.number)
            _take(draft, row, taken)


def _is_known(draft: Draft, row: MailRow, key: str) -> bool:
    return row.has(key) or is_noted(draft.mission, EventKind.MAIL_IGNORED, f"{row.number} {digest(key)}")


def _take(draft: Draft, row: MailRow, taken: Taken) -> None:
    arrived = find_mail(draft.mission.mails, taken.to) or row
    for one in {row.number: row, arrived.number: arrived}.values():
        if one.status in {MailStatus.UNSURE, MailStatus.SENDING}:
            words = f"{one.name} was sent: {taken.sender} has replied"
            draft.transitions.append(MoveMail(one.number, MailStatus.SENT, words))
    if row.request:
        _answer(draft, row, taken)
        return
    draft.transitions.append(TakeReply(row, taken, f"{taken.sender} has replied to {row.name}"))


def _answer(draft: Draft, row: MailRow, taken: Taken) -> None:
    """Answer a request by a reply whose sender is proven; ask again what is no answer."""
    request = next((r for r in draft.mission.requests if r.number == row.request), None)
    why = _why_not(draft, row, request, taken)
    if why or request is None:
        _trace(draft, row.number, taken.key, why)
        return
    draft.transitions.append(TakeReply(row, taken, f"{taken.sender} has replied to {row.name}"))
    response = _option(request, taken.answer)
    if response:
        decider = _decider(draft, taken)
        by = decider[1] if decider is not None else taken.sender
        draft.transitions.append(AnswerRequest(request.number, response, by, request.prompt))
        return
    asked = sum(one.request == request.number for one in draft.mission.mails)
    if asked >= _MOST_ASKED:
        return
    about = about_request(draft.mission, request.number)
    why = f"request {request.number} is asked again: the reply of {taken.sender} is none of its options"
    subject = one_line(f"Question {request.number} of {draft.mission.title}", 120)
    new = MailRow(next_number(draft), row.to, subject, MailStatus.APPROVED, row.feature, about)
    draft.transitions.append(AddMail(new, Letter(row.to, subject, taken.answer, "no"), why, ASKED_AGAIN))


def _why_not(draft: Draft, row: MailRow, request: InputRequest | None, taken: Taken) -> str:
    """Return why a reply may not answer a request, or the empty string."""
    look, number = draft.observation.mail, row.request
    if request is None or not request.open:
        return f"request {number} is {request.status if request is not None else 'gone'} already"
    if request.status == RequestStatus.EXPIRED:
        return f"request {number} has expired"
    if not look.answers:
        return f"answers by mail are not allowed by the settings; request {number} stays open"
    if not taken.proven:
        return f"nothing proves its sender; request {number} stays open"
    decider = _decider(draft, taken)
    if decider is not None and not allowed(decider[2], draft.mission.id, request_subject(number)):
        return f"{decider[1]} may not answer request {number}"
    if row.seen != seen_now(draft.mission, number):
        return f"request {number} has changed since it was asked by mail"
    return ""


def _decider(draft: Draft, taken: Taken) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the person of the settings with the address of a sender, if there is one: then their rights count."""
    return next((one for one in draft.observation.mail.deciders if one[0] == taken.sender), None)


def _option(request: InputRequest, text: str) -> str:
    """Return the answer in a reply: an option, written exactly in the first line; or all of it if any text is one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[0].casefold().rstrip(".!") if lines else ""
    exact = next((option for option in request.options if option.casefold() == said), "")
    return exact or (one_line(text, 500) if request.answers.free else "")


def _trace(draft: Draft, mail: int, key: str, why: str) -> None:
    """Note once that a mail does not count, and why; not more than some for each mail."""
    about = f"{mail} {digest(key)}"
    begins = f"{EventKind.MAIL_IGNORED} {mail} "
    notes = [m.about[0] for m in draft.transitions if isinstance(m, Note) and m.event is EventKind.MAIL_IGNORED]
    known = sum(note.startswith(begins) for note in draft.mission.noted) + sum(n.startswith(f"{mail} ") for n in notes)
    if is_noted(draft.mission, EventKind.MAIL_IGNORED, about) or about in notes or known >= _MOST_TRACES:
        return
    words = one_line(f"a mail that refers to mail {mail} is ignored: {why}", 300)
    draft.transitions.append(Note(EventKind.MAIL_IGNORED, words, about=(about,)))
