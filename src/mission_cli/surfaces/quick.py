"""`status`, `list` and `mission` alone without a command-line library, whose imports take longest of all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from _typeshed import DataclassInstance

    from mission_cli.surfaces.lines import Line, Size
    from mission_cli.wiring.opened import Opened

_INTERRUPTED = 130


@dataclass(slots=True)
class _Asked:
    command: str = ""
    """Empty: `mission` without a command."""
    repo: str = ""
    mission: str = ""
    as_json: bool = False
    everything: bool = False


def quick_view(words: Sequence[str]) -> int | None:
    """Run `status`, `list` or no command with the usual options; None: the whole command line has to run it.

    That is so for other options, for a command that fails, and for whatever else there is to say: it says it better.
    """
    asked = _asked(words)
    if asked is None:
        return None
    from mission_cli.domain.errors import refusals_said
    from mission_cli.wiring.compose import open_at_any_rate

    try:
        with refusals_said():
            opened = open_at_any_rate(Path(asked.repo))
            if opened.problems:
                return None
            {"status": _status, "list": _list, "": _overview}[asked.command](opened, asked)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - the command line meets it again, and reports it
        return None
    return 0


def _asked(words: Sequence[str]) -> _Asked | None:
    command = words[0] if words[:1] in (["status"], ["list"]) else ""
    asked, rest = _Asked(command), list(words[bool(command) :])
    while rest:
        word = rest.pop(0)
        if word == "--json":
            asked.as_json = True
        elif word == "--all" and command == "status":
            asked.everything = True
        elif word == "--repo" and rest:
            asked.repo = rest.pop(0)
        elif word.startswith("-") or asked.mission or command != "status":
            return None
        else:
            asked.mission = word
    return asked


def _status(opened: Opened, asked: _Asked) -> None:
    from functools import partial

    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.status import status_of
    from mission_cli.surfaces.views.page import status_lines

    snapshot = opened.context.state.snapshot()
    view = status_of(opened.context, snapshot, resolve(snapshot, asked.mission))
    _show(opened, asked, partial(status_lines, view, everything=asked.everything), view)


def _list(opened: Opened, asked: _Asked) -> None:
    from mission_cli.app.queries.listing import lines_of
    from mission_cli.app.results.views import MissionList
    from mission_cli.surfaces.views.listing import list_lines

    found = lines_of(opened.context)
    _show(opened, asked, lambda size: list_lines(found, size.width), MissionList(found))


def _overview(opened: Opened, asked: _Asked) -> None:
    from mission_cli.app.queries.inbox import everything_waiting
    from mission_cli.app.queries.listing import lines_of
    from mission_cli.app.queries.news import mark_seen, since_last_look
    from mission_cli.app.results.reports import Overview
    from mission_cli.surfaces.views.listing import overview_lines

    ctx = opened.context
    news, missions, found = since_last_look(ctx), lines_of(ctx), everything_waiting(ctx)

    def view(size: Size) -> list[Line]:
        return overview_lines(news.events, missions, found, width=size.width, now=ctx.clock.now())

    _show(opened, asked, view, Overview(news.events, missions, [waiting for _, waiting in found]))
    mark_seen(ctx, news)


def _show(opened: Opened, asked: _Asked, view: Callable[[Size], list[Line]], facts: DataclassInstance) -> None:
    stopped = opened.context.runtime.stopped()
    if asked.as_json:
        from mission_cli.surfaces.as_json import json_line
        from mission_cli.surfaces.plain import is_unicode

        sys.stdout.write(json_line(facts, {"stopped": stopped}, ascii_only=not is_unicode(sys.stdout)))
        return
    from mission_cli.surfaces.lines import line
    from mission_cli.surfaces.terminal import size_of, write_long
    from mission_cli.surfaces.views.text import stopped_words

    head = [line((stopped_words(stopped), "bold red"))] if stopped is not None else []
    write_long([*head, *view(size_of(sys.stdout))])
