"""`mission commands`: `/mission` and `/full-loop` as commands of agents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import NotFoundError
from mission_cli.surfaces.cli.shell import Shell, command, group

if TYPE_CHECKING:
    from mission_cli.app.results.machine import AgentCommands

Agent = Annotated[str, typer.Option("--agent", help="The agent that gets the commands, or all.")]
Project = Annotated[
    bool,
    typer.Option(
        "--project", help="In this repository, for all its users; workers see them only with project_settings."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "commands", "Add `/mission` and `/full-loop` to your coding agents.")
    command(inner, "install", help="Install the commands; files that you have changed are left alone.")(install)
    command(inner, "remove", help="Remove the commands; files that you have changed are left alone.")(remove)


def install(
    shell: Shell,
    agent: Agent = "all",
    project: Project = False,
    force: Annotated[bool, typer.Option("--force", help="Also overwrite files that you have changed.")] = False,
) -> int:
    """Write the command files that are missing or outdated."""
    from mission_cli.app.slash_commands import install as write
    from mission_cli.wiring.host import slash_commands

    return _report(shell, write(slash_commands(), agent, project=_root(shell) if project else "", force=force))


def remove(
    shell: Shell,
    agent: Agent = "all",
    project: Project = False,
    force: Annotated[bool, typer.Option("--force", help="Also remove files that you have changed.")] = False,
) -> int:
    """Remove the command files that this program wrote."""
    from mission_cli.app.slash_commands import remove as take_away
    from mission_cli.wiring.host import slash_commands

    return _report(shell, take_away(slash_commands(), agent, project=_root(shell) if project else "", force=force))


def _root(shell: Shell) -> str:
    from mission_cli.wiring.host import find_checkout

    root = find_checkout(shell.repo).main_tree
    if root is None:
        raise NotFoundError("a bare repository has no files", hint="omit --project")
    return os.fspath(root)


def _report(shell: Shell, done: AgentCommands) -> int:
    from mission_cli.app.slash_commands import LEFT_ALONE

    shell.say("\n".join(f"{file.path}: {file.result}" for file in done.commands), done)
    return 3 if any(file.result == LEFT_ALONE for file in done.commands) else 0
