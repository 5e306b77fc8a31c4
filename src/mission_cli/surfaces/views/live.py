"""The live view of `mission run`: the status, refreshed every second, and above it one line for each event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from mission_cli.app.addressing import resolve
from mission_cli.app.queries.status import status_of
from mission_cli.surfaces.views.status import status_view
from mission_cli.surfaces.views.text import stopped_line

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType

    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context

_EVERY_SECONDS = 1.0


class Screen:
    """A context manager that shows one mission on the terminal."""

    def __init__(self, console: Console, ctx: Context, mission: MissionId) -> None:
        self._world, self._mission = ctx, mission
        self._live = Live(Text("…"), console=console, auto_refresh=False, transient=False)
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def print(self, line: str) -> None:
        """Print a line above the status."""
        self._live.console.print(line)

    def refresh(self) -> None:
        """Draw the current status."""
        self._live.update(self._view(), refresh=True)
        self._drawn = time.monotonic()

    def tick(self) -> None:
        """Draw the status again if the last one is more than a second old, because it shows elapsed times."""
        if time.monotonic() - self._drawn > _EVERY_SECONDS:
            self.refresh()

    def _view(self) -> RenderableType:
        snapshot = self._world.state.snapshot()
        view = status_view(status_of(self._world, snapshot, resolve(snapshot, self._mission)))
        stopped = self._world.runtime.stopped()
        return Group(stopped_line(stopped), view) if stopped is not None else view
