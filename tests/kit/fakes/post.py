"""A mail account in memory: what was sent, what came, and a network that loses answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mission_cli.adapters.mail.reading import read_mail
from mission_cli.adapters.mail.smtp import message_of
from mission_cli.domain.errors import ToolError
from mission_cli.domain.mail.memory import SendState
from mission_cli.ports.outside.mail import Answer, Fetched

if TYPE_CHECKING:
    from datetime import datetime

    from tests.kit.fakes.life import Life

    from mission_cli.ports.outside.mail import Outgoing

SENDER = "missions@example.org"


@dataclass
class MailWorld:
    """Everything outside that has to do with mail."""

    sent: list[Outgoing] = field(default_factory=list)
    """Every mail that the server took, in order."""
    inbox: list[bytes] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    """The answer to a recipient: `550 no` or `450 later`."""
    down: str = ""
    """Why no server can be reached."""
    loses: int = 0
    """How many mails the server takes without an answer."""
    keeps: bool = True
    """Whether there is a folder of sent mails."""
    obstacle: str = ""
    reads: int = 0

    def copy(self) -> MailWorld:
        """The same moment."""
        return MailWorld(
            list(self.sent),
            list(self.inbox),
            dict(self.refuses),
            self.down,
            self.loses,
            self.keeps,
            self.obstacle,
            self.reads,
        )

    def fingerprint(self) -> tuple[object, ...]:
        """Equal if the same was sent and came, whatever was chosen at random."""
        return (tuple((one.to, one.subject.partition("[")[0], one.text) for one in self.sent), tuple(self.inbox))

    def reply(self, to: Outgoing, sender: str, text: str, headers: str = "", *, thread: bool = True) -> None:
        """Let somebody reply."""
        refers = f"In-Reply-To: {to.message_id}\n" if thread else ""
        number = len(self.inbox) + 1
        head = (
            f"From: {sender}\nTo: {SENDER}\nSubject: Re: {to.subject}\nMessage-ID: <{number}@reply>\n{refers}{headers}"
        )
        kind = "" if "Content-Type" in headers else "Content-Type: text/plain; charset=utf-8\n"
        self.inbox.append(f"{head}{kind}\n{text}".encode())


class MemoryPost:
    """The account of missions."""

    sender = SENDER
    folder = "memory"

    def __init__(self, world: MailWorld, life: Life | None = None) -> None:
        self._world, self._life = world, life

    def obstacle(self) -> str:
        """What the test says."""
        return self._world.obstacle

    def problem(self) -> str:
        """Why no server can be reached."""
        return self._world.obstacle or self._world.down

    def send(self, letter: Outgoing) -> Answer:
        """Take it or not."""
        world = self._world
        message_of(letter, "Missions", SENDER).as_bytes()
        if world.down:
            return Answer(SendState.LATER, world.down)
        for one in letter.to:
            if one in world.refuses:
                state = SendState.REFUSED if world.refuses[one].startswith("5") else SendState.LATER
                return Answer(state, f"{one}: the server answers {world.refuses[one]}")
        world.sent.append(letter)
        if self._life is not None:
            self._life.step("post.taken")
        if world.loses:
            world.loses -= 1
            return Answer(SendState.BEGUN, "Connection unexpectedly closed")
        return Answer(SendState.SENT)

    def fetch(self, since: datetime, cursor: str) -> Fetched:
        """What came since the last look; everything if there was none."""
        del since
        self._world.reads += 1
        self._reach()
        new = self._world.inbox[int(cursor or 0) :]
        return Fetched(tuple(map(read_mail, new)), str(len(self._world.inbox)))

    def has_sent(self, message_id: str) -> bool:
        """Look into the folder of sent mails."""
        self._reach()
        return self._world.keeps and any(one.message_id == message_id for one in self._world.sent)

    def _reach(self) -> None:
        if self._world.down:
            raise ToolError(self._world.down, hint="check [mail] in the settings, and user and password")
