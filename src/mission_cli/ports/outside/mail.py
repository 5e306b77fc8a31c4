"""The account by which missions send and get mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.mail.incoming import Incoming
    from mission_cli.domain.mail.memory import SendState


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail as it is sent."""

    message_id: str
    to: tuple[str, ...]
    subject: str
    text: str
    refers_to: tuple[str, ...] = ()
    """The Message-IDs of the thread, the last one is answered."""
    automatic: bool = True
    """Whether it says that a program sent it, so that automatic replies stay away."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: SENT, LATER (certainly not taken), REFUSED, or BEGUN (unknown)."""

    state: SendState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is new in a folder."""

    mails: tuple[Incoming, ...]
    cursor: str
    """From where to go on."""


class Post(Protocol):
    """Sends by one server, and reads one folder of another. Both check certificates."""

    @property
    def sender(self) -> str:
        """The address that mails come from; empty: mail is off."""
        ...

    @property
    def folder(self) -> str:
        """A hash of what decides which folder is read."""
        ...

    def obstacle(self) -> str:
        """Return why nothing can be sent or read, as far as that shows without asking a server; empty if nothing."""
        ...

    def problem(self) -> str:
        """Return why the servers cannot be used, after logging in to both; empty if they can. Sends nothing."""
        ...

    def send(self, letter: Outgoing) -> Answer:
        """Send to all recipients or to none; never raises."""
        ...

    def fetch(self, since: datetime, cursor: str) -> Fetched:
        """Return the mails that came since a day, or after the place that `cursor` names. Changes nothing there.

        Raises ToolError if the server cannot be read, or is not who it says it is.
        """
        ...

    def has_sent(self, message_id: str) -> bool:
        """Whether the folder of sent mails has one. Raises ToolError as `fetch` does."""
        ...


class NoPost:
    """Mail is off."""

    sender = ""
    folder = ""

    def obstacle(self) -> str:
        """Return that."""
        return "the settings name no mail server"

    problem = obstacle

    def send(self, letter: Outgoing) -> Answer:
        """Refuse."""
        from mission_cli.domain.mail.memory import SendState

        del letter
        return Answer(SendState.LATER, self.obstacle())

    def fetch(self, since: datetime, cursor: str) -> Fetched:
        """Find nothing."""
        del since
        return Fetched((), cursor)

    def has_sent(self, message_id: str) -> bool:
        """Know nothing."""
        del message_id
        return False
