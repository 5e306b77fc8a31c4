"""All missions in lines, one for each, with what its running attempts do below it; alone and in the overview."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars, tokens
from mission_cli._support.text import counted
from mission_cli.domain.asking.urgency import USUAL_URGENCY, urgency_rank
from mission_cli.surfaces.lines import BLANK, GAP, clip, columns, cut, length, line, paragraph, reflow, said
from mission_cli.surfaces.views.history import history_lines
from mission_cli.surfaces.views.reasons import waiting_lines
from mission_cli.surfaces.views.text import bar, color_of, so_far

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mission_cli.app.results.views import Line as Listed
    from mission_cli.app.results.views import Running
    from mission_cli.app.results.waiting import Waiting
    from mission_cli.ports.git.state import Event
    from mission_cli.surfaces.lines import Line

_HEADS = ("MISSION", "STATUS", "PROGRESS", "SPENT", "TITLE")
_LEAST_TITLE = 16
_BAR = 10
_MOST_NEWS = 15


def list_lines(missions: Sequence[Listed], width: int) -> list[Line]:
    """Return a table of missions; those of several repositories below the path of theirs."""
    if not missions:
        return [line("no missions")]
    return [row for _, rows in list_blocks(missions, width) for row in rows]


def list_blocks(missions: Sequence[Listed], width: int) -> list[tuple[Listed | None, list[Line]]]:
    """Return the lines of that table by mission; None: a heading."""
    if all(not one.repo for one in missions):
        return _table(missions, width)
    found: list[tuple[Listed | None, list[Line]]] = []
    for repo, group in itertools.groupby(missions, key=lambda one: one.repo):
        found.append((None, [*([BLANK] if found else []), line((said(repo) or "without a repository", "bold"))]))
        found += _table([*group], width)
    return found


def _table(missions: Sequence[Listed], width: int) -> list[tuple[Listed | None, list[Line]]]:
    """Return the table; without room for a bar and for titles, these are left out."""
    for with_bar in (True, False):
        rows = columns(
            [[line((name, "dim")) for name in _HEADS[:-1]], *(_cells(one, with_bar=with_bar) for one in missions)]
        )
        left = width - max(map(length, rows)) - len(GAP) if width else 0
        if not width or left >= _LEAST_TITLE:
            break
    titled = not width or left >= _LEAST_TITLE
    widest = max(map(length, rows))
    found: list[tuple[Listed | None, list[Line]]] = []
    for row, one in zip(rows, (None, *missions), strict=True):
        title = (
            said(one.title) + (f" ({counted(one.problems, 'error')})" if one.problems else "") if one else _HEADS[-1]
        )
        if titled:
            gap = " " * (widest - length(row) + len(GAP))
            lines = [line(*row, gap, (cut(title, left) if width else title, "" if one else "dim"))]
        else:
            lines = [row, *([line(GAP, (cut(title, width - len(GAP)), ""))] if one else [])]
        found.append((one, [*lines, *(_below(one, width) if one else ())]))
    return found


def _cells(one: Listed, *, with_bar: bool) -> list[Line]:
    share = f"{bar(one.progress, _BAR)} " if with_bar else ""
    spent = dollars(one.usd) if one.usd or not one.tokens else tokens(one.tokens)
    urgent = f" ({one.priority})" if urgency_rank(one.priority) > urgency_rank(USUAL_URGENCY) else ""
    return [
        line(said(one.id) + said(urgent)),
        line((said(one.status), color_of(one.status)), (f" ({said(one.phase.name)})", "dim"))
        if one.phase is not None and one.phase.name
        else line((said(one.status), color_of(one.status))),
        line(f"{share}{one.done}/{one.planned}"),
        line(spent),
    ]


def _below(one: Listed, width: int) -> Iterator[Line]:
    for running in one.running:
        yield clip(line(GAP, (_attempt(running), "cyan")), width)
    if one.preview:
        yield clip(line(GAP, (said(f"preview: {one.preview}"), "cyan")), width)
    if one.error:
        yield from paragraph(f"error: {one.error}", width, "red", indent=2)


def _attempt(running: Running) -> str:
    name = running.run.partition("/")[2]
    return said(f"{name} {so_far(running.tally) or 'runs'}")


def overview_lines(
    news: Sequence[Event],
    missions: Sequence[Listed],
    waiting: Sequence[tuple[str, Waiting]],
    *,
    width: int,
    now: datetime,
    verbose: bool = False,
) -> list[Line]:
    """Return what `mission` alone shows: news since the last look, the missions, and what waits for the person."""
    told = history_lines(news, width, now, verbose=verbose)[:_MOST_NEWS]
    head = [line(("Since you last looked", "bold")), *told, BLANK] if told else []
    tail = [BLANK, line(("Waiting for you", "bold yellow"))] if waiting else []
    return [*head, *list_lines(missions, width), *tail, *reflow(waiting_lines(waiting), width)]
