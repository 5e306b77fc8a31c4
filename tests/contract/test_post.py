"""What every implementation of the port `Post` does: the one in memory, and the real one with dovecot and aiosmtpd."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from tests.kit.fakes.post import MailWorld, MemoryPost
from tests.kit.mail_servers import MailServers, free_port, mail_servers

from mission_cli._support.dataclass import replace
from mission_cli.adapters.mail import MailPost
from mission_cli.domain.errors import ToolError
from mission_cli.domain.mail.memory import SendState
from mission_cli.ports.outside.mail import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mission_cli.ports.outside.mail import Post

pytestmark = [
    pytest.mark.filterwarnings("ignore:Session.login_data is deprecated"),
]
LETTER = Outgoing(
    f"<mission.{'a1' * 16}@example.org>", ("ada@example.org", "ben@example.org"), "Hä [m x]", "Öl\n.dot\n"
)
MAIL = """\
From: Ada <ada@example.org>
To: missions@example.org
Subject: Re: =?utf-8?q?H=C3=A4?= [m x]
Message-ID: <{number}@reply>
In-Reply-To: {refers}
Date: Sat, 28 Nov 2026 10:00:00 +0000
Content-Type: text/plain; charset=utf-8

Yes {number}.
"""
SINCE = datetime.now(UTC) - timedelta(hours=1)


class Account:
    """A mail account, and both ends of it."""

    def __init__(self, post: Post, world: MailWorld | MailServers) -> None:
        self.post, self.world = post, world

    def arrive(self, number: int) -> None:
        """Let a reply come."""
        raw = MAIL.format(number=number, refers=LETTER.message_id).encode()
        if isinstance(self.world, MailWorld):
            self.world.inbox.append(raw)
        else:
            self.world.arrive(raw.replace(b"\n", b"\r\n"))

    def sent(self) -> list[tuple[str, str]]:
        """Message-ID and subject of what was sent."""
        if isinstance(self.world, MailWorld):
            return [(one.message_id, one.subject) for one in self.world.sent]
        return [(str(one["Message-ID"]), str(one["Subject"])) for one in self.world.taken]

    def refuse(self, address: str, answer: str) -> None:
        """Have the server refuse a recipient."""
        (self.world if isinstance(self.world, MailWorld) else self.world.taker).refuses[address] = answer

    def lose(self) -> None:
        """Have the server take the next mail without an answer."""
        target: Any = self.world if isinstance(self.world, MailWorld) else self.world.taker
        target.loses = 1


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[], MailServers]]:
    """The real servers, started when the first test wants them."""
    running: list[MailServers] = []
    with ExitStack() as end:

        def started() -> MailServers:
            if not running:
                running.append(end.enter_context(mail_servers()))
            return running[0]

        yield started


@pytest.fixture
def trusted(servers: Callable[[], MailServers]) -> Iterator[MailServers]:
    """The real servers, whose authority is trusted."""
    there = servers()
    there.taken.clear()
    with there.trusted():
        yield there


@pytest.fixture(params=["memory", "real"])
def account(request: pytest.FixtureRequest, servers: Callable[[], MailServers]) -> Iterator[Account]:
    """An account in memory, or on real servers."""
    if request.param == "memory":
        world = MailWorld()
        yield Account(MemoryPost(world), world)
        return
    there = servers()
    there.taken.clear()
    with there.trusted():
        there.taker.refuses.clear()
        yield Account(MailPost(there.settings, there.environment), there)


def test_a_mail_is_sent_to_all_with_our_message_id_and_kept_among_the_sent_ones(account: Account) -> None:
    post = account.post
    assert (post.sender, post.obstacle(), post.problem()) == ("missions@example.org", "", "")
    assert post.send(LETTER).state is SendState.SENT
    assert account.sent() == [(LETTER.message_id, LETTER.subject)]
    assert post.has_sent(LETTER.message_id)
    assert not post.has_sent("<mission.other@example.org>")


@pytest.mark.parametrize(("answer", "state"), [("550 no", SendState.REFUSED), ("450 later", SendState.LATER)])
def test_if_one_recipient_is_refused_nobody_gets_it(account: Account, answer: str, state: SendState) -> None:
    account.refuse("ben@example.org", answer)
    said = account.post.send(LETTER)
    assert (said.state, said.reason) == (state, f"ben@example.org: the server answers {answer}")
    assert account.sent() == []


def test_a_lost_answer_is_not_taken_for_a_failure(account: Account) -> None:
    account.lose()
    assert account.post.send(LETTER).state is SendState.BEGUN
    assert len(account.sent()) == 1


def test_what_comes_is_read_once_and_in_order(account: Account) -> None:
    start = account.post.fetch(SINCE, "").cursor
    for number in (1, 2):
        account.arrive(number)
    first = account.post.fetch(SINCE, start)
    assert [(m.key, m.senders, m.subject, m.refers_to, m.text) for m in first.mails] == [
        (f"<{n}@reply>", ("ada@example.org",), "Re: Hä [m x]", (LETTER.message_id,), f"Yes {n}.") for n in (1, 2)
    ]
    assert account.post.fetch(SINCE, first.cursor) == replace(first, mails=())
    account.arrive(3)
    assert [m.key for m in account.post.fetch(SINCE, first.cursor).mails] == ["<3@reply>"]
    again = account.post.fetch(SINCE, "")
    assert [m.key for m in again.mails][-3:] == ["<1@reply>", "<2@reply>", "<3@reply>"], "nothing was moved or marked"


# What only real servers have


def test_an_authority_that_nobody_knows_is_refused(servers: Callable[[], MailServers]) -> None:
    there = servers()
    there.taken.clear()
    post = MailPost(there.settings, there.environment)
    said = post.send(LETTER)
    assert (said.state, "its certificate is not trusted" in said.reason) == (SendState.LATER, True)
    assert there.taken == []
    with pytest.raises(ToolError, match="its certificate is not trusted"):
        post.fetch(SINCE, "")


def test_another_name_than_that_of_the_certificate_is_refused(trusted: MailServers) -> None:
    there = trusted
    settings = replace(there.settings, smtp="localhost.localdomain", imap="127.0.0.2")
    post = MailPost(settings, there.environment)
    assert post.send(LETTER).state is SendState.LATER
    assert there.taken == []
    with pytest.raises(ToolError):
        post.fetch(SINCE, "")


def test_a_wrong_password_is_said_and_never_shown(trusted: MailServers) -> None:
    there = trusted
    post = MailPost(there.settings, there.environment | {"MAIL_PASSWORD": "guessed-1"})
    said = post.send(LETTER)
    assert (said.state, said.reason) == (
        SendState.LATER,
        "the mail server localhost cannot be used: it refuses user or password",
    )
    with pytest.raises(ToolError) as refused:
        post.fetch(SINCE, "")
    assert refused.value.message == "the mail server localhost cannot be read: it refuses user or password"
    assert post.problem() == "the mail server localhost cannot be used: it refuses user or password"
    assert there.taken == []


def test_with_tls_from_the_start(servers: Callable[[], MailServers]) -> None:
    there = servers()
    there.taken.clear()
    settings = replace(
        there.settings, smtp_port=there.smtps, starttls=False, imap="", user="", password="", sent_folder=""
    )
    post = MailPost(settings, {})
    assert "its certificate is not trusted" in post.send(LETTER).reason
    with there.trusted():
        assert post.send(LETTER).state is SendState.SENT
    assert [mail["To"] for mail in there.taken] == ["ada@example.org, ben@example.org"]


def test_a_server_without_starttls_gets_nothing(trusted: MailServers) -> None:
    there = trusted
    plain = Controller(there.taker, hostname="127.0.0.1", port=free_port())
    plain.start()
    try:
        settings = replace(there.settings, smtp_port=plain.port)
        said = MailPost(settings, there.environment).send(LETTER)
    finally:
        plain.stop()
    assert (said.state, there.taken) == (SendState.LATER, [])


def test_without_login_nothing_is_asked(servers: Callable[[], MailServers]) -> None:
    post = MailPost(servers().settings, {})
    assert post.obstacle() == "`mail.user` is $MAIL_USER, which is empty or missing"
    assert post.send(LETTER).state is SendState.LATER
