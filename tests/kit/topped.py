"""`mission top` in this process, on hosts in memory: keys go in, the text of the screen comes out."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mission_cli.app.pulses.stop import lift_stop, stop_all
from mission_cli.surfaces.top.app import Top

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.kit.fakes.host import Host
    from textual.pilot import Pilot

    from mission_cli.app.results.views import Line
    from mission_cli.domain.errors import MissionError
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import Executor
    from mission_cli.ports.git.state import StateStore

NEVER = 1e6
"""Seconds: it looks only when it is told to."""


@dataclass
class Opened:
    """A host that was opened for one command."""

    context: Context
    problems: tuple[MissionError, ...] = ()

    @property
    def executor(self) -> Executor:
        """Its jobs."""
        return self.context.executor

    @property
    def state(self) -> StateStore:
        """Its missions."""
        return self.context.state

    def default_base(self) -> str:
        """The branch that is checked out."""
        return "main"


@dataclass
class OnHost:
    """The repository of a host."""

    host: Host
    opened: list[tuple[str, bool]] = field(default_factory=list)
    """The commands that it was opened for, and whether with invalid settings, too."""

    @property
    def name(self) -> str:
        """The name of the host."""
        return self.host.jobs.name

    @contextmanager
    def look(self) -> Iterator[Context]:
        """Its ports."""
        yield self.host.context()

    def open(self, command: str, *, at_any_rate: bool = False) -> Opened:
        """Its ports."""
        self.opened.append((command, at_any_rate))
        return Opened(self.host.context())

    def stop(self) -> str:
        """Stop everything."""
        ctx = self.host.context()
        stop_all(ctx.runtime, ctx.executor, ctx.person().name)
        return "STOP is set"

    def lift(self) -> bool:
        """Lift STOP."""
        return lift_stop(self.host.context().runtime)


@dataclass
class OnHosts:
    """The repositories of some hosts."""

    there: list[OnHost]

    def all(self) -> list[OnHost]:
        """All of them."""
        return self.there

    def homeless(self) -> list[Line]:
        """No missions without a repository."""
        return []


@dataclass
class Walk:
    """A person at the screen."""

    app: Top
    pilot: Pilot[Any]

    async def press(self, *keys: str) -> str:
        """Press keys, each when everything is done that the one before began; return the screen."""
        for key in keys:
            self.app.simulate_key(key)
            await self.look()
        return text_of(self.app)

    async def look(self) -> str:
        """Return the screen when nothing is under way."""
        for _ in range(5000):
            await self.pilot.pause(0)
            if self.app.is_quiet:
                await self.pilot.pause(0)
                return text_of(self.app)
            await asyncio.sleep(0.001)  # until another thread has done it
        raise AssertionError(text_of(self.app))

    async def resize(self, width: int, height: int) -> str:
        """Give the window another size."""
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause()
        return await self.look()

    async def look_again(self) -> str:
        """Look whether anything has changed, as it does every second."""
        self.app.look_again()
        return await self.look()

    async def refresh(self) -> str:
        """Look for changes now."""
        self.app.reader.refresh()
        return await self.look()


def text_of(app: Top) -> str:
    """What is to be seen, without blanks at the ends of lines and empty lines at the end."""
    lines = ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]  # noqa: SLF001 - the one way to the text
    return "\n".join(lines).rstrip()


@asynccontextmanager
async def topped(*hosts: Host, size: tuple[int, int] = (100, 30)) -> AsyncIterator[Walk]:
    """Run it."""
    app = Top(OnHosts([OnHost(host) for host in hosts]), every=NEVER)
    async with app.run_test(size=size) as pilot:
        walk = Walk(app, pilot)
        await walk.look()
        yield walk
