"""What agents use: `mission commands`, their slash commands, and `mission mcp`, the tools that they call."""

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
    command(app, "mcp", help="Serve missions to an agent as tools, over MCP on standard input and output.")(mcp)
    inner = group(app, "commands", "Add `/mission`, `/full-loop` and the tools of `mission mcp` to your coding agents.")
    command(
        inner, "install", help="Install the commands, and register the tools; what you have changed is left alone."
    )(install)
    command(inner, "remove", help="Remove the commands and the tools; what you have changed is left alone.")(remove)


def mcp(
    shell: Shell,
    tools: Annotated[bool, typer.Option("--tools", help="List the tools instead; needs no client.")] = False,
) -> int:
    """Serve one MCP client until it closes the connection, or list the tools."""
    from mission_cli.app.optional import require_mcp

    if tools:
        return _list_tools(shell)

    require_mcp()
    from mission_cli.surfaces.mcp.server import serve

    serve(shell.repo)
    return 0


def _list_tools(shell: Shell) -> int:
    from mission_cli.app.results.machine import AgentTool, AgentTools
    from mission_cli.surfaces.mcp.tools import TOOLS

    found = [AgentTool(t.name, t.title, t.about, t.command, not t.reads, t.input_schema) for t in TOOLS.values()]
    width = max(len(tool.name) for tool in found)
    shell.show("\n".join(f"{tool.name:<{width}}  {tool.title}" for tool in found), AgentTools(found), long=True)
    return 0


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
