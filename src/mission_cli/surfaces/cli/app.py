"""The Typer application: all commands, and `mission` without a command."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import typer

from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.cli import about
from mission_cli.surfaces.cli.commands import (
    create,
    cron_doctor,
    files,
    land,
    lifecycle,
    manual,
    prove,
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
from mission_cli.surfaces.cli.commands.browsing import dashboard
from mission_cli.surfaces.cli.commands.drafts import agents
from mission_cli.surfaces.cli.commands.equipment import resources
from mission_cli.surfaces.cli.commands.finished import deploy, feedback, preview
from mission_cli.surfaces.cli.commands.guided import replan
from mission_cli.surfaces.cli.commands.hosts import hosts
from mission_cli.surfaces.cli.commands.learning import skills
from mission_cli.surfaces.cli.commands.money import budget, purchase
from mission_cli.surfaces.cli.commands.outside import account
from mission_cli.surfaces.cli.commands.playbooks import playbooks
from mission_cli.surfaces.cli.commands.serving import access, serve, top
from mission_cli.surfaces.cli.help import Commands
from mission_cli.surfaces.cli.shell import (
    HERE,
    Debug,
    Json,
    Quiet,
    Repo,
    Shell,
    Verbose,
    complain,
    guarded,
    interrupted,
)
from mission_cli.surfaces.cli.usage import hoist, told

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABOUT = "Run multi-day software projects with coding agents. The state is one Markdown file in git."

app = typer.Typer(
    name="mission",
    cls=Commands,
    help=_ABOUT,
    add_completion=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(
    context: typer.Context,
    version: about.Version = False,
    json_output: Json = False,
    repo: Repo = HERE,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Show what happened since you last looked; common options before a command were moved behind it."""
    if context.invoked_subcommand is not None and not version:
        return
    shell = Shell(repo, as_json=json_output, quiet=quiet, verbose=verbose, debug=debug)
    raise typer.Exit(guarded(shell, lambda: (about.version if version else look.bare)(shell)))


for module in (
    create,
    transfer,
    files,
    lifecycle,
    land,
    follow,
    look,
    cron_doctor,
    hosts,
    undo_gc,
    manual,
    prove,
    dashboard,
    preview,
    deploy,
    account,
    feedback,
    budget,
    purchase,
    playbooks,
    skills,
    agents,
    steer,
    resources,
    replan,
    slash_commands,
    serve,
    access,
    top,
    about,
):
    module.register(app)


@cache
def _tree() -> Any:
    """Return the group of all commands; it takes long to make, and no call changes it."""
    return typer.main.get_command(app)


def run(words: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    tree = _tree()
    groups = frozenset(name for name, one in tree.commands.items() if getattr(one, "commands", None))
    try:
        code = tree.main(args=hoist(words, groups), prog_name="mission", standalone_mode=False)
    except typer.Abort:
        return interrupted()
    except typer.Exit as done:
        return int(done.exit_code)
    except Exception as error:
        if not isinstance(error, MissionError) and not hasattr(error, "show"):
            raise
        found = error if isinstance(error, MissionError) else told(error, tree, words)
        complain(Shell(as_json="--json" in words), found.message, str(found.hint), found.exit_code)
        return found.exit_code
    return int(code or 0)
