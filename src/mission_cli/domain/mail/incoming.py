"""A mail that came in, and whether it is a reply to one of a mission."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.mail.addresses import domain_of
from mission_cli.domain.mail.rows import LIVE_MAIL, TOKEN_LENGTH, MailStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.mail.rows import MailRow

_TOKEN = pattern(rf"\[(?:[^\[\]]* )?([0-9a-f]{{{TOKEN_LENGTH}}})\]")
_COMMENT = pattern(r"\([^()]*\)")
_RESULT = pattern(r"(?P<method>[a-z0-9-]+)(?:/[0-9]+)?\s*=\s*(?P<result>[a-z]+)")
_PROPERTY = pattern(r"(?:header\.(?:from|d)|smtp\.mailfrom)\s*=\s*\"?(?P<value>[^\s;\"]+)")
_PASS, _FAIL = "pass", frozenset({"fail", "permerror", "hardfail"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail."""

    name: str
    kind: str
    """Its media type, as the mail says."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail that came in. All of it is data from outside."""

    key: str
    """Its Message-ID; a hash of the mail if it has none."""
    senders: tuple[str, ...]
    """The addresses in From."""
    subject: str
    to: tuple[str, ...] = ()
    """The addresses to which it was sent, as To and Cc say."""
    refers_to: tuple[str, ...] = ()
    """The Message-IDs in In-Reply-To and References."""
    at: str = ""
    text: str = ""
    """Its plain text; that of its HTML if it has no other."""
    automatic: str = ""
    """Why it was not written by a person, such as `Auto-Submitted: auto-replied`; empty: nothing says so."""
    bounce: bool = False
    """Whether it reports that a mail could not be delivered."""
    results: tuple[str, ...] = ()
    """The headers Authentication-Results, the topmost one first."""
    attachments: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()
    """What was not taken from it, and why."""


class Proof(StrEnum):
    """Whether the sender of a mail is who it says."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"
    """Nothing says so or otherwise."""


@dataclass(frozen=True, slots=True)
class Match:
    """A mail that belongs to one of a mission."""

    row: MailRow
    sender: str = ""
    refused: str = ""
    """Why it does not count; empty: it is a reply."""
    proof: Proof = Proof.NONE


def match(rows: Sequence[MailRow], mail: Incoming, server: str) -> Match | None:
    """Return to which mail another one belongs, and whether it counts; None if it belongs to none.

    `server`: the name of our own mail server in Authentication-Results; empty if it is not known.
    """
    row = _by_thread(rows, mail) or _by_sender(rows, mail)
    if row is None:
        return None
    sender = mail.senders[0] if len(mail.senders) == 1 else ""
    proof = proof_of(mail.results, domain_of(sender), server)
    return Match(row, sender, _refused(row, mail, sender, proof), proof)


def _refused(row: MailRow, mail: Incoming, sender: str, proof: Proof) -> str:
    if mail.bounce:
        return "it says that a mail could not be delivered"
    if mail.automatic and row.status is not MailStatus.EXPECTED:
        return f"it is an automatic reply ({mail.automatic})"
    if not sender:
        return "it does not name one sender"
    if sender not in row.to:
        return f"it comes from {sender}, to whom {row.name} was not sent"
    if proof is Proof.FAILED:
        return f"the mail server says that it does not come from {domain_of(sender)}"
    return ""


def _by_thread(rows: Sequence[MailRow], mail: Incoming) -> MailRow | None:
    live = [row for row in rows if row.status in LIVE_MAIL and row.message_id]
    named = next((row for row in live if row.message_id in mail.refers_to), None)
    if named is not None:
        return named
    tokens = {found[1] for found in _TOKEN.finditer(mail.subject.casefold())}
    return next((row for row in live if row.token and row.token in tokens), None)


def _by_sender(rows: Sequence[MailRow], mail: Incoming) -> MailRow | None:
    """Return the mail that is expected from this sender without having been asked for by mail."""
    expected = (row for row in rows if row.status is MailStatus.EXPECTED and not row.replies)
    return next((row for row in expected if {*row.to} & {*mail.senders}), None)


def proof_of(results: Iterable[str], domain: str, server: str) -> Proof:
    """Return what our own mail server says of the sender, by DMARC, or by SPF or DKIM for the same domain.

    Only the topmost header counts: others may come from the sender. Without the name of our server a failure counts, a
    pass does not.
    """
    top = next(iter(results), "")
    plain = _COMMENT.sub(" ", " ".join(top.split())).casefold()
    name, _, rest = plain.partition(";")
    if not rest or (server and name.split()[:1] != [server.casefold()]):
        return Proof.NONE
    passed = False
    for part in rest.split(";"):
        found = _RESULT.match(part.strip())
        if found is None:
            continue
        method, result = found["method"], found["result"]
        same = any(_aligned(value["value"], domain) for value in _PROPERTY.finditer(part))
        if method == "dmarc":
            if result in _FAIL:
                return Proof.FAILED
            passed |= result == _PASS and (same or "header.from" not in part)
        elif method in {"spf", "dkim"}:
            passed |= result == _PASS and same
    if passed and server:
        return Proof.PASSED
    failed = not passed and any(f"spf={word}" in rest.replace(" ", "") for word in _FAIL)
    return Proof.FAILED if failed else Proof.NONE


def _aligned(value: str, domain: str) -> bool:
    """Whether a result is about the domain of the sender or one above it."""
    named = domain_of(value.strip("@\"'"))
    return bool(named) and "." in named and (domain == named or domain.endswith(f".{named}"))
