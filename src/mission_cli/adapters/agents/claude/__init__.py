"""Claude Code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.ports.agents.agent import GivenAgent

PROGRAM = "claude"
"""The program that is looked for on PATH; empty: the settings must name one."""


def server(command: Sequence[str]) -> dict[str, Any]:
    """Return a server of tools that this command starts, as its settings describe one."""
    return {"type": "stdio", "command": command[0], "args": [*command[1:]]}


TOOLS = {
    "read": "Read",
    "grep": "Grep",
    "glob": "Glob",
    "list": "Glob",
    "edit": "Edit",
    "write": "Write",
    "bash": "Bash",
    "webfetch": "WebFetch",
    "websearch": "WebSearch",
}
"""Its names of the tools that a given agent may have."""


def agent_of(agent: GivenAgent) -> dict[str, Any]:
    """Return an agent as its option describes one."""
    return {"description": agent.description, "prompt": agent.prompt, "tools": tools_of(agent)}


def tools_of(agent: GivenAgent) -> list[str]:
    """Return the tools of an agent by its own names, none twice."""
    return list(dict.fromkeys(TOOLS[tool] for tool in agent.tools))
