"""Install and remove the slash commands of agents; files that a person has changed are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.machine import AgentCommand, AgentCommands
from mission_cli.domain.errors import UsageError
from mission_cli.ports.slash_commands import TOOLS, FileState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.ports.slash_commands import CommandFile, SlashCommands

LEFT_ALONE = "left alone: it was changed since it was installed (--force)"
ALL = "all"


def install(slash: SlashCommands, agent: str = ALL, *, project: str = "", force: bool = False) -> AgentCommands:
    """Write the command files that are missing or outdated, for a person or for a project; report each file."""
    done = []
    for file in _files(slash, agent, project):
        if file.name == TOOLS and (why := slash.missing_package()):
            done.append(_report(file, f"left out: {why}"))
        elif file.state is FileState.CURRENT:
            done.append(_report(file, "up to date"))
        elif file.state is FileState.PERSONS and not force:
            done.append(_report(file, LEFT_ALONE))
        else:
            slash.write(file)
            done.append(_report(file, "updated" if file.state is FileState.OLDER else "written"))
    return AgentCommands(done)


def remove(slash: SlashCommands, agent: str = ALL, *, project: str = "", force: bool = False) -> AgentCommands:
    """Remove the command files that this program wrote; report each file."""
    done = []
    for file in _files(slash, agent, project):
        if file.state is FileState.MISSING:
            done.append(_report(file, "does not exist"))
        elif file.state is FileState.PERSONS and not force:
            done.append(_report(file, LEFT_ALONE))
        else:
            slash.remove(file)
            done.append(_report(file, "removed"))
    return AgentCommands(done)


def wanting(slash: SlashCommands, agents: Sequence[str]) -> list[str]:
    """Return those of the agents that can have the commands and lack one of them."""
    known = [agent for agent in agents if agent in slash.agents()]
    commands = {agent: [f for f in slash.files([agent], "") if f.name != TOOLS] for agent in known}
    return [agent for agent, files in commands.items() if any(f.state is FileState.MISSING for f in files)]


def _files(slash: SlashCommands, agent: str, project: str) -> Sequence[CommandFile]:
    known = slash.agents()
    if agent not in {ALL, *known}:
        hint = f"--agent {', '.join(known)} or {ALL}"
        raise UsageError(f"there are no commands for the agent `{agent}`", hint=hint)
    return slash.files(known if agent == ALL else [agent], project)


def _report(file: CommandFile, result: str) -> AgentCommand:
    return AgentCommand(file.agent, file.name, file.path, result)
