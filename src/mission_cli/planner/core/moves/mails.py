"""Transitions and effects about mail. A transition is committed before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mail.letters import Letter
    from mission_cli.domain.mail.memory import Taken
    from mission_cli.domain.mail.rows import MailRow, MailStatus


@dataclass(frozen=True, slots=True)
class AddMail:
    """Add a mail to the mission. `template` makes its text from `about`; empty: the text is in `letter`."""

    row: MailRow
    letter: Letter
    why: str
    template: str = ""
    waits: FeatureNumber | None = None
    """The feature that waits for replies to it."""


@dataclass(frozen=True, slots=True)
class MoveMail:
    """Change the status of a mail."""

    number: int
    to: MailStatus
    why: str
    message_id: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class TakeReply:
    """Record a reply: its text and attachments become files of the mission."""

    row: MailRow
    taken: Taken
    why: str


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """Answer a request in the name of the person who replied."""

    number: int
    response: str
    by: str
    prompt: str

    @property
    def why(self) -> str:
        """What is answered by whom."""
        return f"request {self.number} is answered: {self.response} (by {self.by}, by mail)"


@dataclass(frozen=True, slots=True)
class PrepareMail:
    """Choose the Message-ID of a mail, before it may be sent."""

    number: int
    file: str
    why: str


@dataclass(frozen=True, slots=True)
class SendMail:
    """Send a mail that is recorded as being sent, unless this was begun before."""

    number: int
    why: str


MailMove = AddMail | MoveMail | TakeReply | AnswerRequest
MailEffect = PrepareMail | SendMail
