"""Find and number the mails of a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import parse_stamp
from mission_cli.domain.deciding.grants import subject_of
from mission_cli.domain.mail.addresses import is_allowed
from mission_cli.domain.mail.rows import MailRow, MailStatus, find_mail
from mission_cli.domain.noted import highest_mail
from mission_cli.planner.core.moves.mails import AddMail

if TYPE_CHECKING:
    from mission_cli.domain.mail.letters import Letter
    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.draft import Draft

_SEEN = 16
_UNAPPROVED = frozenset({MailStatus.DRAFT, MailStatus.REJECTED, MailStatus.EXPECTED})


def next_number(draft: Draft) -> int:
    """Return one more than the highest number that a mail ever had, in this round included."""
    added = [move.row.number for move in draft.transitions if isinstance(move, AddMail)]
    return max([highest_mail(draft.mission), *added]) + 1


def first_status(draft: Draft, letter: Letter) -> MailStatus:
    """Return the status of a new mail that a worker wrote."""
    if letter.expected:
        return MailStatus.EXPECTED
    return MailStatus.APPROVED if may_go(draft, letter.to) else MailStatus.DRAFT


def may_go(draft: Draft, to: tuple[str, ...]) -> bool:
    """Whether a mail to these addresses needs no approval: all are on the list of the mission, and few were sent."""
    sent = sum(row.status not in _UNAPPROVED and not row.request for row in draft.mission.mails)
    sent += sum(isinstance(m, AddMail) and m.row.status is MailStatus.APPROVED for m in draft.transitions)
    listed = bool(draft.mission.mail_recipients)
    return (
        listed and sent < draft.observation.mail.limit and all(is_allowed(a, draft.mission.mail_recipients) for a in to)
    )


def sent_at(draft: Draft, number: str) -> tuple[MailRow | None, str]:
    """Return a mail that a wait names, and since when a reply to it may come; empty: it is not on its way."""
    row = find_mail(draft.mission.mails, number)
    begun = row is not None and row.status in {MailStatus.SENT, MailStatus.UNSURE, MailStatus.EXPECTED}
    return row, row.since if row is not None and begun and parse_stamp(row.since) else ""


def files_of(row: MailRow) -> str:
    """Return the files with the replies to a mail, as the cell `Data` of a wait names them."""
    return ", ".join(reply.file for reply in row.replies)


def about_request(mission: Mission, number: int) -> str:
    """Return the cell `About` of a mail that asks a request: its number, and a hash of what is asked."""
    return f"request {number} {seen_now(mission, number)}".rstrip()


def seen_now(mission: Mission, number: int) -> str:
    """Return the hash of a request as it is now; empty if it is not open."""
    subject = subject_of(mission, request_subject(number))
    return subject.digest[:_SEEN] if subject is not None else ""


def request_subject(number: int) -> str:
    """Return the name of a request, as the rights of deciders name it."""
    return f"request:{number}"
