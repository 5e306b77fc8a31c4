"""opencode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.ports.agents.agent import GivenAgent

PROGRAM = "opencode"
"""The program that is looked for on PATH; empty: the settings must name one."""
KEYS = ("ANTHROPIC_", "OPENAI_", "GOOGLE_", "GEMINI_", "OPENROUTER_", "GROQ_", "XAI_", "MISTRAL_")
"""Prefixes of the variables of model providers."""


def server(command: Sequence[str]) -> dict[str, Any]:
    """Return a server of tools that this command starts, as its settings describe one."""
    return {"type": "local", "command": [*command], "enabled": True}


def agent_of(agent: GivenAgent) -> dict[str, Any]:
    """Return an agent as its settings describe one: it may use its own tools, and nothing else."""
    permission = {"*": "deny", **dict.fromkeys(agent.tools, "allow")}
    permission |= {"edit": "allow"} if "write" in agent.tools else {}
    return {"description": agent.description, "mode": "subagent", "prompt": agent.prompt, "permission": permission}
