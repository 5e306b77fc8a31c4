"""A second surface: everything that people do goes through `app`, with the actor that the surface names."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import base_of, make_host

from mission_cli._support.dataclass import dataclass
from mission_cli.app.commands import create, features, gates, lifecycle
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.host import Person
from mission_cli.domain.status import MissionStatus
from mission_cli.engine.loop import pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.app.transaction import Done
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec

BOB = Person("Bob", "bob@chat.example")
PLAN = """\
title: By chat
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Only
    validation: ["file: `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`", "manual: Is it pretty?"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
      - {title: c, depends: ["1.2"], criteria: ["file: `1.3.txt`"]}
"""


@dataclass(frozen=True, slots=True)
class Chat:
    """The whole surface: whoever writes is the actor, and what is done is said in one line."""

    host: Host
    who: Person

    def new(self, plan: str) -> str:
        """Make a mission of a plan."""
        read, ctx = read_plan(plan).plan, self.context()
        assert read is not None
        read.id = "m"
        made, _ = create.create(
            read,
            store=ctx.state,
            person=ctx.person(),
            templates=ctx.templates,
            now=ctx.clock.now(),
            base=lambda _: "main",
        )
        return made

    def say(self, command: Callable[..., Done], *words: object, at: str = "m", **options: object) -> str:
        """Give a command."""
        return command(self.context(), at, *words, **options).words

    def mission(self) -> Mission:
        """Ask for the mission."""
        return load(next(iter(self.context().state.snapshot().missions.values())).text, "m").mission

    def wait(self) -> None:
        """Let time pass."""
        for _ in range(60):
            assert not pulse(self.host.context()).bugs
            self.host.jobs.clock.time.pass_by(timedelta(seconds=20))
            self.host.jobs.work()

    def context(self) -> Context:
        """Open the repository for whoever writes."""
        return self.host.context().acting_as(self.who)


def works(spec: JobSpec) -> Outcome:
    return Outcome(30.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "good\n"})


def test_a_second_surface_does_it_all_and_the_journal_names_its_actor() -> None:
    chat = Chat(make_host(works), BOB)
    assert chat.new(PLAN) == "m"
    said = [chat.say(lifecycle.start), chat.say(features.pause), chat.say(features.resume)]
    chat.wait()
    said.append(chat.say(features.answer, 1, "pass"))
    chat.wait()
    said.append(chat.say(gates.decide_gate, "look", approved=True, comment="pretty"))
    said.append(chat.say(features.skip, at="m/1.3", reason="not needed"))
    chat.wait()
    said.append(chat.say(gates.land))
    chat.wait()
    assert chat.mission().status is MissionStatus.COMPLETED
    assert sorted(base_of(chat.host)) == ["1.1.txt", "1.2.txt", "notes.txt"]
    history = chat.context().state.history()
    by_bob = [event.subject for event in reversed(history) if event.author == BOB]
    assert by_bob == snapshot(
        [
            "m is planned: By chat (by Bob)",
            "m is started (by Bob)",
            "m is paused (by Bob)",
            "m is resumed (by Bob)",
            "request 1 is answered: pass (by Bob)",
            "gate look is approved: pretty (by Bob)",
            "1.3 is skipped: not needed (by Bob)",
            "landing of d5e8851 is approved (by Bob)",
        ]
    )
    assert said == snapshot(
        [
            "m is started",
            "m is paused",
            "m is resumed",
            "request 1 is answered: pass",
            "gate look is approved: pretty",
            "1.3 is skipped: not needed",
            "landing of d5e8851 is approved",
        ]
    )
    assert [(a.gate, a.decision, a.by) for a in chat.mission().approvals] == snapshot(
        [("look", "approved", "Bob"), ("landing", "landing approved", "Bob")]
    )
