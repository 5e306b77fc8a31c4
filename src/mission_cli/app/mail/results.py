"""The mails of a mission, as surfaces show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import MissionId


@dataclass(frozen=True, slots=True)
class MailReply:
    """A reply to a mail."""

    sender: str
    file: str
    """The file of the mission with all of it, as JSON."""
    text: str
    """What the sender wrote, without the quoted text."""
    attachments: Sequence[str] = ()
    """Files of the mission."""
    left_out: Sequence[str] = ()
    """Attachments that were not kept, and why."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail."""

    number: int
    status: str
    """draft, approved, sending, sent, unsure, failed, rejected or expected"""
    to: Sequence[str]
    subject: str
    feature: str
    """The feature that it is for; empty: the mission."""
    about: str
    """`mail 3` for a reminder of it, `request 4` for a question."""
    since: str
    """When it was sent; empty: not yet."""
    message_id: str
    text: str
    """Empty if its file is missing or was changed."""
    replies: Sequence[MailReply] = ()
    ignored: Sequence[str] = ()
    """What referred to it and does not count, and why."""


@dataclass(frozen=True, slots=True)
class Mails:
    """The mails of a mission, and what is wrong with the account."""

    id: MissionId
    mails: Sequence[Mail]
    trouble: str = ""
    """Why nothing can be sent or read; empty: nothing is known."""
    again: str = ""
    """When the mailbox is read next."""
    recipients: Sequence[str] = field(default_factory=tuple)
    """Who gets mails without an approval."""
