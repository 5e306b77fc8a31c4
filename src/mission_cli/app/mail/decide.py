"""Decide about the mails of a mission: approve or reject drafts, send again, say what became of one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.app.commands.gates import approval
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import Change, SetCell
from mission_cli.domain.errors import BlockedError, NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.mail.rows import SECTION, MailRow, MailStatus, find_mail, hash_in
from mission_cli.domain.notice import do
from mission_cli.domain.status import GateStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context


class MailDeed(StrEnum):
    """What a person decides about a mail."""

    APPROVE = "approve"
    REJECT = "reject"
    AGAIN = "again"
    """Send it, although it may have arrived."""
    SENT = "sent"
    """It has arrived."""


_FROM: Mapping[MailDeed, frozenset[MailStatus]] = {
    MailDeed.APPROVE: frozenset({MailStatus.DRAFT, MailStatus.REJECTED}),
    MailDeed.REJECT: frozenset({MailStatus.DRAFT, MailStatus.APPROVED, MailStatus.UNSURE, MailStatus.FAILED}),
    MailDeed.AGAIN: frozenset({MailStatus.UNSURE, MailStatus.FAILED}),
    MailDeed.SENT: frozenset({MailStatus.UNSURE}),
}
_TO: Mapping[MailDeed, MailStatus] = {
    MailDeed.APPROVE: MailStatus.APPROVED,
    MailDeed.REJECT: MailStatus.REJECTED,
    MailDeed.AGAIN: MailStatus.APPROVED,
    MailDeed.SENT: MailStatus.SENT,
}
_DECISIONS: Mapping[MailDeed, str] = {
    MailDeed.APPROVE: "Send {}",
    MailDeed.REJECT: "Do not send {}",
    MailDeed.AGAIN: "Send {} again",
    MailDeed.SENT: "Take {} as sent",
}


def decide_mail(ctx: Context, text: str, number: int, deed: MailDeed, *, reason: str = "") -> Done:
    """Record a decision about a mail; an approval names the hash of the text, and counts for no other text.

    Raises NotFoundError if there is no such mail, BlockedError if it is past that.
    """

    def change(address: Address) -> Wanted:
        mission, row = address.mission, find_mail(address.mission.mails, number)
        if row is None:
            raise NotFoundError(f"{mission.id} has no mail {number}", hint=do("mail", mission.id))
        if row.status is _TO[deed]:
            return Wanted(f"{row.name} is {row.status} already", about=str(number))
        if row.status not in _FROM[deed]:
            allowed = " or ".join(sorted(_FROM[deed]))
            words = f"{row.name} is {row.status}: only one that is {allowed} can be decided like this"
            raise BlockedError(words, hint=do("mail", mission.id, number))
        decision = _DECISIONS[deed].format(f"{row.name} to {', '.join(row.to)}")
        return Wanted(
            _words(row, deed),
            EventKind.of("mail", _TO[deed]),
            tuple(_changes(ctx, row, deed, reason)),
            decisions=(decision,),
            reason=reason,
            about=str(number),
        )

    return commit_change(ctx, text, change)


def _words(row: MailRow, deed: MailDeed) -> str:
    to = ", ".join(row.to)
    return {
        MailDeed.APPROVE: f"{row.name} to {to} is approved",
        MailDeed.REJECT: f"{row.name} to {to} is rejected",
        MailDeed.AGAIN: f"{row.name} to {to} is sent again",
        MailDeed.SENT: f"{row.name} to {to} was sent",
    }[deed]


def _changes(ctx: Context, row: MailRow, deed: MailDeed, reason: str) -> list[Change]:
    key = {"#": str(row.number)}
    found: list[Change] = [SetCell(SECTION, key, "Status", _TO[deed])]
    if deed in {MailDeed.APPROVE, MailDeed.REJECT}:
        word = GateStatus.APPROVED if deed is MailDeed.APPROVE else GateStatus.REJECTED
        found.append(approval(ctx, row.name, word, hash_in(row.file), reason))
    if deed is MailDeed.SENT and not row.since:
        found.append(SetCell(SECTION, key, "Since", stamp(ctx.clock.now())))
    return found
