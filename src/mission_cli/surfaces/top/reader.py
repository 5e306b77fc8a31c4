"""The thread that reads: once a second it looks whether anything has changed, and reads the present view only then."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import refusals_said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.surfaces.top.pages.page import Page
    from mission_cli.surfaces.top.sheet import Block
    from mission_cli.surfaces.top.target import Target

EVERY_SECONDS = 1.0
_NONE = object()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A view that was read and drawn."""

    page: Page
    blocks: Sequence[Block] | None
    """None: it could not be drawn, and what was there before still stands."""
    about: Target | None = None
    """What the keys act on while nothing is chosen."""
    error: Exception | None = None
    """Why it could not be read."""


class Reader(threading.Thread):
    """Reads the present view whenever something has changed, and hands it over."""

    def __init__(self, deliver: Callable[[Drawn], object], every: float = EVERY_SECONDS) -> None:
        super().__init__(name="mission top: reader", daemon=True)
        self._deliver, self._every = deliver, every
        self._change = threading.Condition()
        self._wanted: tuple[Page, int] | None = None
        self._asked, self._answered = 0, 0
        self._anew = self._over = False
        self._said = ""
        """The last error."""
        self.handed = 0
        """How often it has handed something over."""
        self.reads = 0
        """How often something was read, for the test that an idle screen reads nothing."""

    def show(self, page: Page, width: int) -> None:
        """Read this view from now on, drawn for a width."""
        with self._change:
            self._wanted = page, width
            self._ask()

    def refresh(self) -> None:
        """Look at once, and read again even if no change can be seen."""
        with self._change:
            self._anew = True
            self._ask()

    def stop(self) -> None:
        """End the thread."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def settled(self, patience: float = 10.0) -> bool:
        """Wait until everything that was asked for has been handed over; return whether it was."""
        with self._change:
            return self._change.wait_for(lambda: self._answered == self._asked, patience)

    def run(self) -> None:
        """Look, read, hand over, wait."""
        mark: object = _NONE
        before: tuple[Page, int] | None = None
        while True:
            with self._change:
                if self._answered == self._asked and not self._over:
                    self._change.wait(self._every)
                if self._over:
                    return
                wanted, asked = self._wanted, self._asked
                anew, self._anew = self._anew, False
            if wanted is not None:
                if before is None or wanted[0] is not before[0] or anew:
                    mark = _NONE
                mark = self._look(*wanted, mark, redraw=wanted != before)
                before = wanted
            with self._change:
                self._answered = asked
                self._change.notify_all()

    def _ask(self) -> None:
        self._asked += 1
        self._change.notify_all()

    def _look(self, page: Page, width: int, mark: object, *, redraw: bool) -> object:
        """Read the view if its mark has changed; return the mark of what was read."""
        error: Exception | None = None
        blocks: Sequence[Block] | None = None
        try:
            with refusals_said():
                now = page.mark()
                if now != mark:
                    self.reads += 1
                    page.read()
                    mark, redraw = now, True
            blocks = page.draw(width) if redraw else None
        except Exception as found:  # noqa: BLE001 - an error in one view must not end the thread; the screen reports it
            error, mark = found, _NONE
        said = repr(error) if error is not None else ""
        if blocks is not None or said != self._said:
            self.handed += 1
            self._deliver(Drawn(page, blocks, page.about(), error))
        self._said = said
        return mark
