"""Send one mail: to all recipients or to none, and say whether the server has it, has it not, or may have it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.mail.memory import SendState
from mission_cli.ports.outside.mail import Answer

if TYPE_CHECKING:
    from mission_cli.ports.outside.mail import Outgoing

_SECONDS = 30
_PERMANENT, _GOOD = 500, 400


def message_of(letter: Outgoing, name: str, address: str) -> EmailMessage:
    """Return the mail. Raises ValueError if a header cannot be written."""
    mail = EmailMessage()
    mail["From"] = formataddr((name, address)) if name else address
    mail["To"] = ", ".join(letter.to)
    mail["Subject"] = letter.subject
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = letter.message_id
    if letter.refers_to:
        mail["In-Reply-To"] = letter.refers_to[-1]
        mail["References"] = " ".join(letter.refers_to)
    if letter.automatic:
        mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="quoted-printable")
    return mail


def connect(host: str, port: int, *, starttls: bool) -> smtplib.SMTP:
    """Return a connection that is encrypted, with a certificate for this host from a known authority."""
    context = ssl.create_default_context()
    if not starttls:
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=_SECONDS)
    try:
        server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def deliver(server: smtplib.SMTP, mail: EmailMessage, sender: str, to: tuple[str, ...]) -> Answer:
    """Give a mail to the server of an open connection."""
    try:
        server.ehlo_or_helo_if_needed()
        code, words = server.mail(sender)
        if code >= _GOOD:
            return _refused(code, words)
        for one in to:
            code, words = server.rcpt(one)
            if code >= _GOOD:
                server.rset()
                return _refused(code, words, one)
    except (smtplib.SMTPException, OSError) as error:
        return Answer(SendState.LATER, reason_of(error))
    try:
        code, words = server.data(mail.as_bytes())
    except smtplib.SMTPDataError as error:  # it did not want to begin
        return _refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return Answer(SendState.BEGUN, reason_of(error))
    return Answer(SendState.SENT) if code < _GOOD else _refused(code, words)


def reason_of(error: Exception) -> str:
    """Return why a server could not be used, in one line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {one_line(error.verify_message, 100)}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "it refuses user or password"
    if isinstance(error, smtplib.SMTPResponseException):
        return _words(error.smtp_code, error.smtp_error)
    return one_line(str(error), 150) or type(error).__name__


def _refused(code: int, words: bytes | str, recipient: str = "") -> Answer:
    about = f"{recipient}: " if recipient else ""
    return Answer(SendState.REFUSED if code >= _PERMANENT else SendState.LATER, f"{about}{_words(code, words)}")


def _words(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"the server answers {code} {text}", 200)
