"""Notify a person who is not at the terminal: by a command, or by the channels of a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.news.outbox import Message


@dataclass(frozen=True, slots=True)
class News:
    """A notification about a mission."""

    mission: MissionId
    title: str
    event: str
    """landed, failed, paused, waiting, reminder, unreachable, reachable, completed or cancelled."""
    words: str
    to: tuple[str, ...] = ()
    """Whom to notify, as named by the mission and by gates that wait."""


class Notifier(Protocol):
    """Sends notifications at least once: after a crash between two steps one is repeated."""

    def tell(self, news: News) -> None:
        """Send it without waiting; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A decision that the reader of a notification can take with a link."""

    question: str
    """What is asked, with the mission: the same for each link about it."""
    label: str
    """What the link does: `approve`, or an option."""
    url: str
    token: str = ""
    """What a button in a chat carries to decide at once; empty: the page asks for more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One notification for one channel, about one or several messages."""

    template: str
    """Jinja text for each message; empty: one plain sentence."""
    messages: tuple[Message, ...]
    severity: str
    again: bool = False
    """Whether it may have arrived before, because the answer to the last try was lost."""
    offers: tuple[Offer, ...] = ()
    """Links to decide, for the one person who is to get them. They contain tokens: no file and no log gets them."""
    buttons: frozenset[str] = frozenset()
    """Chats in which the person can decide with a button: `slack`, `telegram`."""
    left_out: int = 0
    """Older messages that the channel never got: too many waited for it."""
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and content of the files that are sent along."""
    too_large: int = 0
    """Files that would have been sent along, but are too many or too large."""


class Messenger(Protocol):
    """Sends to a channel, which a setting names by its URL or by a reference to it. No text contains the URL."""

    def obstacle(self) -> str:
        """Return why nothing can be sent at all; empty if nothing is known. Cheap."""
        ...

    def problem(self, channel: str) -> str:
        """Return why a channel cannot be used, as far as that shows without sending anything; empty if nothing."""
        ...

    def unset(self, channel: str) -> str:
        """Return that a channel refers to nothing; empty if it refers to something. Cheap."""
        ...

    def bad_template(self, template: str) -> str:
        """Return what is wrong with a template; empty if nothing."""
        ...

    def send(self, channel: str, letter: Letter) -> str:
        """Send it and wait for the answer; return why it did not arrive, or the empty string. Never raises."""
        ...


class NoMessenger:
    """Sends nothing."""

    def obstacle(self) -> str:
        """Return that."""
        return "nothing can be sent from here"

    def problem(self, channel: str) -> str:
        """Return nothing."""
        del channel
        return ""

    unset = bad_template = problem

    def send(self, channel: str, letter: Letter) -> str:
        """Return that."""
        del channel, letter
        return self.obstacle()
