"""The files of Claude Code: its login, and its slash commands."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mission_cli.adapters.agents.claude import server, tools_of
from mission_cli.adapters.agents.home import TIERS, home_of, json_of, text_of
from mission_cli.adapters.agents.stream import as_dict
from mission_cli.adapters.agents.tool_settings import JsonSettings
from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.ports.agents.agent import GivenAgent

_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
)
"""Each of these is a login by itself (`claude auth status`)."""


class ClaudeFiles:
    """Reads `~/.claude` and `~/.claude.json`, or the folder that CLAUDE_CONFIG_DIR names."""

    tools = JsonSettings("mcpServers", server)
    skills, agents = ".claude/skills", ".claude/agents"
    instructions = "CLAUDE.md"

    def account(self, environment: Mapping[str, str]) -> str:
        """Return what it is logged in with: a variable, a key in its settings, or an account."""
        named = next((name for name in _VARIABLES if environment.get(name)), "")
        if named:
            return named
        folder = _folder(environment)
        settings = json_of(text_of(folder / "settings.json"))
        kept = as_dict(settings.get("env"))
        named = next((name for name in _VARIABLES if kept.get(name)), "")
        if named or settings.get("apiKeyHelper"):
            return f"{named or 'apiKeyHelper'} in settings.json"
        if as_dict(json_of(text_of(folder / ".credentials.json")).get("claudeAiOauth")).get("accessToken"):
            return "account"
        known = json_of(text_of(_state(environment)))
        if known.get("primaryApiKey"):
            return "API key"
        return "account" if known.get("oauthAccount") else ""

    def models(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """Return its own aliases, which have the names of the tiers."""
        del environment
        return {tier: tier for tier in TIERS}

    def probe(self, environment: Mapping[str, str]) -> Callable[[str], Unreported]:
        """Return a probe that finds nothing: its output reports everything."""
        del environment
        return lambda session: Unreported()  # noqa: ARG005 - nothing depends on the session

    def commands_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of slash commands: of a person, or of a project."""
        return os.fspath(_folder(environment) / "commands") if not project else f"{project}/.claude/commands"

    def agents_folder(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the folder of agents: of a person, or of a project."""
        return os.fspath(_folder(environment) / "agents") if not project else f"{project}/.claude/agents"

    def agent_text(self, agent: GivenAgent) -> str:
        """Return the file of an agent. JSON is YAML, so every value is written as JSON."""
        facts = {"name": agent.name, "description": agent.description, "tools": ", ".join(tools_of(agent))}
        lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()]
        return "\n".join(["---", *lines, "---", "", agent.prompt.strip(), ""])

    def tools_file(self, environment: Mapping[str, str], project: str = "") -> str:
        """Return the file that names servers of tools: of a person, or of a project."""
        return os.fspath(_state(environment)) if not project else f"{project}/.mcp.json"


def _folder(environment: Mapping[str, str]) -> Path:
    named = environment.get("CLAUDE_CONFIG_DIR", "")
    return home_of(environment) / (named or ".claude")


def _state(environment: Mapping[str, str]) -> Path:
    """Return the file with the account; with CLAUDE_CONFIG_DIR it is in that folder."""
    folder = _folder(environment)
    return (folder if environment.get("CLAUDE_CONFIG_DIR") else folder.parent) / ".claude.json"


FILES = ClaudeFiles()
