"""The account of `[mail]` in the settings."""

from __future__ import annotations

import smtplib
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.env_file import resolved
from mission_cli.adapters.mail.imap import INSTALL, ImapFolder
from mission_cli.adapters.mail.smtp import connect, deliver, message_of, reason_of
from mission_cli.domain.errors import MissionError
from mission_cli.domain.mail.addresses import address_of
from mission_cli.domain.mail.memory import SendState
from mission_cli.ports.outside.mail import Answer, Fetched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mission_cli.ports.outside.mail import Outgoing
    from mission_cli.settings import MailSettings


class MailPost:
    """Sends and reads mail."""

    def __init__(self, settings: MailSettings, environment: Mapping[str, str]) -> None:
        self._settings, self._environment = settings, environment

    @property
    def sender(self) -> str:
        """The address in `sender`, if there is a server."""
        return address_of(self._settings.sender) if self._settings.smtp else ""

    @property
    def folder(self) -> str:
        """A hash of server, account and folder."""
        mine = self._settings
        told = (mine.imap, mine.imap_port, mine.user, mine.folder)
        return sha256("\0".join(map(str, told)).encode()).hexdigest()[:12]

    def obstacle(self) -> str:
        """Return why mail cannot be used, without asking a server."""
        mine = self._settings
        if not mine.smtp:
            return "the settings name no mail server"
        for name in ("user", "password"):
            reference = getattr(mine, name)
            if reference and not self._value(reference):
                shown = f"${reference.removeprefix('env:')}" if reference.startswith("env:") else reference
                return f"`mail.{name}` is {shown}, which is empty or missing"
        if mine.imap and find_spec("imap_tools") is None:
            return f"mail needs the Python package imap-tools, which is not installed (extra mail): {INSTALL}"
        return ""

    def problem(self) -> str:
        """Return why a server cannot be used, after logging in to both."""
        if reason := self.obstacle():
            return reason
        try:
            with self._server():
                pass
            if self._settings.imap:
                self._imap().check()
        except (smtplib.SMTPException, OSError) as error:
            return f"the mail server {self._settings.smtp} cannot be used: {reason_of(error)}"
        except MissionError as error:
            return error.message
        return ""

    def send(self, letter: Outgoing) -> Answer:
        """Send, and put a copy into the folder of sent mails."""
        if reason := self.obstacle():
            return Answer(SendState.LATER, reason)
        mine = self._settings
        try:
            name, named, _ = mine.sender.partition("<")
            mail = message_of(letter, name.strip(' "') if named else "", self.sender)
        except ValueError as error:
            return Answer(SendState.REFUSED, f"it cannot be written: {error}")
        try:
            with self._server() as server:
                answer = deliver(server, mail, self.sender, letter.to)
        except (smtplib.SMTPException, OSError) as error:
            return Answer(SendState.LATER, f"the mail server {mine.smtp} cannot be used: {reason_of(error)}")
        if answer.state is SendState.SENT and mine.sent_folder and mine.imap:
            with suppress(MissionError):  # it is sent; the copy is only for people
                self._imap().append(mine.sent_folder, mail.as_bytes())
        return answer

    def fetch(self, since: datetime, cursor: str) -> Fetched:
        """Return what is new in the folder."""
        return self._imap().fetch(since, cursor) if self._settings.imap else Fetched((), cursor)

    def has_sent(self, message_id: str) -> bool:
        """Whether the folder of sent mails has it; without such a folder nothing is known."""
        mine = self._settings
        return bool(mine.imap and mine.sent_folder) and self._imap().has_sent(mine.sent_folder, message_id)

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Yield a connection to the server that sends, after the login."""
        mine = self._settings
        server = connect(mine.smtp, mine.smtp_port, starttls=mine.starttls)
        try:
            if mine.user:
                server.login(self._value(mine.user), self._value(mine.password))
            yield server
        finally:
            server.close()

    def _imap(self) -> ImapFolder:
        mine = self._settings
        return ImapFolder(mine.imap, mine.imap_port, self._value(mine.user), self._value(mine.password), mine.folder)

    def _value(self, reference: str) -> str:
        return resolved(reference, self._environment)
