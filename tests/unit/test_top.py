"""`mission top`: what is to be seen, and that each key does what the command of the command line does."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.life import Fate
from tests.kit.nightly import by_day
from tests.kit.served import go_on, works
from tests.kit.topped import Opened, topped

from mission_cli._support.dataclass import dataclass
from mission_cli.app.commands import gates, lifecycle
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.engine.loop import pulse
from mission_cli.surfaces.cli.app import run
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.fakes.host import Host

PLAN = """\
title: On one screen
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: First
    validation: ["file: `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
      - {title: c, depends: ["1.2"], criteria: ["file: `1.3.txt`"]}
  - name: Second
    validation: ["manual: Is it pretty?"]
    features:
      - {title: d, criteria: ["file: `2.1.txt`"]}
"""


@pytest.fixture(scope="module")
def planned() -> Host:
    """A host with a mission that has not been started."""
    host = make_host(works)
    make_mission(host, PLAN)
    pulse(host.context())
    return host


@pytest.fixture(scope="module")
def waiting(planned: Host) -> Host:
    """A host whose mission waits at a gate."""
    host = planned.copy(Fate())
    lifecycle.start(host.context(), "m")
    go_on(host)
    return host


@pytest.fixture(scope="module")
def asked(waiting: Host) -> Host:
    """A host whose mission waits for two answers, too."""
    host = waiting.copy(Fate())
    ask(host.context(), "m", Given("Which color?", ("red=like fire", "blue"), free_text=True))
    ask(host.context(), "m/1.2", Given("How deep?"))
    return host


@pytest.fixture(scope="module")
def landable(waiting: Host) -> Host:
    """A host whose first milestone has passed."""
    host = waiting.copy(Fate())
    gates.decide_gate(host.context(), "m", "look", approved=True)
    go_on(host, 12)
    return host


@dataclass(frozen=True, slots=True)
class Case:
    """Keys, and the command that does the same."""

    host: str
    keys: str
    command: str

    @property
    def name(self) -> str:
        """For the report of the test."""
        return f"{self.host}: {self.keys}"


CASES = [
    Case("waiting", "a o k enter", "approve m look --comment ok"),
    Case("waiting", "x n o enter", "reject m look --comment no"),
    Case("asked", "i down enter", "answer m 1 blue"),
    Case("asked", "i p i n k enter", "answer m 1 pink"),
    Case("asked", "down i 7 enter", "answer m 2 7"),
    Case("planned", "S enter", "start m --yes"),
    Case("landable", "p enter", "pause m"),
    Case("landable", "p o k down enter", "pause m --reason ok --now"),
    Case("waiting", "down u enter", "resume m"),
    Case("waiting", "down C o k enter y", "cancel m --reason ok --yes"),
    Case("waiting", "enter down t enter y", "retry m/1.1 --yes"),
    Case("waiting", "enter down down s o k enter y", "skip m/1.2 --reason ok --yes"),
    Case("waiting", "enter down down m o k enter", "tell m/1.2 ok"),
    Case("landable", "enter L down enter", "land m --yes"),
    Case("planned", "S n", "list"),
    Case("waiting", "down C o k enter n", "list"),
    Case("landable", "enter L enter", "list"),
]


def state_of(host: Host) -> tuple[str, list[str]]:
    """The mission file, and what was recorded."""
    ctx = host.context()
    stored = ctx.state.snapshot().missions
    texts = [one.text for one in stored.values()]
    return "\n".join(texts), [f"{one.author.name}: {one.subject}" for one in ctx.state.history()]


@contextmanager
def opening(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the command line open a host."""

    def opened(*_: object, **__: object) -> Opened:
        return Opened(host.context())

    with monkeypatch.context() as patched:
        for name in ("open_repository", "open_at_any_rate"):
            patched.setattr(compose, name, opened)
        yield


@pytest.mark.parametrize("case", by_day(CASES, 6), ids=lambda case: case.name)
def test_a_key_changes_what_the_command_changes(
    case: Case, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    start: Host = request.getfixturevalue(case.host)
    mine, theirs = start.copy(Fate()), start.copy(Fate())

    async def walk() -> str:
        async with topped(mine) as person:
            return await person.press(*case.keys.split())

    seen = asyncio.run(walk())
    with opening(theirs, monkeypatch):
        assert run(case.command.split()) in {0, 3}
    assert state_of(mine) == state_of(theirs), seen
    assert (state_of(mine) == state_of(start)) is (case.command == "list")
