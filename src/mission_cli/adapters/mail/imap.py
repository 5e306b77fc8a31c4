"""Read one folder over IMAP without changing anything in it."""

from __future__ import annotations

import imaplib
import ssl
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line
from mission_cli.adapters.mail.reading import incoming
from mission_cli.adapters.mail.smtp import reason_of
from mission_cli.domain.errors import ToolError
from mission_cli.ports.outside.mail import Fetched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.mail.incoming import Incoming

INSTALL = "pip install imap-tools"
"""Installs what reads mail: the extra `mail`."""
_SECONDS = 30
_MOST, _LARGEST = 200, 25 << 20
_HINT = "check [mail] in the settings, and user and password"


class ImapFolder:
    """One account."""

    def __init__(self, host: str, port: int, user: str, password: str, folder: str) -> None:
        self._host, self._port, self._user, self._password, self._folder = host, port, user, password, folder

    def fetch(self, since: datetime, cursor: str) -> Fetched:
        """Return what is new: after the cursor, or since a day if the folder was made anew."""
        from imap_tools.query import A, U

        with self._open(self._folder) as box:
            state = box.folder.status(self._folder, ["UIDVALIDITY", "UIDNEXT"])
            valid, following = int(state["UIDVALIDITY"]), int(state["UIDNEXT"])
            known, _, last = cursor.partition(" ")
            if known == str(valid) and last.isdecimal():
                if int(last) >= following:
                    return Fetched((), cursor)
                query = A(uid=U(last, "*"))
                least = int(last)
            else:
                day = (since.astimezone(UTC) - timedelta(days=1)).date()
                query, least = A(date_gte=day), 0
            uids = sorted(uid for uid in map(int, box.uids(query)) if uid >= least)
            read, rest = uids[:_MOST], uids[_MOST:]
            mails = tuple(self._mails(box, read))
            return Fetched(mails, f"{valid} {rest[0] if rest else max(following, *read, 0) if read else following}")

    def check(self) -> None:
        """Open the folder. Raises ToolError if that is not possible."""
        with self._open(self._folder):
            pass

    def has_sent(self, folder: str, message_id: str) -> bool:
        """Whether a folder has a mail with this Message-ID."""
        from imap_tools.query import A, H

        with self._open(folder) as box:
            return bool(box.uids(A(header=H("Message-ID", message_id))))

    def append(self, folder: str, raw: bytes) -> None:
        """Put a mail that was sent into a folder."""
        with self._open(folder) as box:
            box.append(raw, folder, flag_set=["\\Seen"])

    def _mails(self, box: Any, uids: list[int]) -> Iterator[Incoming]:
        if not uids:
            return
        sizes = {int(m.uid): m.size_rfc822 for m in box.fetch(_of(uids), headers_only=True, mark_seen=False, bulk=50)}
        small = [uid for uid in uids if sizes.get(uid, 0) <= _LARGEST]
        for mail in box.fetch(_of(small), mark_seen=False, bulk=20) if small else ():
            yield incoming(mail)

    @contextmanager
    def _open(self, folder: str) -> Iterator[Any]:
        """Yield a mailbox. Raises ToolError if it cannot be had, and for errors while it is read."""
        try:
            from imap_tools.errors import ImapToolsError
            from imap_tools.mailbox import MailBox
        except ImportError as error:
            words = "mail needs the Python package imap-tools, which is not installed (extra mail)"
            raise ToolError(words, hint=INSTALL) from error
        try:
            context = ssl.create_default_context()
            box = MailBox(self._host, self._port, timeout=_SECONDS, ssl_context=context)
            try:
                box.login(self._user, self._password, initial_folder=None)
                box.folder.set(folder, readonly=True)
                yield box
            finally:
                with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                    box.logout()
                with suppress(OSError):
                    box.client.shutdown()
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ssl.SSLError) as error:
            refused = "LOGIN" in str(error).upper() or "AUTHENTICATIONFAILED" in str(error).upper()
            why = "it refuses user or password" if refused else one_line(reason_of(error), 200)
            raise ToolError(f"the mail server {self._host} cannot be read: {why}", hint=_HINT) from error


def _of(uids: list[int]) -> Any:
    from imap_tools.query import A

    return A(uid=",".join(map(str, uids)))
