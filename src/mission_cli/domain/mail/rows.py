"""The rows of `## Mail`: what a mission sends, to whom, how far it is, and who has replied."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECTION = "Mail"
_ABOUT = pattern(r"(?P<kind>mail|request) (?P<number>[1-9][0-9]{0,8})(?: (?P<seen>[0-9a-f]{16}))?")
_FILE = pattern(r"assets/mail-[0-9]+-(?:[0-9a-f]+-)?(?P<hash>[0-9a-f]{16})\.[a-z]+")
_ID = pattern(r"<mission\.(?P<token>[0-9a-f]{32})@[^\s<>@]+>")
TOKEN_LENGTH = 16


class MailStatus(StrEnum):
    """The status of a mail."""

    DRAFT = "draft"
    """A person has to approve it."""
    APPROVED = "approved"
    SENDING = "sending"
    """It may have been sent: from here on it is sent at most once."""
    SENT = "sent"
    UNSURE = "unsure"
    """It may have arrived or not, and nothing tells; a person decides."""
    FAILED = "failed"
    """The server refused it."""
    REJECTED = "rejected"
    """A person does not want it to be sent."""
    EXPECTED = "expected"
    """Nothing is sent: the recipients are those from whom a mail is expected."""


LIVE_MAIL = frozenset({MailStatus.SENDING, MailStatus.SENT, MailStatus.UNSURE, MailStatus.EXPECTED})
"""The mails to which a reply may come."""
PENDING_MAIL = frozenset({MailStatus.DRAFT, MailStatus.APPROVED, MailStatus.SENDING, MailStatus.UNSURE})
"""The mails that are not on their way yet, as far as is known."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail that came in reply."""

    sender: str
    file: str
    """The file of the mission with its text: `assets/mail-3-….json`."""


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail."""

    number: int
    to: tuple[str, ...]
    """The addresses, without names, in lower case."""
    subject: str
    status: MailStatus
    feature: str = ""
    """The feature that it is for, or the owner of the request; empty: the mission."""
    about: str = ""
    """`mail 3` for a reminder of it, `request 4 HASH` for a question, with a hash of what is asked."""
    since: str = ""
    """When it was sent, or began to be sent."""
    message_id: str = ""
    """Chosen before it is sent."""
    file: str = ""
    """The file of the mission with its text; the name contains the hash of the text."""
    replies: tuple[Reply, ...] = ()
    line: int = 0

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"mail {self.number}"

    @property
    def token(self) -> str:
        """What its subject contains, so that a reply can be matched without headers; empty before it is sent."""
        found = _ID.fullmatch(self.message_id)
        return found["token"][:TOKEN_LENGTH] if found else ""

    @property
    def request(self) -> int:
        """The number of the request that it asks; 0: none."""
        return _about(self.about, "request")

    @property
    def seen(self) -> str:
        """The hash of the request as it was when this mail asked it; empty without one."""
        found = _ABOUT.fullmatch(self.about)
        return found["seen"] or "" if found else ""

    @property
    def reminds_of(self) -> int:
        """The number of the mail that it reminds of; 0: none."""
        return _about(self.about, "mail")

    @property
    def repliers(self) -> frozenset[str]:
        """The addresses from which a reply came."""
        return frozenset(reply.sender for reply in self.replies)

    def has(self, key: str) -> bool:
        """Whether a mail with this Message-ID was taken as a reply before."""
        begins = f"assets/mail-{self.number}-{digest(key)}-"
        return any(reply.file.startswith(begins) for reply in self.replies)


def message_id(random: str, sender: str) -> str:
    """Return the Message-ID of a mail: `random` are 32 hexadecimal digits, `sender` is its address."""
    return f"<mission.{random}@{sender.rpartition('@')[2] or 'localhost'}>"


def hash_in(file: str) -> str:
    """Return the hash in the name of a file of a mail; empty if it is no such name."""
    found = _FILE.fullmatch(file)
    return found["hash"] if found else ""


def find_mail(rows: Iterable[MailRow], number: int | str) -> MailRow | None:
    """Return the mail with a number, or None."""
    return next((row for row in rows if str(row.number) == str(number)), None)


def thread_of(rows: Sequence[MailRow], row: MailRow) -> MailRow:
    """Return the first mail of a thread: the one that a reminder is about, or itself."""
    return find_mail(rows, row.reminds_of) or row if row.reminds_of else row


def _about(text: str, kind: str) -> int:
    found = _ABOUT.fullmatch(text)
    return int(found["number"]) if found and found["kind"] == kind else 0
