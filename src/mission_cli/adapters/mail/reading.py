"""A mail as it came, as `Incoming`. Whatever is wrong with it is data, never an error."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line, show_bytes, stamp
from mission_cli.adapters.mail.html import text_of
from mission_cli.domain.mail.addresses import address_of
from mission_cli.domain.mail.incoming import Attachment, Incoming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_TEXT = 60_000
MOST_ATTACHMENTS, LARGEST_ATTACHMENT = 10, 5 << 20
KINDS: Mapping[str, tuple[str, ...]] = {
    "text/plain": ("txt", "md", "log", "csv"),
    "text/markdown": ("md",),
    "text/csv": ("csv",),
    "text/calendar": ("ics",),
    "application/json": ("json",),
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
}
"""The media types that are kept, each with the endings that a name may have. None of them is ever run."""
_IDS = pattern(r"<[^<>\s]{1,400}>")
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_BOUNCERS = ("mailer-daemon@", "postmaster@")


def read_mail(raw: bytes) -> Incoming:
    """Read a mail."""
    from imap_tools.message import MailMessage

    return incoming(MailMessage.from_bytes(raw))


def incoming(mail: Any) -> Incoming:
    """Return what counts of a mail that imap-tools has read."""
    headers: dict[str, tuple[str, ...]] = {name: tuple(map(str, values)) for name, values in mail.headers.items()}
    found, left_out = _attachments(mail)
    senders = tuple(
        dict.fromkeys(address_of(one.email) or one_line(one.email, 80) for one in (_from(mail)) if one.email)
    )
    ids = _IDS.findall(" ".join(headers.get("message-id", ())))
    return Incoming(
        key=ids[0] if len(ids) == 1 else sha256(bytes(mail.obj)).hexdigest(),
        senders=senders,
        subject=one_line(str(mail.subject), 300),
        to=tuple(dict.fromkeys(filter(None, (address_of(one) for one in (*mail.to, *mail.cc)))))[:100],
        refers_to=tuple(
            _IDS.findall(" ".join([*headers.get("in-reply-to", ()), *headers.get("references", ())]))[:100]
        ),
        at=stamp(mail.date) if getattr(mail, "date", None) is not None and mail.date.tzinfo else "",
        text=_text(mail),
        automatic=_automatic(headers),
        bounce=_is_bounce(mail, senders),
        results=headers.get("authentication-results", ()),
        attachments=found,
        left_out=left_out,
    )


def _from(mail: Any) -> list[Any]:
    """Return all addresses in all From headers: one that is hidden behind another must not count."""
    from imap_tools.utils import parse_email_addresses

    return [one for value in mail.obj.get_all("From", []) for one in parse_email_addresses(value)]


def _text(mail: Any) -> str:
    text = str(mail.text or "").strip() or text_of(str(mail.html or ""))
    plain = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c.isprintable() or c in "\n\t")
    return plain[:LONGEST_TEXT] + ("\n[… cut here]" if len(plain) > LONGEST_TEXT else "")


def _automatic(headers: Mapping[str, tuple[str, ...]]) -> str:
    """Return the header by which a mail says that no person wrote it."""
    for name in ("auto-submitted", "precedence", "x-autoreply", "x-autorespond", "x-auto-response-suppress"):
        for value in headers.get(name, ()):
            word = value.strip().casefold()
            if name == "auto-submitted" and word.startswith("no"):
                continue
            if name == "precedence" and word not in _BULK:
                continue
            if name == "x-auto-response-suppress" and "all" not in word and "oof" not in word:
                continue
            return one_line(f"{name}: {value.strip()}", 80)
    unsubscribe = headers.get("list-unsubscribe") or headers.get("list-id")
    return "it comes from a mailing list" if unsubscribe else ""


def _is_bounce(mail: Any, senders: tuple[str, ...]) -> bool:
    returned = [str(value).strip() for value in mail.obj.get_all("Return-Path", [])]
    report = mail.obj.get_content_type() == "multipart/report"
    return report or "<>" in returned or any(one.startswith(_BOUNCERS) for one in senders)


def _attachments(mail: Any) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """Return the attachments that are kept, and what is left out with the reason."""
    kept: list[Attachment] = []
    left: list[str] = []
    for one in mail.attachments:
        name = one_line(str(one.filename or "unnamed"), 80)
        why = "" if len(kept) < MOST_ATTACHMENTS else f"more than {MOST_ATTACHMENTS} attachments"
        why = why or next(iter(_why_not(name, str(one.content_type).casefold(), one.payload)), "")
        if why:
            left.append(f"{name}: {why}")
        else:
            kept.append(Attachment(name, str(one.content_type).casefold(), one.payload))
    return tuple(kept), tuple(left)


def _why_not(name: str, kind: str, data: bytes) -> Iterator[str]:
    if len(data) > LARGEST_ATTACHMENT:
        yield f"larger than {show_bytes(LARGEST_ATTACHMENT)}"
    if kind not in KINDS:
        yield f"files of the type {one_line(kind, 40)} are not kept"
    elif name.rpartition(".")[2].casefold() not in KINDS[kind]:
        yield f"its name does not end as files of the type {kind} do"
