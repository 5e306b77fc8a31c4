"""The last lines of the screen: the keys that make sense now. A click on one is as good as pressing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from mission_cli.surfaces.lines import GAP, as_text, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text
    from textual import events

    from mission_cli.surfaces.lines import Line

Key = tuple[str, str]
"""The key as it is named on the screen, and what it does."""
_SHARE = 6
"""One line of keys for so many lines of the screen."""


class Footer(Widget):
    """Names keys."""

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__()
        self._keys: Sequence[Key] = ()
        self._always: Sequence[Key] = ()
        self._rows: list[list[Key]] = []

    def show(self, keys: Sequence[Key], always: Sequence[Key]) -> None:
        """Name these keys; where there is no room for all of them, the first ones and `always`."""
        self._keys, self._always = keys, always
        self.lay_out()

    def lay_out(self) -> None:
        """Arrange them for the present size of the screen."""
        most = max(1, self.screen.size.height // _SHARE)
        keys, width = [*self._keys], self.screen.size.width
        self._rows = _rows([*keys, *self._always], width)
        while len(self._rows) > most and keys:
            keys.pop()
            self._rows = _rows([*keys, *self._always], width)
        self.styles.height = len(self._rows)
        self.refresh()

    def render(self) -> Text:
        """Return the lines."""
        return as_text([_line(row) for row in self._rows])

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        row = self._rows[event.y] if event.y < len(self._rows) else []
        end = 0
        for key, word in row:
            end += len(key) + 1 + len(word) + len(GAP)
            if event.x < end:
                self.post_message(self.Pressed(key))
                return


def _rows(keys: Sequence[Key], width: int) -> list[list[Key]]:
    rows: list[list[Key]] = [[]]
    used = 0
    for key, word in keys:
        size = len(key) + 1 + len(word)
        if rows[-1] and used + len(GAP) + size > width:
            rows.append([])
            used = 0
        used += size + (len(GAP) if rows[-1] else 0)
        rows[-1].append((key, word))
    return rows


def _line(row: Sequence[Key]) -> Line:
    parts: list[Line] = []
    for at, (key, word) in enumerate(row):
        parts.append(line(GAP if at else "", (key, "bold"), (f" {word}", "dim")))
    return tuple(span for part in parts for span in part)
