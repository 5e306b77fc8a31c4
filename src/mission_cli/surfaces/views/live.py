"""The live view of `mission run` and `mission status --watch`: a full screen that is drawn again every second."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from rich.console import ConsoleDimensions
from rich.live import Live

from mission_cli.app.addressing import resolve
from mission_cli.app.queries.logs import AttemptLog, attempt_of
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.domain.errors import MissionError
from mission_cli.domain.status import MissionStatus
from mission_cli.surfaces.keys import gently, pressed, raw_keys
from mission_cli.surfaces.lines import Size, as_text, line, paragraph, reflow
from mission_cli.surfaces.plain import clean
from mission_cli.surfaces.terminal import size_of, write
from mission_cli.surfaces.views.log import LogView
from mission_cli.surfaces.views.page import continued, frame, status_lines
from mission_cli.surfaces.views.panes import (
    MISSION_KEYS,
    PANE_KEYS,
    feature_lines,
    keys_of,
    longest_scroll,
    pane,
    text_lines,
    title_of,
)
from mission_cli.surfaces.views.reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console

    from mission_cli.app.results.views import FeatureView, MissionView
    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.lines import Line

_EVERY_SECONDS = 1.0
_LOG_TAIL = 20_000
_MOST_NEWS = 200
_PAGE = 10


class Left(Exception):  # noqa: N818 - not an error: the person pressed `q`
    """The person left the view."""


class Screen:
    """A context manager that shows one mission on the whole terminal, and takes keys.

    At the end, what was new and the status are printed, and after `q` and Ctrl-C what goes on without the view.
    """

    def __init__(
        self, console: Console, ctx: Context, mission: MissionId, *, again: str, pause: Callable[[], None]
    ) -> None:
        self._world, self._mission, self._again, self._pause = ctx, mission, again, pause
        self._live = Live(console=console, auto_refresh=False, screen=True)
        self._stack = ExitStack()
        self._drawn, self._size = 0.0, Size()
        self._news: list[str] = []
        self._view: MissionView | None = None
        self._pane = ""
        """`feature`, `logs` or `why`; empty for the mission."""
        self._chosen, self._above, self._asks = "", 0, False

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(gently())
            stack.enter_context(raw_keys())
            stack.enter_context(self._live)
            self.refresh()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._stack.close()
        if kind is not None and not issubclass(kind, (Left, KeyboardInterrupt)):
            return False
        for words in self._news:
            sys.stdout.write(f"{words}\n")
        view = self._look()
        write(status_lines(view, size_of(sys.stdout)))
        if kind is not None:
            write([line((self._goes_on(view), "bold"))])
        return kind is Left

    def print(self, words: str) -> None:
        """Show a line of news, and print it at the end."""
        self._news = [*self._news, clean(words)][-_MOST_NEWS:]

    def refresh(self) -> None:
        """Read the current status and draw it."""
        self._view = self._look()
        self._draw()
        self._drawn = time.monotonic()

    def tick(self) -> None:
        """Obey keys and the size of the window; read the status again if the last one is more than a second old.

        Raises Left if the person quits.
        """
        keys = pressed()
        for key in keys:
            self._obey(key)
        if time.monotonic() - self._drawn > _EVERY_SECONDS:
            self.refresh()
        elif keys or size_of(sys.stdout) != self._size:
            self._draw()

    def watch(self) -> None:
        """Show the mission until the person leaves. Raises Left."""
        while True:
            self.tick()
            time.sleep(_EVERY_SECONDS / 20)  # keys and the window are looked at twenty times a second

    # Keys

    def _obey(self, key: str) -> None:
        if self._asks:
            self._asks = False
            if key in {"y", "Y", "enter"}:
                try:
                    self._pause()
                except MissionError as error:
                    self.print(f"error: {error.message}")
                self.refresh()
        elif key == "q":
            raise Left
        elif key in {"l", "w"}:
            self._open({"l": "logs", "w": "why"}[key])
        elif key == "p" and not self._pane:
            self._asks = True
        elif key == "back":
            self._open("")
        elif key == "enter" and not self._pane:
            self._chosen = self._chosen or self._first()
            self._open("feature")
        elif key in {"up", "down", "page up", "page down"}:
            self._move({"up": -1, "down": 1, "page up": -_PAGE, "page down": _PAGE}[key])

    def _open(self, name: str) -> None:
        if name in {"logs", "feature"}:
            self._chosen = self._chosen or self._first()
        self._pane, self._above = name, 0
        if name == "logs" and self._view is not None:
            self._above = longest_scroll(self._body(self._view), size_of(sys.stdout), self._keys())

    def _move(self, step: int) -> None:
        if self._view is None:
            return
        if self._pane:
            longest = longest_scroll(self._body(self._view), self._size, self._keys())
            self._above = max(0, min(self._above + step, longest))
            return
        numbers = [f.number for m in self._view.milestones for f in m.features]
        if self._chosen in numbers:
            self._chosen = numbers[max(0, min(numbers.index(self._chosen) + step, len(numbers) - 1))]
        else:
            self._chosen = self._first()

    def _first(self) -> str:
        """Return the feature that a person most likely means: one that runs, else the first unfinished one."""
        features = [f for m in self._view.milestones for f in m.features] if self._view is not None else []
        ranked = sorted(features, key=lambda f: (not f.running_for, f.status in {"done", "skipped"}))
        return ranked[0].number if ranked else ""

    # What is drawn

    def _goes_on(self, view: MissionView) -> str:
        """Return what goes on without the view, and how to follow or stop it."""
        if view.status != MissionStatus.ACTIVE:
            return f"follow again: {self._again}"
        works = any(f.running_for for m in view.milestones for f in m.features)
        going = "workers continue" if works else "no worker runs now; the next pulse continues"
        return f"{going}; follow again: {self._again}; stop: mission pause {self._mission}"

    def _look(self) -> MissionView:
        snapshot = self._world.state.snapshot()
        return status_of(self._world, snapshot, resolve(snapshot, self._mission))

    def _draw(self) -> None:
        view, self._size = self._view, size_of(sys.stdout)
        if view is None:
            return
        if self._pane:
            body = self._body(view)
            title = title_of(view, self._feature(view), "" if self._pane == "feature" else self._pane)
            lines = pane(title, body, self._size, above=self._above, keys=self._keys())
        else:
            stopped = self._world.runtime.stopped()
            lines = frame(view, self._size, chosen=self._chosen, news=self._news, keys=self._keys(), stopped=stopped)
        self._live.console.size = ConsoleDimensions(self._size.width, self._size.height)  # not that of the environment
        self._live.update(as_text(lines), refresh=True)

    def _keys(self) -> list[Line]:
        if self._asks:
            return paragraph("Pause: start nothing new, running workers finish? [y/N]", self._size.width, "bold yellow")
        return keys_of(PANE_KEYS if self._pane else MISSION_KEYS, self._size.width)

    def _feature(self, view: MissionView) -> FeatureView | None:
        return next((f for m in view.milestones for f in m.features if f.number == self._chosen), None)

    def _body(self, view: MissionView) -> list[Line]:
        width, feature = size_of(sys.stdout).width, self._feature(view)
        if self._pane == "why":
            snapshot = self._world.state.snapshot()
            address = resolve(snapshot, f"{self._mission}/{feature.number}" if feature else self._mission)
            shown = reasons(explain(self._world, snapshot, address), self._world.clock.now())
            return continued(reflow(shown, width), width)
        log = self._log(feature, width) if feature and feature.run else []
        if self._pane == "logs" or feature is None:
            return log or text_lines("no output yet", width)
        return feature_lines(feature, log[-self._size.height :], width)

    def _log(self, feature: FeatureView, width: int) -> list[Line]:
        snapshot = self._world.state.snapshot()
        record = attempt_of(self._world, resolve(snapshot, f"{self._mission}/{feature.number}"))
        return [*LogView(width).lines(AttemptLog(self._world, record).recent(_LOG_TAIL))]
