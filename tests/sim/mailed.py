"""Worlds in which workers write to people outside, over a network that loses answers; and the laws about mail."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.others import ADA
from tests.kit.fakes.post import MailWorld
from tests.sim.sim import BrokenError, Sim
from tests.sim.workers import work

from mission_cli._support.dataclass import replace
from mission_cli.domain.ids import MissionId
from mission_cli.domain.mail.rows import MailStatus
from mission_cli.ports.git.state import Write
from mission_cli.settings import MailSettings

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

    from mission_cli.ports.executor import JobSpec

_ASKED = "May we begin with "


def work_or_write(seed: int, spec: JobSpec) -> Outcome:
    """The same as `work`; but the first attempts at half of the features ask for a mail."""
    feature = spec.program.env.get("MISSION_FEATURE", "")
    dice = blake2b(f"{seed} writes {feature}".encode(), digest_size=1).digest()[0]
    if not feature or dice % 2 or not spec.key.endswith(("-a1", "-a2")):
        return work(seed, spec)
    wait = ("one", "all", "no")[dice % 3]
    letter = f"To: ada@example.org, ben@example.org\nSubject: {feature}\nWait: {wait}\n\n{_ASKED}{feature}?\n"
    return Outcome(30.0, {"missions/m/research/mail/begin.md": letter})


class MailSim(Sim):
    """A world in which no mail is sent twice, none is lost, and what was sent is known or asked of a person."""

    script = staticmethod(work_or_write)

    def __init__(self, seed: int) -> None:
        self.world = MailWorld(keeps=seed % 2 == 0)
        self._replied: Counter[str] = Counter()
        super().__init__(seed)
        state = self.hosts[0].context().state
        stored = state.snapshot().missions[MissionId("m")]
        text = stored.text.replace("\nstatus:", '\nmail_recipients: ["*@example.org"]\nstatus:', 1)
        state.commit([Write(stored.path, text, stored.text)], message="List\n", expect=state.head(), author=ADA)

    def tick(self, event: Event) -> None:
        """Let servers fail and recover, and people reply, once or twice, beside everything else."""
        world = self.world
        world.down = "no route to host" if event.more % 11 == 0 else ""
        world.loses = int(event.more % 13 == 0)
        if world.sent and event.pick % 3 == 0:
            letter = world.sent[event.more % len(world.sent)]
            if self._replied[letter.message_id] < 3:
                self._replied[letter.message_id] += 1
                world.reply(letter, letter.to[event.pick % len(letter.to)], "Yes.", thread=event.more % 2 == 0)
        super().tick(event)

    def end(self) -> None:
        """The servers stay up."""
        self.world.down, self.world.loses = "", 0
        super().end()

    def _make_host(self, name: str = "here:000001") -> Host:
        host = super()._make_host(name)
        host.mail = self.world
        mail = MailSettings(smtp="mail.example.org", imap="mail.example.org", sender="Missions <missions@example.org>")
        host.settings = replace(host.settings, mail=mail)
        return host

    def _laws(self) -> None:
        super()._laws()
        sent = self.world.sent
        self.counts["mails"] = len(sent)
        again = [name for name, times in Counter(one.message_id for one in sent).items() if times > 1]
        if again:
            raise BrokenError(f"sent twice: {again}")
        texts = Counter(one.text for one in sent if one.text.startswith(_ASKED))
        if not self.reset and (twice := [text for text, times in texts.items() if times > 1]):
            raise BrokenError(f"sent twice under two names: {twice}")
        known = {one.message_id for one in sent}
        for host in self.hosts:
            lost = [
                row.number
                for row in self.mission(host).mails
                if row.status is MailStatus.SENT and row.message_id not in known
            ]
            if lost and not self.reset:
                raise BrokenError(f"{host.jobs.name}: the mails {lost} are sent, as it says, and no server has them")
