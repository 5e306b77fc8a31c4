"""What the live view shows of one feature instead of the mission: its facts, the output of its worker, the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.surfaces.lines import BLANK, clip, flow, line, paragraph, said, wrap
from mission_cli.surfaces.views.features import facts_of
from mission_cli.surfaces.views.text import color_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.results.views import FeatureView, MissionView
    from mission_cli.surfaces.lines import Line, Size

MISSION_KEYS = ("↑↓ enter open", "l logs", "w why", "p pause", "q quit")
PANE_KEYS = ("↑↓ scroll", "l logs", "w why", "esc back", "q quit")
_TAB = 4


def keys_of(words: Sequence[str], width: int) -> list[Line]:
    """Return the last lines of a screen: which keys do what."""
    return flow([line((word, "dim")) for word in words], width)


def pane(title: Line, body: Sequence[Line], size: Size, *, above: int, keys: Sequence[Line]) -> list[Line]:
    """Return exactly the lines of a screen: a title, a part of the body, keys.

    `above` is the number of lines that were scrolled away.
    """
    room = max(1, size.height - 2 - len(keys))
    above = max(0, min(above, len(body) - room))
    shown = [*body[above : above + room]]
    shown += [BLANK] * (room - len(shown))
    return [clip(one, size.width) for one in [title, BLANK, *shown, *keys][: size.height]]


def longest_scroll(body: Sequence[Line], size: Size, keys: Sequence[Line]) -> int:
    """Return how many lines can be scrolled away."""
    return max(0, len(body) - max(1, size.height - 2 - len(keys)))


def title_of(view: MissionView, feature: FeatureView | None, word: str = "") -> Line:
    """Return the first line of a pane."""
    name = f"{said(view.id)}/{feature.number}" if feature is not None else said(view.id)
    title = said(feature.title if feature is not None else view.title)
    return line((f"{name}  ", "dim"), (f"{word}: {title}" if word else title, "bold"))


def feature_lines(feature: FeatureView, log: Sequence[Line], width: int) -> list[Line]:
    """Return what is known about a feature, then the end of its worker's output."""
    found = [line((said(feature.shown_as), color_of(feature.shown_as)))]
    if feature.depends:
        found += paragraph(f"after {', '.join(feature.depends)}", width, "dim")
    for text, style in facts_of(feature):
        found += paragraph(text, width, style)
    for blocker in feature.blocked_by:
        if blocker.unblock:
            found += paragraph(f"→ {blocker.unblock}", width, "green")
    if feature.run:
        found += [BLANK, line((f"{said(feature.run)}, {counted(feature.attempts, 'attempt')} so far", "dim"))]
    return [*found, *([BLANK, *log] if log else [])]


def text_lines(text: str, width: int, style: str = "") -> list[Line]:
    """Return text of several lines, wrapped; its own line breaks stay."""
    rows = (row.expandtabs(_TAB).rstrip() for row in text.rstrip().split("\n"))
    return [line((part, style)) for row in rows for part in wrap(row, width)]
