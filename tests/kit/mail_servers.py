"""Real mail servers on loopback: aiosmtpd takes mail over TLS, dovecot keeps it and shows it over IMAP.

with mail_servers() as servers:                # skips without dovecot
    with servers.trusted():                    # their authority; without it nothing is sent or read
        ...
    servers.settings                           # the table [mail] for them
    servers.arrive(raw)                        # a mail comes to the mailbox of missions
    servers.taken                              # what was sent through them
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from mission_cli.settings import MailSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

USER, PASSWORD = "missions@example.org", "not-a-secret-1"
_NOBODY = 65534
_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail/%u
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imap}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
  }}
}}
"""


@dataclass
class _Taker:
    """What aiosmtpd calls for each mail."""

    folder: Path
    taken: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    """What it answers to a recipient."""
    loses: int = 0
    """How many mails it takes without an answer: the connection breaks."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802, ARG002 - as aiosmtpd calls it
        """Take or refuse a recipient."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - as aiosmtpd calls it
        """Keep a mail."""
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.loses:
            self.loses -= 1
            server.transport.abort()
        return "250 OK"


@dataclass
class MailServers:
    """The servers, and what went through them."""

    authority: Path
    taker: _Taker
    smtp: int
    smtps: int
    """The port with TLS from the start, which wants no login."""
    imap: int
    lmtp: int
    arrived: list[bytes] = field(default_factory=list)
    """What came into the mailbox."""

    @property
    def taken(self) -> list[EmailMessage]:
        """The mails that were sent."""
        return self.taker.taken

    @property
    def settings(self) -> MailSettings:
        """The table `[mail]` for them."""
        return MailSettings(
            smtp="localhost",
            smtp_port=self.smtp,
            starttls=True,
            imap="localhost",
            imap_port=self.imap,
            user="env:MAIL_USER",
            password="env:MAIL_PASSWORD",  # noqa: S106 - a reference
            sender=f"Missions <{USER}>",
            sent_folder="Sent",
            server="mx.example.org",
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables to which the settings refer."""
        return {"MAIL_USER": USER, "MAIL_PASSWORD": PASSWORD}

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Let this process and its children trust their authority."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", os.fspath(self.authority))
            yield

    def arrive(self, raw: bytes) -> None:
        """Deliver a mail into the mailbox."""
        self.arrived.append(raw)
        with smtplib.LMTP("127.0.0.1", self.lmtp) as server:
            server.sendmail("someone@example.org", [USER], raw)


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def mail_servers() -> Iterator[MailServers]:
    """Run both until the end of the block, in a folder that the user of dovecot can reach."""
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("dovecot is not installed: apt-get install dovecot-imapd dovecot-lmtpd")
    with TemporaryDirectory(prefix="mission-mail-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(os.fspath(folder / "ca.pem"))
        certificate.private_key_pem.write_to_path(os.fspath(folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(os.fspath(folder / "cert.pem"))
        taker = _Taker(folder)
        imap, lmtp = free_port(), free_port()
        with (
            _smtp(taker, certificate, starttls=True) as smtp,
            _smtp(taker, certificate, starttls=False) as smtps,
            _dovecot(program, folder, imap, lmtp),
        ):
            yield MailServers(folder / "ca.pem", taker, smtp, smtps, imap, lmtp)


@contextmanager
def _smtp(taker: _Taker, certificate: trustme.LeafCert, *, starttls: bool) -> Iterator[int]:
    """Take mail with STARTTLS and a login, or with TLS from the start and without one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def known(server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:  # noqa: ARG001 - as aiosmtpd calls it
        right = isinstance(login, LoginPassword) and login.password == PASSWORD.encode()
        return AuthResult(success=right, handled=False)

    port = free_port()
    login: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    login |= {"authenticator": known, "auth_required": True}
    more = login if starttls else {"ssl_context": context}
    server = Controller(taker, hostname="127.0.0.1", port=port, **more)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@contextmanager
def _dovecot(program: str, folder: Path, imap: int, lmtp: int) -> Iterator[None]:
    root = os.geteuid() == 0
    uid, gid = (_NOBODY, _NOBODY) if root else (os.getuid(), os.getgid())
    import grp
    import pwd

    names = {"user": pwd.getpwuid(uid).pw_name, "group": grp.getgrgid(gid).gr_name}
    config = folder / "dovecot.conf"
    config.write_text(_CONFIG.format(folder=folder, imap=imap, lmtp=lmtp, uid=uid, gid=gid, password=PASSWORD, **names))
    (folder / "mail").mkdir()
    os.chown(folder / "mail", uid, gid)
    errors = folder / "errors"
    with errors.open("wb") as log:
        running = subprocess.Popen([program, "-F", "-c", os.fspath(config)], stderr=log)
    try:
        _wait_for(running, errors, imap, lmtp)
        yield
    finally:
        running.terminate()
        running.wait(10)


def _wait_for(running: subprocess.Popen[bytes], errors: Path, *ports: int) -> None:
    until = time.monotonic() + 10
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if running.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"dovecot does not answer: {errors.read_text()}") from None
                time.sleep(0.02)  # polled until the deadline above: a server does not tell when it listens
