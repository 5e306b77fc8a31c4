"""`mission dashboard`: the missions as one page, without a server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.text import counted
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.shell import Shell, command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.engine.context import Context
    from mission_cli.surfaces.board.making import Made

_NOWHERE = Path()
_LONG = 3600.0
"""Seconds; a wait that is over begins again."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    words = "Show missions as one page of HTML that needs no server: what waits for you, progress, cost, history."
    command(app, "dashboard", help=words)(dashboard)


def dashboard(
    shell: Shell,
    missions: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Missions, by id or prefix; default: all.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = _NOWHERE,
    watch: Annotated[
        bool, typer.Option("--watch", help="Write it again whenever something has changed, until Ctrl-C.")
    ] = False,
    everywhere: Annotated[
        bool,
        typer.Option("--all", help="Those of all repositories in which you have used mission, and those without one."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also overwrite a file that mission did not write.")] = False,
) -> int:
    """Print the page, or write it to a file."""
    if watch and output == _NOWHERE:
        raise UsageError("--watch writes to a file", hint="add -o missions.html")
    if everywhere and missions:
        raise UsageError("--all shows all missions", hint="leave the ids out")
    contexts, make = _everywhere(shell) if everywhere else _here(shell, missions or ())
    from mission_cli.app.queries.stream.changes import Changes

    changes = Changes(contexts)
    _show(shell, make(), output, force=force, first=True)
    while watch:
        if changes.wait(_LONG):
            _show(shell, make(), output, force=False, first=False)
    return 0


def _here(shell: Shell, ids: Sequence[str]) -> tuple[dict[str, Context], Callable[[], Made]]:
    from mission_cli.surfaces.board.making import page_here

    ctx = shell.look().context
    return {"": ctx}, lambda: page_here(ctx, ids)


def _everywhere(shell: Shell) -> tuple[dict[str, Context], Callable[[], Made]]:
    from mission_cli.surfaces.board.making import every_context, page_of_all
    from mission_cli.wiring.host import templates

    named = dict(every_context(shell.note))
    return named, lambda: page_of_all(named, templates())


def _show(shell: Shell, made: Made, output: Path, *, force: bool, first: bool) -> None:
    from mission_cli.app.results.files import Dashboard
    from mission_cli.surfaces.board.making import write_page

    ids, waiting = [one.id for one in made.board.missions], len(made.board.needs)
    if output == _NOWHERE:
        if shell.as_json:
            shell.facts(Dashboard("", changed=False, missions=ids, waiting=waiting, page=made.text))
        else:
            sys.stdout.write(made.text)
        return
    changed = write_page(made.text, output, force=force)
    if first or changed:
        verb = "wrote" if changed else "nothing has changed:"
        facts = Dashboard(os.fspath(output.resolve()), changed, ids, waiting, "")
        words = f"{counted(waiting, 'thing')} for you to decide" if waiting else "nothing waits for you"
        shell.say(f"{verb} {output} ({counted(len(ids), 'mission')}, {words})", facts)
