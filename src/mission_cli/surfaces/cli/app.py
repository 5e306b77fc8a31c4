"""The Typer application: all commands, and `mission` without a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli import __version__
from mission_cli.surfaces.cli.commands import (
    create,
    cron_doctor,
    files,
    halt,
    lifecycle,
    manual,
    slash_commands,
    steer,
    transfer,
    undo_gc,
)
from mission_cli.surfaces.cli.commands import (
    run as follow,
)
from mission_cli.surfaces.cli.commands import (
    show as look,
)
from mission_cli.surfaces.cli.shell import INTERRUPTED, Shell, guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="mission",
    help="Run multi-day software projects with coding agents. The state is one Markdown file in git.",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Run multi-day software projects with coding agents. The state is one Markdown file in git."""
    if version:
        typer.echo(f"mission {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        shell = Shell(as_json=json_output)
        raise typer.Exit(guarded(shell, lambda: look.bare(shell)))


create.register(app)
transfer.register(app)
files.register(app)
lifecycle.register(app)
halt.register(app)
follow.register(app)
look.register(app)
cron_doctor.register(app)
undo_gc.register(app)
manual.register(app)
steer.register(app)
slash_commands.register(app)


def run(words: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    try:
        code = app(args=list(words), prog_name="mission", standalone_mode=False)
    except typer.Abort:
        return INTERRUPTED
    except typer.Exit as done:
        return int(done.exit_code)
    except Exception as error:
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return 2
    return int(code or 0)
