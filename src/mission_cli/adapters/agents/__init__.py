"""Agent adapters: one module each, pure translators, one line each in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.adapters.agents.claude import ClaudeAgent
from mission_cli.adapters.agents.codex import CodexAgent
from mission_cli.adapters.agents.command import CommandAgent
from mission_cli.adapters.agents.opencode import OpencodeAgent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.ports.agents import Agent

AGENTS: Mapping[str, Agent] = {
    "command": CommandAgent(),
    "opencode": OpencodeAgent(),
    "claude": ClaudeAgent(),
    "codex": CodexAgent(),
}
