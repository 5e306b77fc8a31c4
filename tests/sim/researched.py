"""Worlds in which topics are found out before the work: workers write what they like, and people look or do not."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.kit.fakes.executor import Outcome
from tests.kit.research import BANKS, DOCUMENT, FOLDER, GATE, PLAN, SEARCH, broken
from tests.sim.sim import BrokenError, Sim, head_of
from tests.sim.workers import DEAREST, work

from mission_cli._support.dataclass import replace
from mission_cli.app.commands import gates
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import Sha
from mission_cli.domain.research.documents import lacking
from mission_cli.domain.research.topics import document_of
from mission_cli.domain.status import GateStatus

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host
    from tests.sim.events import Event

    from mission_cli.ports.executor import JobSpec

CODE = "found.txt"
"""What a worker at a topic adds to the code now and then, although it may not."""
_ENOUGH = 150


def find_out(seed: int, spec: JobSpec) -> Outcome:
    """What an attempt at a topic comes to; anything else is work."""
    topic = next((t for t in (SEARCH, BANKS) if f"{FOLDER}/{document_of(t)}`" in spec.program.stdin), "")
    if not topic or not spec.sandbox.only:
        done = work(seed, spec)
        return replace(done, files={**done.files, f"{FOLDER}/{document_of(SEARCH)}": "mine"}) if seed % 2 else done
    dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=4).digest()
    path, text, seconds = f"{FOLDER}/{document_of(topic)}", DOCUMENT.format(topic=topic), 20.0 + dice[1] * 3
    cheap = (DEAREST / 4,)
    if dice[0] < _ENOUGH:
        return Outcome(
            seconds, {path: f"{text}{spec.key}\n"}, costs=cheap, completes=spec.program.env["MISSION_FEATURE"]
        )
    others = (
        Outcome(seconds, {path: text.replace("## Sources", "## Thanks")}, costs=cheap),
        Outcome(seconds, {path: text, CODE: "mine"}, costs=cheap),
        Outcome(seconds, {CODE: "mine"}, costs=cheap),
        Outcome(seconds, {f"{FOLDER}/other.md": text}, costs=cheap),
        Outcome(seconds, costs=cheap),
        Outcome(100_000.0, uncommitted={path: text}, costs=(DEAREST,) * 4),
        Outcome(seconds, {path: text}, costs=(DEAREST,) * 30),
        Outcome(seconds, {path: text}, code=1, costs=cheap),
        Outcome(seconds, code=-9, costs=cheap),
    )
    return others[dice[3] % len(others)]


class ResearchSim(Sim):
    """A mission with two topics; a person looks at one of them before the work that needs it."""

    plan = PLAN
    script = staticmethod(find_out)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._judged: set[Sha] = set()

    def tick(self, event: Event) -> None:
        """Let a person decide about what was found out, too: mostly yes."""
        if not event.more % 5:
            self._decide(self.hosts[event.pick % len(self.hosts)], approved=bool(event.more % 3))
        super().tick(event)

    def _decide(self, host: Host, *, approved: bool) -> None:
        waits = any(gate.name == GATE and gate.state is GateStatus.WAITING for gate in self.mission(host).gates)
        if waits:
            self.counts["looks at documents"] += 1
            with suppress(MissionError):
                gates.decide_gate(self.context(host), "m", GATE, approved=approved, comment="" if approved else "again")

    def end(self) -> None:
        """A person approves what waits, until nothing does any more."""
        for _ in range(40):
            for host in self.hosts:
                self._decide(host, approved=True)
            self.go_on()
        super().end()

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            for name in self.objects.line(head_of(host)):
                if name in self._judged:
                    break
                self._judged.add(name)
                commit = self.objects.get(name)
                before = self.objects.get(commit.parents[0]) if len(commit.parents) == 1 else commit
                if words := broken(before, commit):
                    raise BrokenError(f"{host.jobs.name}: {words}")
            self._documents(host)

    def _documents(self, host: Host) -> None:
        files = self.objects.get(head_of(host)).files
        for topic in (SEARCH, BANKS):
            text = files.get(f"m/research/{document_of(topic)}")
            if text is not None and lacking(text):
                raise BrokenError(f"{host.jobs.name}: a part of {topic} is missing")
            self.counts["worlds with documents"] |= text is not None
        for branch in ("main", "mission/m/work"):
            head = host.jobs.disk.read(f"{REFS}/heads/{branch}", str)
            if head and CODE in self.objects.get(Sha(head)).files:
                raise BrokenError(f"{host.jobs.name}: research has changed {branch}")
