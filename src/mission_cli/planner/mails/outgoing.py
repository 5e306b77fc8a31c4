"""Send what is approved: at most once, and never without a record from before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, parse_stamp, stamp
from mission_cli.domain.mail.letters import Letter
from mission_cli.domain.mail.memory import SendState
from mission_cli.domain.mail.rows import PENDING_MAIL, MailRow, MailStatus
from mission_cli.domain.notice import Advice, advise, do
from mission_cli.domain.status import HoldKind, MissionStatus, RequestStatus
from mission_cli.planner.core.moves.mails import AddMail, MoveMail, PrepareMail, SendMail
from mission_cli.planner.mails.rows import about_request, may_go, next_number

if TYPE_CHECKING:
    from mission_cli.domain.mail.memory import Send
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.draft import Draft

QUESTION = "question"
"""The template of a mail that asks a request."""
REMINDER = "reminder"
"""The template of a mail that reminds of another one."""
_PERSON_AFTER = 3
"""Failures in a row after which a person is told that nothing can be sent."""


def mails(draft: Draft) -> None:
    """Decide the next step of each mail that is not on its way, and ask open requests by mail."""
    if draft.mission.status is not MissionStatus.ACTIVE:
        return
    _questions(draft)
    decided = {move.number for move in draft.transitions if isinstance(move, MoveMail)}
    for row in draft.mission.mails:
        if row.number in decided:
            continue
        if row.status in PENDING_MAIL or row.status is MailStatus.FAILED:
            _next(draft, row)


def remind(draft: Draft, row: MailRow) -> None:
    """Add a reminder of a mail, for those who have not replied. What was approved with the mail covers it."""
    to = tuple(address for address in row.to if address not in row.repliers)
    subject = row.subject if row.subject.casefold().startswith("re:") else f"Re: {row.subject}"
    new = MailRow(next_number(draft), to, subject, MailStatus.APPROVED, row.feature, f"mail {row.number}")
    why = f"{new.name} reminds {', '.join(to)} of {row.name}"
    draft.transitions.append(AddMail(new, Letter(to, subject, "", "no"), why, REMINDER))


def unsent(mission: Mission) -> bool:
    """Whether a mail is not on its way yet: the mission does not end before."""
    return any(row.status in PENDING_MAIL for row in mission.mails)


def _questions(draft: Draft) -> None:
    look = draft.observation.mail
    if not (look.on and look.questions):
        return
    asked = {row.request for row in draft.mission.mails}
    for request in draft.mission.requests:
        if request.open and request.number and request.number not in asked and request.status != RequestStatus.EXPIRED:
            number = next_number(draft)
            subject = one_line(f"Question {request.number} of {draft.mission.title}", 120)
            row = MailRow(
                number,
                (look.questions,),
                subject,
                MailStatus.APPROVED,
                request.feature,
                about_request(draft.mission, request.number),
            )
            why = f"request {request.number} is asked by mail, to {look.questions}"
            draft.transitions.append(AddMail(row, Letter(row.to, subject, "", "no"), why, QUESTION))


def _next(draft: Draft, row: MailRow) -> None:
    look = draft.observation.mail
    if row.status is MailStatus.DRAFT:
        if may_go(draft, row.to):
            draft.transitions.append(
                MoveMail(row.number, MailStatus.APPROVED, f"{row.name} goes to the mission's list")
            )
        else:
            words = f"{row.name} to {', '.join(row.to)} waits for your approval: {row.subject}"
            draft.hold(row.feature, HoldKind.MAIL, words, unblock=_approve(draft, row), person=True)
    elif row.status is MailStatus.FAILED:
        words = f"{row.name} to {', '.join(row.to)} was refused"
        draft.hold(row.feature, HoldKind.MAIL, words, unblock=_again(draft, row), person=True)
    elif row.status is MailStatus.UNSURE:
        _unsure(draft, row)
    elif not look.on or look.obstacle:
        words = f"{row.name} cannot be sent: {look.obstacle or 'the settings name no mail server'}"
        draft.hold(row.feature, HoldKind.MAIL, words, unblock=do("doctor"), person=True)
    elif row.status is MailStatus.APPROVED:
        _approved(draft, row)
    else:
        _sending(draft, row)


def _approved(draft: Draft, row: MailRow) -> None:
    """Record that it is about to be sent, when its Message-ID is stored where it is sent from."""
    send = draft.observation.mail.memory.sends.get(str(row.number))
    if send is None or send.file != row.file or send.state is not SendState.READY:
        draft.effects.append(PrepareMail(row.number, row.file, f"prepare {row.name}"))
        return
    words = f"{row.name} goes to {', '.join(row.to)}"
    now = stamp(draft.observation.now)
    draft.transitions.append(MoveMail(row.number, MailStatus.SENDING, words, send.message_id, now))
    draft.effects.append(SendMail(row.number, words))


def _sending(draft: Draft, row: MailRow) -> None:
    """Find out what became of a mail that may have been sent: what this clone does not know is unsure."""
    send = draft.observation.mail.memory.sends.get(str(row.number))
    if send is None or send.message_id != row.message_id or send.state is SendState.BEGUN:
        why = send.reason if send is not None and send.reason else "sending it was interrupted"
        draft.transitions.append(
            MoveMail(row.number, MailStatus.UNSURE, f"{row.name} may have been sent or not: {why}")
        )
    elif send.state is SendState.SENT:
        to = ", ".join(row.to)
        draft.transitions.append(MoveMail(row.number, MailStatus.SENT, f"{row.name} is sent to {to}", since=send.at))
    elif send.state is SendState.REFUSED:
        draft.transitions.append(MoveMail(row.number, MailStatus.FAILED, f"{row.name} was refused: {send.reason}"))
    else:
        _later(draft, row, send)


def _later(draft: Draft, row: MailRow, send: Send) -> None:
    """Send again what the server certainly does not have, later and later."""
    again = parse_stamp(send.at) if send.state is SendState.LATER else None
    if again is None or again <= draft.observation.now:
        draft.effects.append(SendMail(row.number, f"send {row.name}"))
        return
    person = send.failures >= _PERSON_AFTER
    words = f"{row.name} is not sent yet: {send.reason}"
    draft.hold(row.feature, HoldKind.MAIL, words, until=again, unblock=do("doctor"), person=person)


def _unsure(draft: Draft, row: MailRow) -> None:
    if row.replies or row.number in draft.observation.mail.in_sent:
        why = "a reply has come" if row.replies else "it is in the folder of sent mails"
        words = f"{row.name} was sent: {why}"
        draft.transitions.append(MoveMail(row.number, MailStatus.SENT, words))
        return
    words = f"it is not known whether {row.name} was sent to {', '.join(row.to)}"
    sent = do("mail", draft.mission.id, row.number, "--sent")
    again = do("mail", draft.mission.id, row.number, "--again")
    draft.hold(row.feature, HoldKind.MAIL, words, unblock=advise(sent, " or ", again), person=True)


def _approve(draft: Draft, row: MailRow) -> Advice:
    return advise(do("mail", draft.mission.id, row.number, "--approve"))


def _again(draft: Draft, row: MailRow) -> Advice:
    return advise(do("mail", draft.mission.id, row.number, "--again"))
