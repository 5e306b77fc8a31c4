"""`mission top`: all missions on one screen, live, with a key for each command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import NoMissionsError, NotFoundError, UsageError
from mission_cli.domain.notice import advise, do
from mission_cli.surfaces.cli.shell import Shell, command

if TYPE_CHECKING:
    from pathlib import Path


def register(app: typer.Typer) -> None:
    """Add the command."""
    words = "Show what waits for you and all missions on one screen, live, with a key for each command."
    command(app, "top", help=words)(top)


def top(
    shell: Shell,
    everywhere: Annotated[
        bool, typer.Option("--all", help="All repositories in which you have used mission; default outside of one.")
    ] = False,
) -> int:
    """Show the screen, or with --json once the missions."""
    repo = None if everywhere else _here(shell)
    if shell.as_json:
        return _print(shell, everywhere=repo is None)
    if os.environ.get("TERM", "") in {"", "dumb"} or not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = advise("without one: ", do("list"), ", ", do("inbox"), " or ", do("status"))
        raise UsageError("`top` needs a terminal whose cursor can be moved", hint=hint)
    from mission_cli.app.optional import require_tui

    require_tui()
    from mission_cli.surfaces.top.app import run_top
    from mission_cli.surfaces.top.repositories import LocalRepositories

    return run_top(LocalRepositories(repo))


def _here(shell: Shell) -> Path | None:
    """Return the repository around the current folder; None outside of one. Raises NoMissionsError without missions."""
    try:
        return shell.open_at_any_rate().checkout.name
    except NoMissionsError:
        raise
    except NotFoundError:
        return None


def _print(shell: Shell, *, everywhere: bool) -> int:
    """Print once what `list --json` prints."""
    from mission_cli.app.queries.listing import lines_of
    from mission_cli.app.results.views import MissionListEverywhere
    from mission_cli.surfaces.everywhere import all_lines, chosen

    lines, stopped = all_lines(shell.note) if everywhere else (lines_of(shell.look().context), {})
    if not everywhere and (here := shell.look().context.runtime.stopped()) is not None:
        stopped = {os.fspath(shell.look().checkout.name): here}
    shell.stopped = None
    shell.facts(MissionListEverywhere(chosen(lines, (), archived=False), stopped))
    return 0
