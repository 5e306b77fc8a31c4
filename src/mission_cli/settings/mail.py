"""Check the table `[mail]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.errors import UsageError
from mission_cli.domain.mail.addresses import address_of

if TYPE_CHECKING:
    from mission_cli.settings.model import MailSettings

_HOST = pattern(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?")
_REFERENCES = ("env:", "file:")
_PLAIN = pattern(r"[^\x00-\x1f\x7f\"\\\\]*")


def check_mail(mail: MailSettings) -> None:
    """Raise UsageError for values that do not fit together. No error contains a user or a password."""
    for name in ("smtp", "imap", "server"):
        value = getattr(mail, name)
        if value and not _HOST.fullmatch(value):
            raise UsageError(
                f"the setting `mail.{name}` is not the name of a host", hint="write it as mail.example.org"
            )
    for name in ("user", "password"):
        value = getattr(mail, name)
        if value and not value.startswith(_REFERENCES):
            hint = 'write "env:NAME" or "file:PATH": a settings file is not a place for a login'
            raise UsageError(f"the setting `mail.{name}` is not a reference", hint=hint)
    for name in ("sender", "questions"):
        value = getattr(mail, name)
        if value and (not address_of(value) or not value.isprintable()):
            raise UsageError(f"the setting `mail.{name}` is not an address", hint='write "Name <name@example.org>"')
    for name in ("folder", "sent_folder"):
        if not _PLAIN.fullmatch(getattr(mail, name)):
            raise UsageError(f"the setting `mail.{name}` is not the name of a folder", hint='write "INBOX"')
    _check_together(mail)


def _check_together(mail: MailSettings) -> None:
    if mail.smtp and not mail.sender:
        raise UsageError("`mail.smtp` is set, and `mail.sender` is empty", hint='write sender = "Name <address>"')
    if (mail.imap or mail.questions) and not mail.smtp:
        raise UsageError("`[mail]` names no server that sends", hint='write smtp = "mail.example.org"')
    if mail.imap and not (mail.user and mail.password):
        hint = 'write user = "env:MAIL_USER" and password = "env:MAIL_PASSWORD", and put both into the key file'
        raise UsageError("`mail.imap` needs `mail.user` and `mail.password`", hint=hint)
    if mail.user and not mail.password:
        raise UsageError("`mail.user` is set, and `mail.password` is empty", hint='write password = "env:NAME"')
    if mail.answers and not (mail.server and mail.imap and mail.questions):
        hint = "set `imap`, `questions` and `server`: without the name of your server no sender is proven"
        raise UsageError("`mail.answers` needs more settings", hint=hint)
