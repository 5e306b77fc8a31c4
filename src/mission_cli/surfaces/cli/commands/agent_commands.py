"""`mission commands`: `/mission` and `/full-loop` for opencode and Claude Code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.surfaces.cli.shell import Shell, command

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.wiring.host import CommandFile

Agent = Annotated[str, typer.Option("--agent", help="opencode, claude or all.")]
Project = Annotated[
    bool,
    typer.Option(
        "--project", help="In this repository, for all its users; workers see them only with project_settings."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="`/mission` and `/full-loop` as commands of opencode and Claude Code.", add_completion=False
    )
    command(group, "install", help="Install the commands; files that you have changed are left alone.")(install)
    command(group, "remove", help="Remove the commands; files that you have changed are left alone.")(remove)
    app.add_typer(group, name="commands")


def install(
    shell: Shell,
    agent: Agent = "all",
    project: Project = False,
    force: Annotated[bool, typer.Option("--force", help="Also overwrite files that you have changed.")] = False,
) -> int:
    """Write the command files that are missing or outdated."""
    from mission_cli.wiring.host import agent_commands

    said: list[tuple[CommandFile, str]] = []
    for file in _files(shell, agent, project=project):
        if file.state is agent_commands().State.CURRENT:
            said.append((file, "up to date"))
        elif file.state is agent_commands().State.PERSONS and not force:
            said.append((file, _LEFT))
        else:
            agent_commands().write(file)
            said.append((file, "updated" if file.state is agent_commands().State.OLDER else "written"))
    return _report(shell, said)


def remove(
    shell: Shell,
    agent: Agent = "all",
    project: Project = False,
    force: Annotated[bool, typer.Option("--force", help="Also remove files that you have changed.")] = False,
) -> int:
    """Remove the command files that this program wrote."""
    from mission_cli.wiring.host import agent_commands

    said: list[tuple[CommandFile, str]] = []
    for file in _files(shell, agent, project=project):
        if file.state is agent_commands().State.MISSING:
            said.append((file, "does not exist"))
        elif file.state is agent_commands().State.PERSONS and not force:
            said.append((file, _LEFT))
        else:
            agent_commands().remove(file)
            said.append((file, "removed"))
    return _report(shell, said)


_LEFT = "left alone: it was changed since it was installed (--force)"


def _files(shell: Shell, agent: str, *, project: bool) -> list[CommandFile]:
    from mission_cli.wiring.host import agent_commands

    chosen = agent_commands().AGENTS if agent == "all" else (agent,)
    if not set(chosen) <= set(agent_commands().AGENTS):
        raise UsageError(f"there are no commands for the agent `{agent}`", hint="--agent opencode, claude or all")
    found: list[CommandFile] = agent_commands().look(chosen, os.environ, _root(shell) if project else None)
    return found


def _root(shell: Shell) -> Path:
    from mission_cli.wiring.host import find_checkout

    root = find_checkout(shell.repo).main_tree
    if root is None:
        raise NotFoundError("a bare repository has no files", hint="omit --project")
    return root


def _report(shell: Shell, said: list[tuple[CommandFile, str]]) -> int:
    from mission_cli.app.results.machine import AgentCommand, AgentCommands

    words = "\n".join(f"{os.fspath(file.path)}: {what}" for file, what in said)
    shell.say(words, AgentCommands([AgentCommand(f.agent, f.name, os.fspath(f.path), what) for f, what in said]))
    return 3 if any(what is _LEFT for _, what in said) else 0
