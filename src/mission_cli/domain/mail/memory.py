"""What is remembered of the mail of one mission between two pulses, and what the loop sees of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class SendState(StrEnum):
    """How far a mail is that is to be sent from here."""

    READY = "ready"
    """It has a Message-ID, and nothing was sent."""
    BEGUN = "begun"
    """It may have been sent: stored before the server is asked."""
    SENT = "sent"
    LATER = "later"
    """It was certainly not taken, and may be sent again."""
    REFUSED = "refused"
    """The server refused it for good."""


@dataclass(frozen=True, slots=True)
class Send:
    """The sending of one mail from this clone."""

    message_id: str
    file: str
    """The text that is sent."""
    state: SendState
    at: str = ""
    """When this state began."""
    reason: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A reply that is not recorded yet."""

    mail: int
    """The mail whose recipients it counts for."""
    key: str
    sender: str
    at: str
    answer: str
    """What the sender wrote, without the quoted text."""
    data: str
    """The JSON that is stored."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Its attachments by the names of their files, in base64."""
    proven: bool = False
    """Whether our mail server has proven the sender."""
    to: int = 0
    """The mail that it answers: `mail`, or a reminder of it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A mail that belongs to one of the mission and does not count; not recorded yet."""

    mail: int
    key: str
    why: str


@dataclass(frozen=True, slots=True)
class MailMemory:
    """Losing it costs requests; what was being sent then is unsure."""

    sends: Mapping[str, Send] = field(default_factory=dict)
    """By the number of the mail."""
    cursor: str = ""
    """How far the folder was read."""
    folder: str = ""
    """A hash of the settings by which it was read."""
    taken: tuple[Taken, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class MailLook:
    """What the loop knows of the mail of a mission."""

    on: bool = False
    """Whether the settings name a server."""
    obstacle: str = ""
    """Why nothing can be sent or read at all; empty: nothing is known."""
    trouble: str = ""
    """Why the folder could not be read the last time."""
    again: datetime | None = None
    """When it is read next."""
    memory: MailMemory = field(default_factory=MailMemory)
    questions: str = ""
    """The address that gets the questions of missions; empty: none does."""
    answers: bool = False
    """Whether a reply to a question may answer it."""
    deciders: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """People of the settings who decide from outside: address, name, and what they may."""
    limit: int = 0
    """The most mails of a mission that are sent without an approval."""
    in_sent: tuple[int, ...] = ()
    """Unsure mails that are in the folder of sent ones."""
