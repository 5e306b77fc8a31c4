"""One mission on one screen: what is pinned, and how far the milestones are folded so that it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.surfaces.lines import BLANK, clip, height, line, paragraph, wrap
from mission_cli.surfaces.views.money.budget import budget_brief, budget_lines
from mission_cli.surfaces.views.status import (
    Fold,
    head_lines,
    milestone_rows,
    waiting_for_you,
    warnings,
)
from mission_cli.surfaces.views.text import stopped_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.app.results.views import MissionView
    from mission_cli.ports.runtime import Stopped
    from mission_cli.surfaces.lines import Line, Size
    from mission_cli.surfaces.views.status import Row

_LEAST_ROWS = 3
"""Lines of milestones that a screen shows before anything pinned is dropped for them."""
_LEAST_WAITING = 5
_MOST_NEWS = 5
_SMALL = 26


def status_lines(view: MissionView, size: Size, *, everything: bool = False) -> list[Line]:
    """Return what `mission status` prints; milestones are folded where it is longer than the terminal."""
    top, bottom = head_lines(view, size.width), _below(view, size.width)
    for fold in Fold:
        rows = [row for row, _ in milestone_rows(view, size.width, fold)]
        lines = [*top, BLANK, *rows, BLANK, *bottom] if rows else [*top, BLANK, *bottom]
        if everything or not size.height or height(lines, size.width) < size.height:  # the prompt takes a line
            return lines
    return lines


def frame(
    view: MissionView,
    size: Size,
    *,
    chosen: str = "",
    news: Sequence[str] = (),
    keys: Sequence[Line] = (),
    stopped: Stopped | None = None,
) -> list[Line]:
    """Return exactly the lines of a screen: head, milestones, budget, what waits for you, warnings, news, keys.

    The milestones are folded as far as necessary; then the part around the chosen or a running feature is shown.
    """
    width = size.width
    top = [*paragraph(stopped_words(stopped), width, "bold red")] if stopped is not None else []
    top += head_lines(view, width)
    room = max(0, size.height - len(top) - len(keys))
    bottom = _pinned(view, width, room)
    while bottom and room - _rows_of(bottom) < max(_LEAST_ROWS, room // 3):
        bottom.pop()
    room -= _rows_of(bottom)
    lines = [*top, BLANK, *_fitting(view, width, max(1, room - 1), chosen)]
    lines += [one for block in bottom for one in (BLANK, *block)]
    spare = size.height - len(lines) - len(keys)
    told = [line((part, "dim")) for words in news[-_MOST_NEWS:] for part in wrap(words, width)]
    told = told[-(spare - 1) :] if spare > 1 else []
    lines += [*[BLANK] * max(0, spare - len(told)), *told]
    return [clip(one, width) for one in (*lines[: size.height - len(keys)], *keys)]


def _pinned(view: MissionView, width: int, room: int) -> list[list[Line]]:
    """Return the blocks below the milestones, the most important first.

    What waits for you takes at most a third of the room; on a small screen the budget is one short paragraph.
    """
    waiting = waiting_for_you(view, width, most=max(_LEAST_WAITING, room // 3))
    budget = budget_lines(view, width) if room >= _SMALL else budget_brief(view, width)
    return [continued(block, width) for block in (budget, waiting, *warnings(view, width)) if block]


def _rows_of(blocks: Sequence[Sequence[Line]]) -> int:
    return sum(len(block) + 1 for block in blocks)


def continued(block: Iterable[Line], width: int) -> list[Line]:
    """Return lines, those that are too long continued on the next one: a screen does not wrap by itself."""
    found: list[Line] = []
    for one in block:
        text = "".join(part for part, _ in one)
        if clip(one, width) == one:
            found.append(one)
            continue
        style = one[-1][1]
        indent = len(text) - len(text.lstrip())
        found += paragraph(text.strip(), width, style, indent)
    return found


def _fitting(view: MissionView, width: int, room: int, chosen: str) -> list[Line]:
    """Return at most so many rows of milestones."""
    rows: list[Row] = []
    for fold in list(Fold)[Fold.OTHERS :]:
        rows = milestone_rows(view, width, fold, chosen)
        if len(rows) <= room:
            return [row for row, _ in rows]
    rows = [row for row in rows if row[0]]
    wanted = chosen or _busy(view)
    at = next((at for at, (_, number) in enumerate(rows) if number and number == wanted), 0)
    begin = max(0, min(at - room // 2, len(rows) - room))
    shown = [row for row, _ in rows[begin : begin + room]]
    head = max((before for before in range(at) if not rows[before][1]), default=0)
    if begin > head and room > _LEAST_ROWS:  # the head of its milestone stays
        shown[0] = rows[head][0]
    return shown


def _busy(view: MissionView) -> str:
    return next((f.number for m in view.milestones for f in m.features if f.running_for), "")


def _below(view: MissionView, width: int) -> list[Line]:
    blocks = [budget_lines(view, width), waiting_for_you(view, width), *warnings(view, width)]
    found: list[Line] = []
    for block in filter(None, blocks):
        found += [*([BLANK] if found else []), *block]
    return found
